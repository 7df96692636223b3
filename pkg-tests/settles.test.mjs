// Whatever a page has started settles once it closes the connection, whatever state that is in, and
// calls with resend, which wait for another transport, as soon as there can be none.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { Session, ws } from '../pkg/index.js';
import { Peer } from './lib/peer.mjs';

const URL = 'ws://localhost/';
const disposal = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

/** Shakes hands and tells of methods; answers nothing else. */
class Mute extends Peer {
  call() {}

  ping() {}
}

/** Opens, and says nothing. */
class Silent extends Peer {
  send() {}
}

/** Never opens. */
class Absent extends Peer {
  begin() {}
}

/** Knows no session. */
class Forgetful extends Mute {
  handshake(text) {
    return text.includes('session:') ? '{handshake:[0],error:[11]}' : super.handshake(text);
  }
}

/** Takes its time to close. */
class Slow extends Mute {
  close() {
    setTimeout(() => this.end(), 50);
  }
}

/** The states in which there is no session for anything to wait in. */
const sessionless = ['handshaking for the first time', 'renewing its session', 'without its session'];

const nextTurn = () => new Promise((resolve) => setTimeout(resolve));

async function until(condition) {
  while (!condition()) await nextTurn();
}

/** A connection that has been made, with a proxy. */
async function dial(client, WebSocket = Mute) {
  const connection = await ws.connect('app', client, { WebSocket }, URL);
  connection.on('error', () => {});
  return { connection, proxy: await connection.inspectInterface('i') };
}

/** Brings a connection into each state there is, `reconnect` being one that a reconnector got. */
const states = {
  'handshaking for the first time': () => new Promise((resolve) => {
    const connectPolicy = (app, connection, session, callback) => {
      resolve({ connection, attempt });
      connection.handshake(app, callback);
    };
    const attempt = ws.connect('app', { connectPolicy }, { WebSocket: Silent }, URL);
  }),
  ready: () => dial(),
  waiting: async () => {
    const made = await dial();
    Peer.last.end();
    return made;
  },
  'waiting by a reconnector': async () => {
    let reconnect;
    const made = await dial({ reconnector: (connection, again) => { reconnect = again; } });
    Peer.last.end();
    return { ...made, reconnect };
  },
  connecting: async () => {
    const made = await dial();
    const attempt = ws.reconnect(made.connection, { WebSocket: Absent }, URL);
    await until(() => made.connection.state === 'connecting');
    return { ...made, attempt };
  },
  handshaking: async () => {
    const made = await dial();
    const attempt = ws.reconnect(made.connection, { WebSocket: Silent }, URL);
    await until(() => made.connection.state === 'handshaking');
    return { ...made, attempt };
  },
  'renewing its session': async () => {
    const made = await dial();
    const lost = new Promise((resolve) => made.connection.once('sessionLost', resolve));
    const attempt = ws.reconnect(made.connection, { WebSocket: Forgetful }, URL);
    await lost;
    return { ...made, attempt };
  },
  closing: async () => {
    const made = await dial(null, Slow);
    made.connection.close();
    return made;
  },
  closed: async () => {
    const made = await dial();
    made.connection.close();
    await until(() => made.connection.getTransport() === null);
    return made;
  },
  'without its session': async () => {
    const made = await dial();
    made.connection.forgetSession();
    return made;
  },
};

/** Starts one of everything that a page can start, twice where a callback may stand for the promise. */
function startAll({ connection, proxy, reconnect }, reconnects) {
  const calls = [];
  const started = {};
  const start = (name, run) => {
    try {
      started[name] = Promise.resolve(run());
    } catch (error) {
      started[name] = Promise.reject(error);
    }
    started[name].catch(() => {});
  };
  /** With a callback, which runs once and not within the call. */
  const startBack = (name, run) => start(`${name}, by callback`, () => new Promise((resolve, reject) => {
    let inside = true;
    const seen = { name, times: 0 };
    calls.push(seen);
    const returned = run((error, ...results) => {
      seen.times++;
      seen.inside = inside;
      if (error) reject(error);
      else resolve(results);
    });
    seen.returned = returned;
    inside = false;
  }));
  const both = (name, run) => {
    start(name, () => run());
    startBack(name, (callback) => run(callback));
  };
  const { signal } = new AbortController();
  both('call', (...last) => connection.callMethod('i', 'm', [], ...last));
  both('inspection', (...last) => connection.inspectInterface('j', ...last));
  both('ping', (...last) => connection.ping(...last));
  both('handshake', (...last) => connection.handshake('app', ...last));
  both('login', (...last) => connection.handshake('app', 'user', 'password', ...last));
  both('strategy', (...last) => connection.handshake('app', { strategy: 's', credentials: 1 }, ...last));
  start('call with options', () => connection.callMethod('i', 'm', [], { signal, timeout: 1e9 }));
  if (proxy) {
    both('method', (...last) => proxy.a(...last));
    start('bound method', () => proxy.withOptions({ signal, timeout: 1e9 }).a());
    start('event', () => proxy.events('e').next());
    start('event with a signal', () => proxy.events('e', { signal }).next());
    start('loop', async () => {
      for await (const event of proxy.events('e')) throw event;
    });
  }
  // Nothing is answered, so these are as good as any.
  start('emit', () => connection.emitRemoteEvent('i', 'e', []));
  if (reconnects) both('reconnection', (...last) => ws.reconnect(connection, { WebSocket: Mute }, URL, ...last));
  if (reconnect) startBack('reconnector', (callback) => reconnect(callback));
  return { started, calls };
}

/** A promise, and the callback that settles it; the callback holds nothing else. */
function byCallback() {
  let callback;
  const promise = new Promise((resolve, reject) => {
    callback = (error, result) => (error ? reject(error) : resolve(result));
  });
  return { promise, callback };
}

/** The calls that outlive a close, one of each kind. */
function startResendable({ connection, proxy }) {
  const calls = [
    connection.callMethodWithResend('i', 'm', [1]),
    connection.callMethod('i', 'm', [2], { resend: true }),
  ];
  const back = byCallback();
  connection.callMethodWithResend('i', 'm', [3], back.callback);
  calls.push(back.promise);
  if (!proxy) return calls;
  const again = byCallback();
  proxy.a(again.callback, true);
  return [...calls, proxy.withOptions({ resend: true }).a(), again.promise];
}

/** Which of the promises are settled by now. */
async function pendingOf(promises) {
  const pending = Symbol('pending');
  const now = await Promise.all(promises.map((promise) => Promise.race([promise, pending]).catch(() => null)));
  return now.filter((value) => value === pending).length;
}

const codes = async (promises) =>
  (await Promise.allSettled(promises)).map(({ reason, value }) => (reason ? reason.code : value));

for (const [name, reach] of Object.entries(states)) {
  test(`all that was started settles after close(): ${name}`, async () => {
    const setting = await reach();
    const { connection, attempt } = setting;
    const before = startAll(setting, true);
    connection.close();
    const after = startAll(setting, false);
    const started = [...Object.values(before.started), ...Object.values(after.started)];
    if (attempt) started.push(attempt);
    started.push(connection[disposal](), connection[disposal]());
    await Promise.allSettled(started);
    for (const seen of [...before.calls, ...after.calls]) {
      assert.deepEqual({ ...seen }, { name: seen.name, times: 1, inside: false, returned: undefined });
    }
    assert.deepEqual([connection.state, connection.getTransport(), connection.stats.pendingCalls], ['closed', null, 0]);
    if (setting.proxy) assert.deepEqual(setting.proxy.eventNames(), []);
  });

  test(`calls with resend settle with their session: ${name}`, async () => {
    const setting = await reach();
    const { connection, attempt } = setting;
    attempt?.catch(() => {});
    const hasSession = !sessionless.includes(name);
    const calls = startResendable(setting);
    connection.close();
    calls.push(...startResendable(setting));
    for (const call of calls) call.catch(() => {});
    await connection[disposal]();
    await nextTurn();
    // What had no session to wait in has failed already.
    assert.equal(await pendingOf(calls), hasSession ? calls.length : 0);
    connection.forgetSession();
    const wanted = hasSession ? [-1] : [-1, -3];
    for (const code of await codes(calls)) assert.ok(wanted.includes(code), `it failed with ${code}`);
  });
}

/** What may become of calls with resend that wait after a close, and what they settle with then. */
const ends = {
  'the session is forgotten': [-1, ({ connection }) => connection.forgetSession()],
  'the server has forgotten it': [-1, ({ connection }) => ws.reconnect(connection, { WebSocket: Forgetful }, URL)],
  'another session takes its place': [-1, ({ connection, settings }) => {
    settings.connectPolicy = (app, connection, session, callback) => connection.handshake(app, callback);
    return ws.reconnect(connection, { WebSocket: Mute }, URL);
  }],
  'one from elsewhere takes its place': [-1, ({ connection, settings }) => {
    const other = Session.fromString(connection.session.toString().replace(':"id"', ':"other"'));
    settings.connectPolicy = (app, connection, session, callback) => connection.handshake(app, other, callback);
    return ws.reconnect(connection, { WebSocket: Mute }, URL);
  }],
  'it goes on': [7, ({ connection }) => ws.reconnect(connection, { WebSocket: Peer }, URL)],
};

for (const [name, [wanted, end]] of Object.entries(ends)) {
  test(`calls with resend settle after close() when ${name}`, async () => {
    const settings = {
      connectPolicy: (app, connection, session, callback) =>
        connection.handshake(app, session ?? null, null, callback),
    };
    const client = { connectPolicy: (...args) => settings.connectPolicy(...args) };
    const made = await dial(client);
    const { connection } = made;
    const before = startResendable(made);
    connection.close();
    const calls = [...before, ...startResendable(made)];
    await connection[disposal]();
    await nextTurn();
    assert.equal(await pendingOf(calls), calls.length);
    const outcomes = codes(calls);
    await Promise.resolve(end({ connection, settings })).catch(() => {});
    assert.deepEqual(await outcomes, calls.map(() => wanted));
    connection.close();
  });
}

test('limits of a call with resend hold after close()', async () => {
  const { connection, proxy } = await dial();
  const controller = new AbortController();
  const calls = [
    connection.callMethod('i', 'm', [], { resend: true, timeout: 30 }),
    connection.callMethod('i', 'm', [], { resend: true, signal: controller.signal }),
    proxy.withOptions({ resend: true, timeout: 30 }).a(),
  ];
  connection.close();
  calls.push(connection.callMethod('i', 'm', [], { resend: true, timeout: 30 }));
  controller.abort({ code: 'aborted' });
  assert.deepEqual(await codes(calls), [-5, 'aborted', -5, -5]);
});

test('calls with resend settle when nobody has the connection any more', { timeout: 30_000 }, async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const calls = await (async () => {
    const made = await dial();
    const before = startResendable(made);
    // What nobody can abort any more is no reason to keep it.
    const { signal } = new AbortController();
    before.push(made.connection.callMethod('i', 'm', [], { resend: true, signal }));
    made.connection.close();
    await made.connection[disposal]();
    return [...before, ...startResendable(made)];
  })();
  const outcomes = codes(calls);
  while (await pendingOf(calls) > 0) {
    collect();
    await nextTurn();
  }
  assert.deepEqual(await outcomes, calls.map(() => -1));
});

test('disposing of a connection closes it, whatever its state and however often', async () => {
  const dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
  for (const [name, reach] of Object.entries(states)) {
    const { connection, attempt } = await reach();
    attempt?.catch(() => {});
    assert.equal(connection[dispose](), undefined);
    assert.equal(connection.state, 'closed', name);
    connection[dispose]();
    assert.equal(await connection[disposal](), undefined);
    assert.deepEqual([connection.getTransport(), connection.closedIntentionally], [null, true], name);
    await connection[disposal]();
  }
});
