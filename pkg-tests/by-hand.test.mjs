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

class Absent extends Peer {
  begin() {
    this.end();
  }
}

/** Knows no session of an earlier transport. */
class Forgetful extends Peer {
  handshake(text) {
    return text.includes('session:') ? '{handshake:[0],error:[11]}' : super.handshake(text);
  }
}

/** What `stateChange` tells of the next time that the connection waits. */
const waits = (connection) => new Promise((resolve) => {
  const listen = (state, previous, { nextAttemptAt }) => {
    if (state !== 'waiting') return;
    connection.off('stateChange', listen);
    resolve(nextAttemptAt);
  };
  connection.on('stateChange', listen);
});

test('the default reconnector goes on after an attempt by hand that failed', { timeout: 9_000 }, async (t) => {
  const connection = await dial(t);
  const byHand = async () => {
    const waiting = waits(connection);
    await assert.rejects(ws.reconnect(connection, { WebSocket: Absent }, URL), { message: /no WebSocket server accepted it/ });
    const millis = (await waiting) - Date.now();
    assert.ok(millis > 500, `${millis} ms`);
  };
  // From a transport that works, and in the place of an attempt that was planned.
  await byHand();
  const call = connection.callMethod('i', 'm', []);
  await byHand();
  // Once there is one again, nothing is left of these.
  await ws.reconnect(connection, { WebSocket: Peer }, URL);
  assert.equal(await call, 7);
  const { attempts } = connection.stats;
  await new Promise((resolve) => setTimeout(resolve, 2100));
  assert.deepEqual([connection.state, connection.stats.attempts], ['ready', attempts]);
  // A session that is lost by hand is renewed by itself.
  await assert.rejects(ws.reconnect(connection, { WebSocket: Forgetful }, URL), { code: 11 });
  assert.equal(await connection.callMethod('i', 'm', []), 7);
});

test('nothing follows an attempt by hand that failed once the page has closed', { timeout: 9_000 }, async (t) => {
  const connection = await dial(t);
  connection.close();
  for (const WebSocket of [Absent, Forgetful]) {
    await assert.rejects(ws.reconnect(connection, { WebSocket }, URL));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual([connection.state, connection.getTransport()], ['closed', null]);
  }
});

test('a reconnector of the page hears of a transport that an attempt by hand cost, once', { timeout: 9_000 }, async (t) => {
  const asked = [];
  const connection = await dial(t, { reconnector: (...args) => asked.push(args) });
  const byHand = (WebSocket) => ws.reconnect(connection, { WebSocket }, URL);
  await assert.rejects(byHand(Absent));
  assert.equal(asked.length, 1);
  await assert.rejects(byHand(Absent));
  assert.equal(asked.length, 1);
  assert.equal(await byHand(Peer), connection);
  assert.equal(asked.length, 1);
});
