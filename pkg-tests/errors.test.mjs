// docs/errors.md has the texts that a caller gets who does something wrong.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import jstp from '../pkg/index.js';
import { build } from './lib/cargo.mjs';
import { startServer } from './lib/process.mjs';

let server;
let connection;

before(async () => {
  const program = process.env.JSTP_SERVER_BIN ?? (await build('jstp-server', ['--bin', 'jstp-server']));
  server = await startServer(program, ['--fixture', '--listen', '127.0.0.1:0']);
  connection = await jstp.ws.connect('fixture', null, { WebSocket }, server.url);
});

after(async () => {
  connection?.close();
  await server?.stop();
});

/** What the page says, one pattern for each text; italics stand for anything. */
const page = await readFile(new URL('../docs/errors.md', import.meta.url), 'utf8');
const patterns = [...page.matchAll(/^\| (.*) \|$/gm)]
  .flatMap(([, row]) => row.split(/ \|(?: |$)/))
  // The texts of a cell, which may have a semicolon of their own.
  .flatMap((cell) => [cell, ...cell.split('; ')])
  .map((text) => text.trim())
  .filter((text) => text.length > 10 && text.replaceAll(/\*[^*]+\*/g, '').length > 6)
  .map((text) => new RegExp(`^${text.split(/\*[^*]+\*/).map(RegExp.escape ?? escape).join('.+')}$`));

function escape(text) {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

const connect = (...args) => jstp.ws.connect(...args);
const call = (...args) => connection.callMethod(...args);
const cycle = {};
cycle.again = cycle;
let deep = [];
for (let level = 0; level < 1001; level++) deep = [deep];

const mistakes = {
  'an empty application': () => connect('', null, { WebSocket }, server.url),
  'an application that is none': () => connect(5, null, { WebSocket }, server.url),
  'an invalid range': () => connect('a@nope', null, { WebSocket }, server.url),
  'an unknown application': () => connect('nope', null, { WebSocket }, server.url),
  'a wrong password': () => connect('fixture',
    { connectPolicy: new jstp.SimpleConnectPolicy('marcus', 'guess') }, { WebSocket }, server.url),
  'no client': () => connect('fixture', 5, { WebSocket }, server.url),
  'a negative time': () => connect('fixture', { handshakeTimeout: -1 }, { WebSocket }, server.url),
  'a time that is no number': () => connect('fixture', { heartbeatInterval: NaN }, { WebSocket }, server.url),
  'a limit of nothing': () => connect('fixture', { bufferLimit: { messages: 0 } }, { WebSocket }, server.url),
  'an unknown word': () => connect('fixture', { onSessionLost: 'x' }, { WebSocket }, server.url),
  'messages of no bytes': () => connect('fixture', null, { WebSocket, maxReceivedMessageSize: 0 }, server.url),
  'no address': () => connect('fixture', null, { WebSocket }, 'nope'),
  'an address of another scheme': () => connect('fixture', null, { WebSocket }, 'ftp://x'),
  'an address with a fragment': () => connect('fixture', null, { WebSocket }, 'ws://x#y'),
  'a server that is not there': () => connect('fixture', null, { WebSocket }, 'ws://127.0.0.1:1'),
  'a reconnection of nothing': () => jstp.ws.reconnect(5, server.url),
  'a nameless application': () => new jstp.Application(''),
  'a version that is none': () => new jstp.Application('x', {}, {}, 'nope'),
  'a session that is none': () => jstp.Session.fromString('{}'),
  'an interface that is none': () => call(5, 'm', []),
  'a method called call': () => call('i', 'call', []),
  'arguments that are none': () => call('i', 'm', 5),
  'options with a negative time': () => call('i', 'm', [], { timeout: -1 }),
  'options with a signal that is none': () => call('i', 'm', [], { signal: 5 }),
  'a bigint': () => call('i', 'm', [1n]),
  'a function': () => call('i', 'm', [() => {}]),
  'a symbol': () => call('i', 'm', [Symbol('x')]),
  'NaN': () => call('i', 'm', [{ price: NaN }]),
  'a cycle': () => call('i', 'm', [cycle]),
  'too many levels': () => call('i', 'm', [deep]),
  'too many values': () => call('i', 'm', new Array(2 ** 20).fill(0)),
  'too long a text': () => call('i', 'm', ['x'.repeat(9_000_000)]),
  'an unknown interface': () => call('nope', 'm', []),
  'an unknown method': () => call('calc', 'nope', []),
  'too few arguments': () => call('calc', 'add', [1]),
  'too late an answer': () => call('echo', 'never', [], { timeout: 10 }),
  'an event called event': async () => connection.emitRemoteEvent('i', 'event', []),
  'a listener that is none': () => connection.on('x', 5),
  'a heartbeat of nothing': () => connection.startHeartbeat(0),
  'a second handshake': () => connection.handshake('fixture'),
};

for (const [name, make] of Object.entries(mistakes)) {
  test(`the text for ${name}`, { timeout: 30_000 }, async () => {
    const error = await new Promise((resolve) => resolve(make())).then(
      () => assert.fail('nothing failed'), (error) => error);
    assert.ok(patterns.some((pattern) => pattern.test(error.message)),
      `docs/errors.md does not have ${JSON.stringify(error.message)}`);
  });
}

// The only one for whoever has no WebSocket, which from Node.js 22 on takes some doing.
test('the text for a runtime without WebSocket', async () => {
  const present = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
  delete globalThis.WebSocket;
  try {
    const error = await connect('fixture', null, server.url).catch((error) => error);
    assert.match(error.message, /^there is no WebSocket here: /);
    assert.ok(patterns.some((pattern) => pattern.test(error.message)));
  } finally {
    if (present) Object.defineProperty(globalThis, 'WebSocket', present);
  }
});
