// The chat: a name to join with, then messages from everyone and who comes and goes.

import { addLast, byId, make, onSubmit, timeOfDay } from './dom.js';
import { whyFailed } from './words.js';

const LINES = 300;

// What the forms do while there is a connection.
let current = null;

/** Follows `demo` from now on; returns a function that ends it. */
export function startChat(demo) {
  const members = new Set();
  // Between joining and the history's arrival, events wait so that all stands in its order.
  let held = null;
  let me = null;
  // What was typed and is not known to be said.
  const unsent = [];

  const events = {
    message(from, text, time) {
      // What comes back is not on its way any more, though its answer is still to come.
      if (from === me) unsent.find((one) => one.text === text)?.said();
      addLine(messageLine({ from, text, time }, from === me));
    },
    joined(name) {
      members.add(name);
      showMembers(members, me);
      addLine(make('li', { class: 'note' }, name === me ? `You joined as ${name}.` : `${name} joined.`));
    },
    left(name) {
      members.delete(name);
      showMembers(members, me);
      addLine(make('li', { class: 'note' }, `${name} left.`));
    },
  };
  for (const [event, show] of Object.entries(events)) {
    demo.on('chat', event, (...args) => {
      if (held) held.push({ event, args });
      else show(...args);
    });
  }

  const release = () => {
    const waited = held;
    held = null;
    for (const { event, args } of waited) events[event](...args);
  };

  const join = () => {
    const name = byId('name').value.trim();
    if (held || name === '') return;
    held = [];
    problem('');
    demo.join(name, (error, joined) => {
      if (error) {
        release();
        problem(whyFailed(error));
        return;
      }
      me = joined.name;
      demo.history((failed, history) => {
        if (failed) problem(whyFailed(failed));
        else showHistory(history);
        for (const member of joined.members) members.add(member);
        showMembers(members, me);
        showJoined();
        release();
      });
    });
  };

  const showHistory = (history) => {
    // What was said meanwhile may be in the history as well.
    const isKnown = ([from, text, time]) =>
      history.some((said) => said.from === from && said.text === text && said.time === time);
    held = held.filter(({ event, args }) => event !== 'message' || !isKnown(args));
    clearLines();
    for (const said of history) addLine(messageLine(said, false));
  };

  const say = (text) => {
    const line = unsentLine(me, text);
    const forget = () => {
      const index = unsent.findIndex((one) => one.line === line);
      if (index >= 0) unsent.splice(index, 1);
    };
    const said = () => {
      forget();
      line.remove();
    };
    unsent.push({ text, line, said });
    addLast(byId('unsent'), line, Infinity);
    demo.say(text, (error) => {
      if (!error) return said();
      forget();
      // The person may want to have it, or to say it again.
      showFailed(line, text, whyFailed(error));
    });
  };

  current = { join, say };
  return () => {
    current = null;
    members.clear();
    showMembers(members);
    showLeft();
  };
}

onSubmit(byId('join'), () => current?.join());
onSubmit(byId('say'), () => {
  const text = byId('text').value.trim();
  if (!current || text === '') return;
  byId('text').value = '';
  current.say(text);
});

function showJoined() {
  byId('join').hidden = true;
  byId('say').hidden = false;
  byId('text').focus({ preventScroll: true });
}

function showLeft() {
  byId('say').hidden = true;
  byId('join').hidden = false;
  problem('');
}

function showMembers(members, me) {
  const names = [...members].sort((a, b) => a.localeCompare(b));
  byId('members').replaceChildren(
    ...names.map((name) => make('li', {}, name === me ? `${name} (you)` : name)),
  );
}

function unsentLine(from, text) {
  return make('li', {}, make('b', {}, from), ' ', make('span', {}, 'not sent yet'), make('p', {}, text));
}

function showFailed(line, text, why) {
  const again = make('button', { type: 'button' }, 'Say it again');
  again.addEventListener('click', () => {
    if (!current) return;
    line.remove();
    current.say(text);
  });
  line.querySelector('span').replaceWith(make('span', { class: 'problem' }, why));
  line.append(again);
}

function messageLine({ from, text, time }, isMine) {
  return make(
    'li',
    { class: isMine ? 'mine' : 'theirs' },
    make('b', {}, from),
    ' ',
    make('time', { datetime: time }, timeOfDay(time)),
    make('p', {}, text),
  );
}

const addLine = (line) => addLast(byId('lines'), line, LINES);

const clearLines = () => byId('lines').replaceChildren();

function problem(text) {
  byId('chat-problem').textContent = text;
}
