// Page code that refuses, throws, repeats itself or comes back at the wrong moment: whatever was started
// settles, and the connection goes on.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Application, Session, ws } from '../pkg/index.js';
import { ws as slim } from '../pkg/slim.js';
import { Peer } from './lib/peer.mjs';

const soon = () => new Promise((resolve) => setTimeout(resolve, 20));

async function dial(t, client = null, WebSocket = Peer) {
  const connection = await ws.connect('app', client, { WebSocket, connectTimeout: 60_000 }, 'ws://localhost/');
  t.after(() => connection.close());
  return connection;
}

const disposal = (connection) => connection[Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]();

/** Makes reports part of the test, not of its output. */
function reports(t) {
  const heard = [];
  t.mock.method(console, 'error', (...args) => heard.push(args));
  return heard;
}

const works = async (connection) => assert.equal(await connection.callMethod('i', 'm', []), 7);

test('callbacks that throw are reported, whatever they were called for', async (t) => {
  const heard = reports(t);
  const uncaught = [];
  const listen = (error) => uncaught.push(error);
  for (const name of ['unhandledRejection', 'uncaughtException']) {
    process.on(name, listen);
    t.after(() => process.off(name, listen));
  }
  const refusing = (error) => {
    throw new Error(`mine, after ${error.message}`);
  };
  // First of all, so that there is no module yet.
  slim.connect('app', null, 'ws://localhost/', refusing);
  await soon();
  ws.reconnect({}, 'ws://localhost/', refusing);
  ws.reconnect(await dial(t), 'nowhere', refusing);
  await soon();
  assert.deepEqual(uncaught, []);
  assert.deepEqual(heard.map(([{ message }]) => message), [
    'mine, after jstp-wasm/slim brings no module: call init(source) before the first connect',
    'mine, after connection must be a Connection',
    "mine, after requestUrl 'nowhere' is not a URL",
  ]);
});

test('an application that names no list of methods', async (t) => {
  const heard = reports(t);
  const application = new Application('page', {});
  const connection = await dial(t, { application });
  for (const methods of [{}, 5, { *[Symbol.iterator]() { throw new Error('mine'); } }]) {
    application.getMethods = () => methods;
    Peer.last.say(`{inspect:[${-1 - heard.length},'i']}`);
    await soon();
    assert.equal(Peer.last.sent.at(-1), `{callback:[${-heard.length}],error:[12]}`);
  }
  assert.equal(heard.length, 3);
  await works(connection);
});

test('a thenable that settles twice and then throws answers once', async (t) => {
  const application = new Application('page', {
    i: { m: (connection, callback) => ({ then(done) { done(1); done(2); throw new Error('mine'); } }) },
  });
  const connection = await dial(t, { application });
  Peer.last.say("{call:[-1,'i'],m:[]}");
  await works(connection);
  assert.deepEqual(Peer.last.sent.filter((text) => text.includes('[-1]')), ['{callback:[-1],ok:[1]}']);
});

test('an application of the page that answers twice answers once', async (t) => {
  reports(t);
  const application = {
    getMethods() {},
    handleEvent() {},
    callMethod(connection, iface, method, args, callback) {
      callback(null, 1);
      callback(null, 2);
      throw new Error('mine');
    },
  };
  const connection = await dial(t, { application });
  Peer.last.say("{call:[-1,'i'],m:[]}");
  await works(connection);
  assert.deepEqual(Peer.last.sent.filter((text) => text.includes('[-1]')), ['{callback:[-1],ok:[1]}']);
});

test('a signal of the page that nobody can leave', async (t) => {
  const connection = await dial(t);
  const proxy = await connection.inspectInterface('i');
  const refuse = () => {
    throw new Error('mine');
  };
  for (const more of [{}, { removeEventListener: refuse }, { addEventListener: refuse }]) {
    const signal = { aborted: false, addEventListener() {}, ...more };
    assert.equal(await connection.callMethod('i', 'm', [], { signal }), 7);
    const events = proxy.events('e', { signal });
    const next = events.next();
    events.return();
    assert.deepEqual(await next, { value: undefined, done: true });
    assert.equal(proxy.listenerCount('e'), 0);
  }
});

test('a signal that aborts while the call is made', async (t) => {
  const connection = await dial(t);
  const before = Peer.last.sent.length;
  const early = new AbortController();
  const toJSON = () => early.abort(new Error('mine'));
  await assert.rejects(connection.callMethod('i', 'm', [{ toJSON }], early), { message: 'mine' });
  assert.equal(Peer.last.sent.length, before);

  const late = new AbortController();
  connection.once('outgoingMessage', () => late.abort(new Error('mine')));
  await assert.rejects(connection.callMethod('i', 'm', [], late), { message: 'mine' });
  await works(connection);
});

test('an error that refuses to carry the connection', async (t) => {
  for (const error of [
    Object.defineProperty(new Error('mine'), 'connection', { set() { throw new Error('refused'); } }),
    new Proxy(new Error('mine'), { set() { throw new Error('refused'); } }),
  ]) {
    const connectPolicy = (app, connection, session, callback) => {
      t.after(() => connection.close());
      connection.handshake(app, () => callback(error));
    };
    await assert.rejects(dial(t, { connectPolicy }), { message: 'mine' });
  }
});

test('texts that are as long as one can be', { timeout: 60_000 }, async (t) => {
  const connection = await dial(t);
  const [name, text] = [2 ** 29 - 40, 2 ** 29 - 26].map((length) => 'x'.repeat(length));
  for (const [args, message] of [
    [['i', 'm', [0, { a: text }]], 'args[1].a does not fit: a message holds at most 8 MiB'],
    [['i', name, []], 'the message is larger than 8388608 bytes'],
    [[name, 'm', []], 'the message is larger than 8388608 bytes'],
  ]) {
    await assert.rejects(connection.callMethod(...args), { name: 'RangeError', message });
    assert.throws(() => connection.emitRemoteEvent(...args), { name: 'RangeError', message });
  }
  await works(connection);
});

test('frozen proxies', async (t) => {
  const connection = await dial(t);
  Object.freeze(await connection.inspectInterface('i'));
  Peer.last.methods = "'c'";
  await assert.rejects(connection.inspectInterface('i'), TypeError);
  Object.freeze(connection.remoteProxies);
  await assert.rejects(connection.inspectInterface('j'), TypeError);
  connection.remoteProxies = null;
  await assert.rejects(connection.inspectInterface('i'), TypeError);
  await works(connection);
});

test('a frozen connection', async (t) => {
  let frozen;
  const connectPolicy = (app, connection, session, callback) => {
    frozen ??= Object.freeze(connection);
    connection.handshake(app, callback);
  };
  assert.equal(await dial(t, { connectPolicy }), frozen);
  await works(frozen);
  assert.equal(await ws.reconnect(frozen, { WebSocket: Peer }, 'ws://localhost/'), frozen);
  await works(frozen);
  frozen.forgetSession();
  assert.equal(frozen.state, 'closed');
});

test('sockets that say little, or refuse', async (t) => {
  const refuse = () => {
    throw new Error('mine');
  };
  for (const args of [[], [null], [5], [{}], [{ code: 'x', reason: 5 }]]) {
    class Silent extends Peer {
      begin() {
        this.onclose(...args);
      }
    }
    await assert.rejects(dial(t, null, Silent), /^Error: Cannot connect to ws:\/\/localhost\/: .*close code 1006/);
  }
  // Node's own says no more than this of a server that is not there.
  class Failing extends Peer {
    begin() {
      this.onerror({});
    }
  }
  await assert.rejects(dial(t, null, Failing), /^Error: Cannot connect to ws:\/\/localhost\/: .*close code 1006/);
  for (const name of ['protocol', 'readyState']) {
    class Refusing extends Peer {}
    Object.defineProperty(Refusing.prototype, name, { get: refuse });
    const attempt = dial(t, { handshakeTimeout: 50 }, Refusing);
    if (name === 'protocol') await works(await attempt);
    else await assert.rejects(attempt, { code: -2 });
  }
});

test("the page's global WebSocket, which may refuse", { timeout: 10_000 }, async (t) => {
  const global = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
  t.after(() => (global ? Object.defineProperty(globalThis, 'WebSocket', global) : delete globalThis.WebSocket));
  const put = (value) => Object.defineProperty(globalThis, 'WebSocket', { value, configurable: true, writable: true });
  put(class {
    constructor() {
      throw new Error('mine');
    }
  });
  await assert.rejects(ws.connect('app', null, 'ws://localhost/'), { message: 'Cannot connect to ws://localhost/: mine' });
  let opened;
  put(class extends Peer {
    constructor(...args) {
      super();
      opened = args;
    }
  });
  const connection = await ws.connect('app', null, 'ws://localhost/');
  t.after(() => connection.close());
  assert.deepEqual(opened, ['ws://localhost/', ['metarhia-jstp.batch', 'metarhia-jstp']]);
  await works(connection);
});

test('a constructor that closes the connection', async (t) => {
  let closing;
  class Closing extends Peer {
    constructor() {
      super();
      closing?.close();
    }
  }
  const connection = await dial(t, null, Closing);
  closing = connection;
  await assert.rejects(ws.reconnect(connection, { WebSocket: Closing }, 'ws://localhost/'), /closed by its owner/);
  await soon();
  assert.equal(connection.state, 'closed');
  assert.equal(connection.closedIntentionally, true);
  assert.equal(Peer.last.sent.length, 0);
});

test('a client whose logger cannot be had any more', async (t) => {
  const heard = reports(t);
  let isLost = false;
  const client = {
    get logger() {
      if (isLost) throw new Error('mine');
      return { emit() {} };
    },
  };
  const connection = await dial(t, client);
  isLost = true;
  await works(connection);
  assert.ok(heard.length > 0);
});

test('a session whose id the page has changed', async (t) => {
  const connection = await dial(t);
  const session = Session.fromString(connection.session.toString());
  session.id = 7;
  await assert.rejects(dial(t, { session }), /^TypeError: client\.session must be an extensible Session/);
  await assert.rejects(connection.handshake('app', session), /^TypeError: login must be/);
  await works(connection);
});

test('a frozen session', async (t) => {
  const connection = await dial(t);
  const session = Object.freeze(Session.fromString(connection.session.toString().replace(':"id"', ':"other"')));
  await assert.rejects(dial(t, { session }),
    { name: 'TypeError', message: 'client.session must be an extensible Session, got an object' });
  await assert.rejects(connection.handshake('app', session), /^TypeError: login must be .*, got an object$/);
  // The connection's own shows what it has, and goes on.
  const own = Object.freeze(connection.session);
  await ws.reconnect(connection, { WebSocket: Peer }, 'ws://localhost/');
  assert.equal(connection.session, own);
  await works(connection);
});

test('options that are none', async (t) => {
  const connection = await dial(t);
  const proxy = await connection.inspectInterface('i');
  for (const options of [5, 'x', true, () => {}]) {
    const named = { name: 'TypeError', message: /^options must be an object, got / };
    assert.throws(() => proxy.withOptions(options), named);
    assert.throws(() => proxy.events('e', options), named);
  }
  for (const signal of [5, {}, 'x']) {
    assert.throws(() => proxy.events('e', { signal }), { message: /^options\.signal must be an AbortSignal, got / });
  }
  assert.equal(proxy.listenerCount('e'), 0);
  assert.equal(await proxy.withOptions(undefined).a(), 7);
  proxy.events('e', null).return();
});

test('a fraction of a millisecond is one', async (t) => {
  class Mute extends Peer {
    handshake() {}
  }
  class Hanging extends Peer {
    begin() {}
  }
  await assert.rejects(dial(t, { handshakeTimeout: 0.5 }, Mute), { message: /nothing came within 1 ms$/ });
  const config = { WebSocket: Hanging, connectTimeout: 2.1 };
  await assert.rejects(ws.connect('app', null, config, 'ws://localhost/'), { message: /no answer within 3 ms$/ });
  // Without an interval it would ping as fast as it is answered.
  const connection = await dial(t, { heartbeatInterval: 0.5 });
  const from = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const pings = Peer.last.sent.filter((text) => text.startsWith('{ping')).length;
  assert.ok(pings > 0 && pings <= performance.now() - from, `${pings} pings`);
  await works(connection);
});

test('listeners that come and go while they are told', async (t) => {
  const connection = await dial(t);
  const heard = [];
  const late = () => heard.push('late');
  connection.on('x', () => {
    heard.push('first');
    connection.on('x', late);
    connection.prependListener('x', late);
    connection.off('x', second);
  });
  const second = () => heard.push('second');
  connection.on('x', second);
  connection.emit('x');
  assert.deepEqual(heard, ['first', 'second']);
  connection.removeAllListeners('x');
  let count = 0;
  for (let i = 0; i < 10_000; i++) connection.once('x', () => count++);
  connection.emit('x');
  connection.emit('x');
  assert.equal(count, 10_000);
  assert.equal(connection.listenerCount('x'), 0);
});

test('disposing of a connection that has lost its listeners', async (t) => {
  const connection = await dial(t);
  const disposed = disposal(connection);
  connection.removeAllListeners();
  await disposed;
  assert.equal(connection.getTransport(), null);
});

test('disposing of a connection that ends where its listeners are heard of', async (t) => {
  const connection = await dial(t, null, class extends Peer { close() {} });
  connection.on('newListener', (name) => name === 'close' && Peer.last.end());
  await disposal(connection);
  assert.equal(connection.getTransport(), null);
});

test('a policy that reconnects the connection it is to open', async (t) => {
  for (const moment of ['before', 'after']) {
    let again;
    let isFirst = true;
    const connectPolicy = (app, connection, session, callback) => {
      const reconnect = () => {
        if (!isFirst) return;
        isFirst = false;
        const attempt = ws.reconnect(connection, { WebSocket: Peer }, 'ws://localhost/');
        again = assert.rejects(attempt, { message: 'the first attempt to connect is under way' });
      };
      if (moment === 'before') reconnect();
      connection.handshake(app, (...outcome) => {
        reconnect();
        callback(...outcome);
      });
    };
    const connection = await dial(t, { connectPolicy });
    await again;
    await works(connection);
    assert.equal(await ws.reconnect(connection, { WebSocket: Peer }, 'ws://localhost/'), connection);
    await works(connection);
  }
});

test('a loop over events that begins during an attempt which fails', async (t) => {
  const connection = await dial(t);
  const proxy = await connection.inspectInterface('i');
  await disposal(connection);
  class Absent extends Peer {
    begin() {
      this.end();
    }
  }
  const attempt = ws.reconnect(connection, { WebSocket: Absent }, 'ws://localhost/');
  await Promise.resolve();
  const events = proxy.events('e');
  await assert.rejects(attempt, /Cannot connect/);
  assert.equal((await events.next()).done, true);
  assert.equal(proxy.listenerCount('e'), 0);
});

test('a connection that is opened again where its close is heard of hears everything', async (t) => {
  for (const moment of ['close', 'stateChange', 'reconnector', 'callback']) {
    let again;
    const open = (connection) => {
      again ??= ws.reconnect(connection, { WebSocket: Peer }, 'ws://localhost/');
    };
    const connection = await dial(t, { reconnector: () => moment === 'reconnector' && open(connection) });
    const proxy = await connection.inspectInterface('i');
    if (moment === 'callback') {
      // Pending while there is no transport.
      Peer.last.end();
      connection.callMethod('i', 'm', [], () => open(connection));
    } else if (moment !== 'reconnector') {
      connection.on(moment, () => open(connection));
    }
    connection.close();
    while (!again) await soon();
    assert.equal(await again, connection, moment);
    const states = [];
    connection.on('stateChange', (state) => states.push(state));
    const events = proxy.events('e');
    Peer.last.say("{event:[-1,'i'],e:[5]}");
    assert.deepEqual(await events.next(), { value: [5], done: false }, moment);
    connection.close();
    assert.equal((await events.next()).done, true, moment);
    await disposal(connection);
    assert.deepEqual(states, ['closed'], moment);
  }
});

test('a transport that ends where its opening is heard of', { timeout: 10_000 }, async (t) => {
  let policy = (app, connection, session, callback) => connection.handshake(app, session, null, callback);
  const connection = await dial(t, { connectPolicy: (...args) => policy(...args) });
  connection.close();
  await soon();
  policy = () => {};
  connection.on('stateChange', (state) => state === 'handshaking' && Peer.last.end());
  const failed = assert.rejects(ws.reconnect(connection, { WebSocket: Peer }, 'ws://localhost/'), {
    message: 'Connection closed before receiving handshake: ws://localhost/, close code 1006',
  });
  await failed;
  assert.equal(connection.state, 'closed');
});

test('a connection that is opened again where its forgotten session is heard of hears everything', { timeout: 10_000 }, async (t) => {
  class Mute extends Peer {
    call() {}
  }
  const connection = await dial(t, null, Mute);
  connection.close();
  await soon();
  const reopened = new Promise((resolve, reject) => {
    connection.callMethodWithResend('i', 'm', [], () => {
      ws.reconnect(connection, { WebSocket: Peer }, 'ws://localhost/').then(resolve, reject);
    });
  });
  connection.forgetSession();
  assert.equal(await reopened, connection);
  await works(connection);
});

test('a page that closes while an answer and the end of its transport are yet to be told of', async (t) => {
  class Slow extends Peer {
    inspect() {}
  }
  const connection = await dial(t, null, Slow);
  let closes = 0;
  connection.on('close', () => closes++);
  const inspected = connection.inspectInterface('i');
  connection.callMethod('i', 'm', [], () => {
    Peer.last.onmessage({ data: "{callback:[1],ok:['a']}" });
    Peer.last.end();
    connection.close();
  });
  const proxy = await inspected;
  assert.equal(typeof proxy.a, 'function');
  assert.deepEqual([connection.state, closes], ['closed', 1]);
});

test('a page that closes inside a call of its own is called back after it', async (t) => {
  const connection = await dial(t);
  connection.once('outgoingMessage', () => connection.close());
  let inside = true;
  const answered = new Promise((resolve) => {
    connection.callMethod('i', 'm', [], (error) => resolve([error.code, inside]));
  });
  inside = false;
  assert.deepEqual(await answered, [-1, false]);
});

test('a policy that closes the connection and throws', async (t) => {
  const unhandled = [];
  const listen = (error) => unhandled.push(error);
  process.on('unhandledRejection', listen);
  t.after(() => process.off('unhandledRejection', listen));
  const connectPolicy = (app, connection) => {
    connection.close();
    throw new Error('mine');
  };
  await assert.rejects(dial(t, { connectPolicy }), { message: 'mine' });
  await soon();
  assert.deepEqual(unhandled, []);
});

test('a policy that fails for no reason has failed', async (t) => {
  for (const reason of [undefined, null, 0, '']) {
    for (const connectPolicy of [
      async () => Promise.reject(reason),
      () => { throw reason; },
    ]) {
      const [error, connection] = await new Promise((resolve) => {
        ws.connect('app', { connectPolicy }, { WebSocket: Peer }, 'ws://localhost/', (...outcome) => resolve(outcome));
      });
      assert.deepEqual([error.name, error.message], ['Error', `the connect policy failed with ${reason}`]);
      assert.deepEqual([connection.state, connection.getTransport()], ['closed', null]);
      await assert.rejects(dial(t, { connectPolicy }), { message: error.message });
    }
  }
});

test('a connection whose fields the page has spoiled', { timeout: 10_000 }, async (t) => {
  const heard = reports(t);
  /** Knows no session of an earlier transport. */
  class Forgetful extends Peer {
    handshake(text) {
      return text.includes('session:') ? '{handshake:[0],error:[11]}' : super.handshake(text);
    }
  }
  const refuse = () => {
    throw new Error('mine');
  };
  for (const [name, field] of Object.entries({
    remoteProxies: { value: null },
    inspectInterface: { value: () => undefined },
    hasConnected: { get: refuse, set: refuse },
    username: { get: refuse, set: refuse },
    application: { value: null },
    client: { get: refuse },
    session: { get: refuse, set: refuse },
  })) {
    const connection = await dial(t);
    await connection.inspectInterface('i');
    connection.application = new Application('page', { i: { m: (to, callback) => callback(null, 8) } });
    const lost = new Promise((resolve) => connection.once('sessionLost', (error) => resolve(error.code)));
    Object.defineProperty(connection, name, field);
    Peer.last.say("{call:[-1,'i'],m:[]}");
    await soon();
    assert.equal(Peer.last.sent.at(-1), name === 'application' ? '{callback:[-1],error:[16]}' : '{callback:[-1],ok:[8]}');
    const reconnect = () => ws.reconnect(connection, { WebSocket: Forgetful }, 'ws://localhost/');
    // The connect policy is handed it.
    if (name === 'session') await assert.rejects(reconnect(), { message: 'mine' });
    else {
      await assert.rejects(reconnect(), { code: 11 });
      assert.equal(await lost, 11);
      assert.equal(await reconnect(), connection);
      await works(connection);
      Peer.last.say('}');
      while (connection.state === 'ready') await soon();
      assert.equal(await reconnect().catch(({ code }) => code), 11);
    }
    connection.close();
    await disposal(connection);
    assert.equal(connection.state, 'closed', name);
  }
  assert.ok(heard.length > 0);
});

test('what makes plain objects and collections reactive leaves ours alone', async (t) => {
  const connection = await dial(t);
  const proxy = await connection.inspectInterface('i');
  // How Vue tells what it wraps in a Proxy, behind which a class has no private fields.
  const kinds = [connection, proxy, connection.session].map((value) => Object.prototype.toString.call(value));
  assert.deepEqual(kinds, ['[object Connection]', '[object RemoteProxy]', '[object Session]']);
});

test('a page that closes what has nothing to close is told', async (t) => {
  /** Knows no session, and is gone after that. */
  class Lost extends Peer {
    static isGone = false;

    begin() {
      if (Lost.isGone) this.end();
      else super.begin();
    }

    handshake(text) {
      if (!text.includes('session:')) return super.handshake(text);
      Lost.isGone = true;
      return '{handshake:[0],error:[11]}';
    }
  }
  for (const end of ['close', 'forgetSession']) {
    Lost.isGone = false;
    const client = { reconnector: (connection, reconnect) => setTimeout(reconnect) };
    const connection = await dial(t, client, Lost);
    const told = [];
    connection.on('stateChange', (state) => told.push(state));
    const lost = new Promise((resolve) => connection.once('sessionLost', resolve));
    const failed = new Promise((resolve) => connection.on('stateChange', (state) => {
      if (state === 'waiting' && Lost.isGone) resolve();
    }));
    Peer.last.end();
    await lost;
    client.reconnector = () => {};
    await failed;
    assert.equal(connection.state, 'waiting');
    connection[end]();
    assert.equal(connection.state, 'closed');
    assert.equal(told.at(-1), 'closed', end);
  }
});
