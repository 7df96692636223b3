// The first connect: however it fails it is told once, as what it was, and starts nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Session, ws } from '../pkg/index.js';
import { Peer } from './lib/peer.mjs';

const URL = 'ws://localhost/';
const STORED = JSON.stringify({
  id: 'id', username: null, guaranteedDeliveredCount: 0, buffer: [], receivedCount: 0, latestBufferedMessageId: 0, storage: [],
});

class Forgetful extends Peer {
  handshake(text) {
    return text.includes('session:') ? '{handshake:[0],error:[11]}' : super.handshake(text);
  }
}

class Mute extends Peer {
  handshake() {}
}

class Absent extends Peer {
  begin() {
    this.end();
  }
}

/** Ends in place of an answer. */
class Abrupt extends Peer {
  handshake() {
    setTimeout(() => this.end());
  }
}

/** How policies may be written. */
const policies = {
  'with a callback': (app, connection, session, callback) =>
    connection.handshake(app, session ?? null, null, (error, created) => callback(error, connection, created)),
  'with a promise': (app, connection, session, callback) => {
    connection.handshake(app, session ?? null).then(
      (created) => callback(null, connection, created),
      (error) => callback(error, connection),
    );
  },
  'asynchronous': async (app, connection, session, callback) => {
    try {
      const created = await connection.handshake(app, session ?? null);
      callback(null, connection, created);
    } catch (error) {
      await null;
      callback(error, connection);
    }
  },
};

/** Connects with a session to go on with, and tells of all that a page hears meanwhile. */
async function connect(WebSocket, policy, more) {
  const heard = [];
  let attempts = 0;
  const { outcome } = await new Promise((resolve) => {
    const client = {
      session: Session.fromString(STORED),
      handshakeTimeout: 30,
      reconnector: () => attempts++,
      connectPolicy: (app, connection, ...rest) => {
        if (connection.listenerCount('reconnectAttempt') === 0) {
          for (const name of ['reconnectAttempt', 'reconnect', 'sessionLost']) connection.on(name, () => heard.push(name));
        }
        return policy(app, connection, ...rest);
      },
      ...more,
    };
    ws.connect('app', client, { WebSocket }, URL, (...outcome) => resolve({ outcome }));
  });
  // Whatever were started would have begun by then.
  await new Promise((resolve) => setTimeout(resolve, 10));
  return { error: outcome[0], connection: outcome[1], heard, attempts };
}

for (const [how, policy] of Object.entries(policies)) {
  test(`a first connect that fails starts nothing, by a policy ${how}`, async () => {
    for (const [Server, code, message] of [
      [Forgetful, 11, /^Authentication failed$/],
      [Mute, -2, /^Connection closed before receiving handshake: .*nothing came within 30 ms$/],
      [Abrupt, -2, /^Connection closed before receiving handshake: .*close code 1006$/],
      [Absent, undefined, /^Cannot connect to ws:\/\/localhost\/: no WebSocket server accepted it/],
    ]) {
      const { error, connection, heard, attempts } = await connect(Server, policy);
      assert.match(error.message, message, Server.name);
      assert.equal(error.code, code, Server.name);
      assert.deepEqual([heard, attempts], [[], 0], Server.name);
      if (code === undefined) assert.equal(connection, undefined);
      else assert.deepEqual([connection.state, connection.getTransport()], ['closed', null], Server.name);
    }
  });

  test(`a first connect renews a session the server has forgotten, by a policy ${how}`, async () => {
    const { error, connection, heard, attempts } = await connect(Forgetful, policy, { onSessionLost: 'renew' });
    assert.equal(error, null);
    assert.deepEqual([heard, attempts, connection.state], [['sessionLost'], 0, 'ready']);
    assert.equal(await connection.callMethod('i', 'm', []), 7);
    // The renewal is over: the next attempt has no reason to inspect anew.
    await connection.inspectInterface('i');
    await ws.reconnect(connection, { WebSocket: Peer }, URL);
    assert.equal(Peer.last.sent.some((text) => text.includes('inspect')), false);
    connection.close();
  });
}

test('a first connect that renewed its session is left alone by the default reconnector', async () => {
  const client = { session: Session.fromString(STORED), onSessionLost: 'renew' };
  const connection = await ws.connect('app', client, { WebSocket: Forgetful }, URL);
  const transport = connection.getTransport();
  // Its attempts begin after one to two seconds.
  await new Promise((resolve) => setTimeout(resolve, 2100));
  assert.equal(connection.getTransport(), transport);
  assert.equal(connection.stats.attempts, 2);
  connection.close();
});

test('inspections that nobody answers end with callTimeout', async () => {
  class Silent extends Peer {
    inspect() {}
  }
  const args = ['app', { callTimeout: 20 }, ['i', 'j'], { WebSocket: Silent }, URL];
  const error = await ws.connectAndInspect(...args).catch((thrown) => thrown);
  assert.equal(error.code, -5);
  const { connection } = error;
  assert.equal(connection.state, 'ready');
  await assert.rejects(connection.inspectInterface('i'), { code: -5 });
  connection.close();
});
