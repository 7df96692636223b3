// The line to the server: what cuts it, when the next attempt is, and what makes it at once.

import { byId } from './dom.js';

// What the buttons do while there is a connection.
let current = null;

/** Offers its buttons for `demo`; `show(state, detail)` follows its state, `end()` ends it. */
export function startLine(demo) {
  let state;
  let nextAttemptAt;
  let timer;

  const tell = (text) => {
    byId('countdown').textContent = text;
  };
  const count = () => {
    const seconds = Math.ceil((nextAttemptAt - Date.now()) / 1000);
    tell(seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying again …');
  };
  const stop = () => clearInterval(timer);

  const show = (now, detail = {}) => {
    stop();
    state = now;
    nextAttemptAt = detail.nextAttemptAt;
    if (state === 'ready') tell('');
    else if (state !== 'waiting') tell('Trying again …');
    else if (!navigator.onLine) offline();
    else if (nextAttemptAt === undefined) tell('');
    else {
      count();
      timer = setInterval(count, 200);
    }
    byId('cut').disabled = state !== 'ready';
    byId('retry').disabled = state !== 'waiting';
  };

  // The connection hears these two as well, and changes its mind about the next attempt.
  const offline = () => {
    if (state !== 'waiting') return;
    stop();
    tell('The browser is offline. Trying again once it is not.');
  };
  const online = () => {
    if (state !== 'waiting') return;
    stop();
    tell('Trying again …');
  };
  addEventListener('offline', offline);
  addEventListener('online', online);

  byId('line').hidden = false;
  show('ready');
  current = demo;
  return {
    show,
    end() {
      stop();
      tell('');
      removeEventListener('offline', offline);
      removeEventListener('online', online);
      byId('line').hidden = true;
      current = null;
    },
  };
}

byId('cut').addEventListener('click', () => current?.cut());
// The connection takes this for news from the browser, and tries within a second; `ws.reconnect` would want the
// server's address once more.
byId('retry').addEventListener('click', () => dispatchEvent(new Event('online')));
