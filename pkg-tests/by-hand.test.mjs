// An attempt to reconnect by hand: what it is given counts, and what follows when it fails.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ws } from '../pkg/index.js';
import { Peer } from './lib/peer.mjs';

const URL = 'ws://localhost/';

async function dial(t, client = null, config = {}) {
  const connection = await ws.connect('app', client, { WebSocket: Peer, ...config }, URL);
  t.after(() => connection.close());
  return connection;
}

/** Never opens, and never ends. */
class Hanging extends Peer {
  begin() {}

  close() {}
}

const LARGE = `{event:[-1,'i'],e:['${'x'.repeat(1000)}']}`;

test('the limits of an attempt are those it is given, or the usual ones', { timeout: 9_000 }, async (t) => {
  const connection = await dial(t, null, { maxReceivedMessageSize: 100 });
  const hanging = { WebSocket: Hanging, connectTimeout: 30 };
  await assert.rejects(ws.reconnect(connection, hanging, URL), { message: /no answer within 30 ms$/ });

  await ws.reconnect(connection, { WebSocket: Peer }, URL);
  Peer.last.say(LARGE);
  assert.equal(await connection.callMethod('i', 'm', []), 7);
  assert.equal(connection.state, 'ready');

  await ws.reconnect(connection, { WebSocket: Peer, maxReceivedMessageSize: 100, closeTimeout: 30 }, URL);
  Peer.last.close = () => {};
  const closed = new Promise((resolve) => connection.once('close', resolve));
  Peer.last.say(LARGE);
  await closed;
  assert.equal(connection.getTransport(), null);
});

test('a reconnector of the page may give an attempt limits', { timeout: 9_000 }, async (t) => {
  const outcome = new Promise((resolve) => {
    const reconnector = (connection, reconnect) => {
      if (!connection.closedIntentionally) reconnect({ WebSocket: Hanging, connectTimeout: 30 }, URL, resolve);
    };
    dial(t, { reconnector }).then(() => Peer.last.end());
  });
  assert.match((await outcome).message, /no answer within 30 ms$/);
});
