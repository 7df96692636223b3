// What connections that were closed hold on to, while the page holds on to them, and the module after them.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

const CALLS = 200;
const CONNECTIONS = 500;
/** Bytes of linear memory: a connection's own, and nothing of what passed over it. */
const EACH = 4000;

/** A WebSocket that has a JSTP server behind it. */
class Answering {
  constructor() {
    queueMicrotask(() => this.onopen({}));
  }

  send(text) {
    for (const [, kind, id] of text.matchAll(/(\w+):\[(\d+)/g)) {
      if (kind === 'handshake') this.#say("{handshake:[0],ok:'00000000-0000-4000-8000-000000000000'}");
      if (kind === 'call') this.#say(`{callback:[${id}],ok:[1]}`);
      if (kind === 'ping') this.#say(`{pong:[${id}]}`);
    }
  }

  #say(data) {
    queueMicrotask(() => this.onmessage?.({ data }));
  }

  close() {
    queueMicrotask(() => this.onclose?.({ code: 1000, reason: '' }));
  }
}

let ws;
let memory;

before(async () => {
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const made = await original.apply(WebAssembly, args);
      memory = (made.instance ?? made).exports.memory;
      return made;
    };
  }
  ({ ws } = await import('../pkg/index.js'));
});

test('a closed connection keeps no memory of what it did', async (t) => {
  const held = [];
  const open = async (count) => {
    for (let i = 0; i < count; i++) {
      const connection = await ws.connect('app', null, { WebSocket: Answering }, 'ws://localhost/');
      const calls = Array.from({ length: CALLS }, () => connection.callMethod('i', 'm', ['x']));
      await Promise.all(calls);
      const closed = new Promise((resolve) => connection.once('close', resolve));
      connection.close();
      await closed;
      held.push(connection);
    }
  };
  await open(50);
  const earlier = memory.buffer.byteLength;
  await open(CONNECTIONS);
  const each = (memory.buffer.byteLength - earlier) / CONNECTIONS;
  t.diagnostic(`${each} bytes for each`);
  assert.equal(held.filter(({ state }) => state === 'closed').length, 50 + CONNECTIONS);
  assert.ok(each < EACH, `${each} bytes for each`);
});

test('a message that is too large takes no memory of the module', async () => {
  const client = { reconnector() {} };
  const config = { WebSocket: Answering, maxReceivedMessageSize: 1000 };
  const connection = await ws.connect('app', client, config, 'ws://localhost/');
  const earlier = memory.buffer.byteLength;
  const errors = [];
  connection.on('error', ({ message }) => errors.push(message));
  const closed = new Promise((resolve) => connection.once('close', resolve));
  connection.getTransport().onmessage({ data: 'x'.repeat(50_000_000) });
  await closed;
  assert.deepEqual(errors, ['ws://localhost/: the peer sent a message of more than 1000 bytes']);
  assert.equal(memory.buffer.byteLength, earlier);
  connection.close();
});
