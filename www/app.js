// The page: chooses the library, connects, and tells each panel when there is a connection.

import { startCalculator } from './calculator.js';
import { startChat } from './chat.js';
import { startClock } from './clock.js';
import { connect } from './demo-client.js';
import { byId, onSubmit } from './dom.js';
import { logEvent } from './events.js';
import { startExplorer } from './explorer.js';
import { chooseLibrary } from './library.js';
import { startLine } from './line.js';
import { whyBroken, whyNotConnected } from './words.js';

const PANELS = [startChat, startCalculator, startClock, startExplorer];

/** What the button offers in each state of the page. */
const BUTTONS = {
  connecting: 'Cancel',
  ready: 'Disconnect',
  waiting: 'Disconnect',
  failed: 'Try again',
  lost: 'Connect again',
  closed: 'Connect',
};

const library = chooseLibrary(location.href);
let jstp = null;

// Each attempt is an object of its own: what an earlier one still reports is recognised by that.
let attempt = null;
let demo = null;
let stopPanels = [];
let line = null;

byId('library').textContent = library.name;
byId('other-library').textContent = `use ${library.other}`;
byId('other-library').href = library.otherPage;
setEnabled(false);
onSubmit(byId('connect'), () => {
  if (attempt) stop();
  else start();
});

byId('server').value = await serverAddress();
start();

/** Where the page's own server says the JSTP server is. */
async function serverAddress() {
  const given = new URL(location.href).searchParams.get('server');
  if (given) return given;
  try {
    return (await (await fetch('config.json')).json()).server;
  } catch {
    return `ws://${location.hostname}:3000`;
  }
}

async function start() {
  const url = byId('server').value.trim();
  if (!isAddress(url)) {
    show('failed', `“${url}” is not the address of a server: one begins with ws:// or wss://.`);
    return;
  }
  const mine = {};
  attempt = mine;
  show('connecting', `Connecting to ${url} …`);
  try {
    jstp ??= await library.load();
  } catch (error) {
    attempt = null;
    show('failed', `${library.name} did not load: ${error.message}.`);
    return;
  }
  if (attempt !== mine) return;
  const heard = {
    event: logEvent,
    closed: () => {
      if (attempt === mine) closed();
    },
    changed: (state, detail) => {
      if (attempt === mine) changed(state, detail);
    },
    sessionLost: () => {
      if (attempt === mine) leavePanels();
    },
  };
  connect(jstp, url, library.resumes, heard, (error, connected) => {
    if (attempt !== mine) {
      connected?.close();
    } else if (error) {
      attempt = null;
      const { sentence, detail } = whyNotConnected(error, url);
      show('failed', sentence, detail);
    } else {
      demo = connected;
      const names = demo.interfaces.map(({ name }) => name).join(', ');
      show('ready', `Connected. The server offers ${names}.`,
        library.resumes ? '' : `With ${library.name} a broken line ends the connection, so there is none to cut here.`);
      enterPanels();
      if (library.resumes) line = startLine(demo);
    }
  });
}

/** The connection lives on, with or without a transport under it. */
function changed(state, detail) {
  if (state === 'waiting') {
    show('waiting', whyBroken(detail));
  } else if (state === 'ready' && stopPanels.length === 0) {
    show('ready', 'Connected anew: the server no longer knew the session.');
    enterPanels();
  } else if (state === 'ready') {
    show('ready', 'Connected again. Nothing was lost on the way.');
  } else {
    byId('state').textContent = state;
  }
  line.show(state, detail);
}

function enterPanels() {
  stopPanels = PANELS.map((startPanel) => startPanel(demo));
}

function leavePanels() {
  for (const stopPanel of stopPanels) stopPanel();
  // What went wrong did so with this connection.
  for (const problem of document.querySelectorAll('.problem[role=alert]')) problem.textContent = '';
  stopPanels = [];
  demo?.forgetListeners();
}

function stop() {
  if (demo) {
    demo.close();
    end('closed', 'Disconnected.');
  } else {
    end('closed', 'The attempt was given up.');
  }
}

function closed() {
  end('lost', 'The connection has closed. The server may have stopped, or the network may be down.');
}

function end(status, sentence) {
  leavePanels();
  line?.end();
  line = null;
  attempt = null;
  demo = null;
  show(status, sentence);
}

function show(status, sentence, detail = '') {
  byId('status').dataset.state = status;
  byId('sentence').textContent = sentence;
  byId('detail').textContent = detail;
  byId('toggle').textContent = BUTTONS[status];
  byId('server').readOnly = attempt !== null;
  byId('state').textContent = demo?.state ?? (status === 'connecting' ? 'connecting' : 'closed');
  byId('session').textContent = demo ? `${demo.sessionId.slice(0, 8)}…` : 'none';
  byId('session').title = demo ? demo.sessionId : '';
  // What is asked while the line is broken waits for the next.
  setEnabled(status === 'ready' || status === 'waiting');
}

/** Without a connection the panels' controls have nothing to work on. */
function setEnabled(isEnabled) {
  for (const control of document.querySelectorAll('.card:not(.status) :is(input, select, textarea, button)')) {
    control.disabled = !isEnabled;
  }
}

function isAddress(text) {
  try {
    return ['ws:', 'wss:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}
