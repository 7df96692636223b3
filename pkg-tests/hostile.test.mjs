// Pages and networks that do whatever they like, at random: sockets that say anything at any moment, page code
// that throws and comes back from anywhere. In the end all that was started has settled, once, and nothing is left.
//
// HOSTILE_RUNS   how many (default 300)
// HOSTILE_SEED   the first one's seed (default 1); a failure names its own
// HOSTILE_LOG    where to write what happened in a run that failed, since time is real and no run quite the same

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';

import { Application, Session, ws } from '../pkg/index.js';

// Node.js 20 can end in V8's deoptimizer ("unreachable code") where so much is thrown through what it has optimized.
setFlagsFromString('--no-opt');

const RUNS = Number(process.env.HOSTILE_RUNS ?? 300);
const FIRST = Number(process.env.HOSTILE_SEED ?? 1);
const LOG = process.env.HOSTILE_LOG;
const TOGETHER = 50;
const STEPS = 60;
/** For what ends by time limits of a few milliseconds. */
const PATIENCE = 20_000;
const URL = 'ws://localhost/';
const disposal = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

/** Timers that were set and have not rung, by whom. */
const timers = new Set();
const { setTimeout: realTimeout, clearTimeout: realClear } = globalThis;
globalThis.setTimeout = (run, ...rest) => {
  const timer = realTimeout((...args) => {
    timers.delete(timer);
    run(...args);
  }, ...rest);
  timers.add(timer);
  return timer;
};
globalThis.clearTimeout = (timer) => {
  timers.delete(timer);
  realClear(timer);
};
const after = (millis) => new Promise((resolve) => realTimeout(resolve, millis));

/** Sebastiano Vigna's SplitMix32. */
function randomOf(seed) {
  // Far apart, or each run would be the one before, a step further on.
  let state = Math.imul(seed ^ (seed >>> 7), 0x2c1b3c6d);
  const next = () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  const below = (limit) => next() % limit;
  return { below, chance: (part) => below(1000) < part * 1000, pick: (list) => list[below(list.length)] };
}

class Mine extends Error {}
const refuse = () => {
  throw new Mine('mine');
};

/** One run: a page, its sockets, and all that it has started. */
class Run {
  constructor(seed) {
    this.seed = seed;
    this.random = randomOf(seed);
    this.started = [];
    this.callbacks = [];
    this.sockets = [];
    this.connections = [];
    this.proxies = [];
    this.owners = new Map();
    this.reconnects = [];
    this.signals = [];
    this.streams = [];
    this.depth = 0;
    this.log = [];
    this.isOver = false;
    const run = this;
    this.Socket = class {
      constructor() {
        run.opened(this);
      }
    };
  }

  say(what) {
    if (this.log.length < 5000) this.log.push(`${'  '.repeat(this.depth)}${what}`);
  }

  // The network.

  opened(socket) {
    const { random } = this;
    if (!this.isOver && random.chance(0.03)) refuse();
    this.sockets.push(socket);
    const id = this.sockets.length;
    const isKind = random.chance(0.6);
    Object.assign(socket, { id, isKind, isClosed: false, readyState: 0, protocol: random.pick(['', 'metarhia-jstp.batch']) });
    socket.send = (text) => this.sent(socket, text);
    socket.close = (code) => {
      this.say(`socket ${id} is to close ${code}`);
      if (!isKind && random.chance(0.1)) refuse();
      if (!isKind && random.chance(0.2)) return;
      socket.readyState = 2;
      if (!isKind && random.chance(0.3)) this.end(socket);
      else realTimeout(() => this.end(socket), random.below(4));
    };
    const begin = () => {
      socket.readyState = 1;
      this.say(`socket ${id} opens`);
      this.tell(socket, 'onopen', {});
    };
    if (!isKind && random.chance(0.1)) return;
    if (!isKind && random.chance(0.1)) this.babble(socket);
    realTimeout(() => {
      if (!isKind && random.chance(0.15)) return this.end(socket);
      begin();
      if (!isKind && random.chance(0.1)) begin();
    }, random.below(4));
  }

  tell(socket, name, event) {
    try {
      socket[name]?.(event);
    } catch (error) {
      // An event that is none is the socket's own fault.
      if (event?.data !== undefined) this.fail(error);
    }
  }

  end(socket) {
    const { random } = this;
    if (socket.isClosed && !(random.chance(0.1) && !socket.isKind)) return;
    socket.isClosed = true;
    socket.readyState = 3;
    this.say(`socket ${socket.id} ends`);
    this.tell(socket, 'onclose', random.pick([{ code: 1006, reason: '' }, { code: 4000, reason: 'why' }, undefined, {}]));
  }

  sent(socket, text) {
    const { random } = this;
    this.say(`socket ${socket.id} sends ${text.slice(0, 200)}`);
    if (!socket.isKind && random.chance(0.05)) refuse();
    const parts = text.startsWith('[') ? text.slice(1, -1).split(/,(?=\{)/) : [text];
    for (const part of parts) {
      const [, kind, id] = /^\{(\w+):\[(-?\d+)/.exec(part) ?? [];
      const answers = {
        handshake: () => (part.includes('session:')
          ? random.pick(['{handshake:[0],ok:0}', '{handshake:[0],ok:3}', '{handshake:[0],ok:1}', '{handshake:[0],error:[11]}'])
          : random.pick([`{handshake:[0],ok:'s${random.below(3)}'}`, `{handshake:[0],ok:'s'}`, '{handshake:[0],error:[10]}'])),
        call: () => random.pick([`{callback:[${id}],ok:[${id}]}`, `{callback:[${id}],ok:[]}`, `{callback:[${id}],error:[1,'no']}`]),
        inspect: () => `{callback:[${id}],ok:['a','b','${random.pick(['c', '__proto__', 'then', 'emit'])}']}`,
        ping: () => `{pong:[${id}]}`,
      };
      const answer = answers[kind]?.();
      if (!answer) continue;
      const give = () => this.tell(socket, 'onmessage', { data: answer });
      if (!socket.isKind && random.chance(0.2)) continue;
      if (!socket.isKind && random.chance(0.1)) give();
      else realTimeout(give, random.below(6));
      if (!socket.isKind && random.chance(0.1)) realTimeout(give, random.below(6));
      if (!socket.isKind && random.chance(0.1)) realTimeout(() => this.babble(socket), random.below(4));
      if (!socket.isKind && random.chance(0.05)) realTimeout(() => this.end(socket), random.below(6));
    }
  }

  /** Something that no server ought to say, or ought not to say now. */
  babble(socket) {
    const { random } = this;
    const id = random.pick([-3, -1, 0, 1, 2, 3, 7, 1e15]);
    const data = random.pick([
      `{callback:[${id}],ok:[1,2,3]}`, `{callback:[${id}],ok:5}`, `{callback:[${id}]}`, `{callback:[${id}],error:[]}`,
      `{callback:[${id}],error:[-1]}`, `{pong:[${id}]}`, `{ping:[${id}]}`, `{call:[${id},'i'],m:[1]}`, `{call:[${id},'i'],none:[]}`,
      `{call:[${id},'i'],m:5}`, `{event:[${id},'i'],e:[1]}`, `{event:[${id},'i'],error:[1]}`, `{event:[${id},'i'],newListener:[1]}`,
      `{event:[${id},'i'],e:5}`, `{inspect:[${id},'i']}`, `{inspect:[${id},'none']}`, '{}', '', 'null', '5', '[]', '[[]]', '{', '{a',
      '{handshake:[0],ok:0}', "{handshake:[0],ok:'t'}", "{handshake:[0,'app']}", '{handshake:null}', '{call:null}',
      `[{ping:[${id}]},{event:[${id},'i'],e:[2]},{callback:[1],ok:[]}]`, `[{ping:[${id}]},{]`, '['.repeat(2000), "{x:[1],y:'z'}",
      `{event:[${id},'i'],e:[${'0,'.repeat(random.below(3000))}0]}`, `{event:[${id},'__proto__'],constructor:[]}`,
      new ArrayBuffer(3), new Uint8Array([0x7b, 0x7d]).buffer, new Uint8Array([0xff, 0xff]).buffer, 7, null, {}, undefined,
    ]);
    const text = typeof data === 'string' && random.chance(0.2) ? data.slice(0, random.below(data.length + 1)) : data;
    this.say(`socket ${socket.id} says ${typeof text === 'string' ? text.slice(0, 80) : Object.prototype.toString.call(text)}`);
    this.tell(socket, 'onmessage', random.chance(0.02) ? null : { data: text });
  }

  // The page.

  fail(error) {
    this.failure ??= error;
  }

  /** Anything at all, from page code that was called from anywhere. */
  again() {
    if (this.isOver || this.depth > 3 || !this.random.chance(0.4)) return;
    this.act();
  }

  /** Page code that may throw. */
  code(value) {
    this.again();
    if (!this.isOver && this.random.chance(0.2)) refuse();
    return value;
  }

  promise(name, begin) {
    let promise;
    try {
      promise = begin();
    } catch (error) {
      return this.thrown(name, error);
    }
    if (!(promise instanceof Promise)) return this.fail(new Error(`${name} returned ${promise}`));
    const entry = { name, settled: 0 };
    this.started.push(entry);
    const settle = (how) => () => {
      entry.settled++;
      this.say(`${name} ${how}`);
      this.again();
    };
    promise.then(settle('is done'), settle('failed'));
    return undefined;
  }

  callback(name, begin) {
    const entry = { name, settled: 0, isInside: true };
    try {
      const returned = begin((...args) => {
        entry.settled++;
        this.say(`${name} calls back ${args[0]?.message ?? ''}`);
        if (entry.isInside) this.fail(new Error(`${name} called back inside`));
        return this.code();
      });
      if (returned !== undefined) this.fail(new Error(`${name} returned ${returned} beside a callback`));
      this.started.push(entry);
    } catch (error) {
      if (entry.settled > 0) this.fail(new Error(`${name} threw and called back`));
      this.thrown(name, error);
    }
    entry.isInside = false;
  }

  /** What may be thrown at a page: what its own code threw, and what says that something cannot be done. */
  thrown(name, error) {
    if (error instanceof Mine || error?.name === 'RemoteError') return;
    if (!/cannot be sent|peers cannot read/.test(error?.message)) this.fail(new Error(`${name} threw`, { cause: error }));
  }

  options() {
    const { random } = this;
    const controller = new AbortController();
    this.signals.push(controller);
    const all = {
      get resend() { return random.chance(0.3); },
      signal: random.pick([undefined, controller.signal, {
        aborted: random.chance(0.2),
        reason: 'r',
        addEventListener: (name, listener) => { if (random.chance(0.3)) listener(); this.code(); },
        removeEventListener: () => this.code(),
      }]),
      timeout: random.pick([undefined, 0, 1, 5, Infinity]),
    };
    if (random.chance(0.1)) Object.defineProperty(all, 'signal', { get: () => this.code(undefined) });
    return all;
  }

  args() {
    const { random } = this;
    const self = this;
    return random.pick([
      [], [1], ['text', { a: [true, null] }], [undefined], [1n], [NaN], [() => {}],
      [{ toJSON: () => this.code(1) }], [{ get a() { return self.code(1); } }],
      [new Proxy({ a: 1 }, { get: (target, key) => self.code(target[key]), ownKeys: (target) => self.code(Reflect.ownKeys(target)) })],
      [new Proxy([1, 2], { get: (target, key) => self.code(target[key]) })],
      Object.freeze([Object.freeze({})]), new Proxy([1], {}), [new Uint8Array(5)], [new Date(NaN)],
      Object.assign([1], { toJSON: () => this.code([2]) }),
    ]);
  }

  client() {
    const { random } = this;
    const policies = [
      undefined,
      undefined,
      (app, connection, session, callback) => {
        this.adopt(connection);
        this.again();
        connection.handshake(app, session ?? null, null, (...outcome) => {
          this.again();
          callback(...outcome);
          if (random.chance(0.2)) callback(new Mine('mine'));
        });
      },
      (app, connection, session, callback) => {
        this.adopt(connection);
        const what = random.below(6);
        if (what === 0) refuse();
        if (what === 1) callback(new Mine('mine'));
        if (what === 2) callback(null, connection);
        if (what === 3) return Promise.reject(new Mine('mine'));
        if (what === 4) connection.close();
        if (what === 5 && this.kept) {
          const other = Session.fromString(this.kept);
          return connection.handshake(app, random.chance(0.2) ? Object.freeze(other) : other)
            .then((created) => callback(null, connection, created), (error) => callback(error, connection));
        }
        return this.code();
      },
    ];
    const methods = {
      m: (connection, one, callback) => {
        this.adopt(connection);
        const outcome = random.below(7);
        if (outcome === 0) return { then: (done) => { done(this.code(1)); done(2); } };
        if (outcome === 1) return { get then() { return refuse(); } };
        if (outcome === 2) return Promise.reject(new Mine('mine'));
        if (outcome === 3) callback(this.code(null), 1n);
        callback(this.code(null), 1);
        if (outcome === 4) callback(null, 2);
        return undefined;
      },
    };
    return {
      connectTimeout: 15,
      handshakeTimeout: 15,
      resumeCheck: 5,
      inDoubtTimeout: 5,
      heartbeatInterval: random.pick([undefined, 3]),
      heartbeatTimeout: random.pick([undefined, 5]),
      callTimeout: random.pick([undefined, undefined, 10]),
      bufferLimit: random.pick([undefined, { messages: 5 }]),
      connectPolicy: random.pick(policies),
      onSessionLost: random.pick([undefined, 'renew', 'stop']),
      application: new Application('page', { i: methods }, { i: { e: () => this.code() } }),
      reconnector: (connection, reconnect) => {
        this.adopt(connection);
        this.reconnects.push(reconnect);
        this.again();
        if (random.chance(0.6)) realTimeout(() => this.attempt(reconnect), random.below(5));
        return this.code();
      },
      logger: random.chance(0.2) ? { emit: () => this.code() } : undefined,
    };
  }

  attempt(reconnect) {
    if (this.isOver) return;
    if (this.random.chance(0.5)) reconnect();
    else this.callback('reconnect function', (callback) => reconnect(callback));
  }

  found(proxy, { id }) {
    if (this.proxies.includes(proxy)) return;
    this.proxies.push(proxy);
    this.owners.set(proxy, id);
  }

  /** A connection that the page has got hold of. */
  adopt(connection) {
    if (this.connections.includes(connection)) return;
    this.connections.push(connection);
    connection.on('stateChange', (state, previous, { reason }) => this.say(`${connection.id} is ${state}, ${reason}`));
    for (const name of ['close', 'error', 'stateChange', 'reconnect', 'reconnectAttempt', 'sessionLost', 'call', 'incomingMessage',
      'outgoingMessage', 'messageRejected', 'newListener', 'removeListener', 'handshake', 'callback']) {
      if (name === 'error' || this.random.chance(0.3)) connection.on(name, () => this.code());
    }
  }

  act() {
    const { random } = this;
    this.depth++;
    try {
      const connection = random.pick(this.connections);
      if (!connection || random.chance(0.03)) return this.connect();
      const proxy = random.pick(this.proxies);
      const config = { WebSocket: this.Socket, closeTimeout: 10, connectTimeout: 10, honourToMDSF: random.chance(0.1) };
      const actions = {
        call: () => this.promise('call', () => connection.callMethod('i', 'm', this.args())),
        callBack: () => this.callback('call', (callback) => connection.callMethod('i', 'm', this.args(), callback)),
        callOptions: () => this.promise('call with options', () => connection.callMethod('i', 'm', this.args(), this.options())),
        again: () => this.promise('resent call', () => connection.callMethodWithResend('i', 'm', this.args())),
        againBack: () => this.callback('resent call', (callback) => connection.callMethodWithResend('i', 'm', this.args(), callback)),
        badName: () => this.promise('call of call', () => connection.callMethod('i', random.pick(['call', '5', '__proto__', '']), [])),
        emit: () => connection.emitRemoteEvent('i', 'e', this.args()),
        inspect: () => this.promise('inspection', () => connection.inspectInterface(random.pick(['i', 'j', '__proto__'])).then((found) => {
          this.found(found, connection);
        })),
        inspectBack: () => this.callback('inspection', (callback) => connection.inspectInterface('i', callback)),
        ping: () => this.promise('ping', () => connection.ping()),
        pingBack: () => this.callback('ping', (callback) => connection.ping(callback)),
        handshake: () => this.promise('handshake', () => connection.handshake('app')),
        handshakeSession: () => this.kept && this.promise('handshake with a session', () =>
          connection.handshake('app', Session.fromString(this.kept))),
        spoil: () => random.chance(0.05) && random.pick([
          () => Object.freeze(connection),
          () => Reflect.set(connection, 'remoteProxies', null),
          () => Reflect.set(connection, 'application', { callMethod: refuse, getMethods: refuse, handleEvent: refuse }),
          () => Object.freeze(connection.session),
          () => proxy && Object.freeze(proxy),
        ])(),
        handshakeBack: () => this.callback('handshake', (callback) => connection.handshake('app', 'user', 'x', callback)),
        reconnect: () => this.promise(`reconnection of ${connection.id}`, () => ws.reconnect(connection, config, URL)),
        reconnectBack: () => this.callback(`reconnection of ${connection.id}`, (callback) => ws.reconnect(connection, config, URL, callback)),
        reconnectFunction: () => this.reconnects.length > 0 && this.attempt(random.pick(this.reconnects)),
        close: () => random.chance(0.3) && connection.close(),
        dispose: () => random.chance(0.2) && this.promise('disposal', () => connection[disposal]()),
        forget: () => random.chance(0.2) && connection.forgetSession(),
        heartbeat: () => random.pick([() => connection.startHeartbeat(1 + random.below(5)), () => connection.stopHeartbeat()])(),
        look: () => [connection.state, connection.stats, connection.rtt, connection.getTransport(), connection.session?.toString()],
        listen: () => connection.on(random.pick(['close', 'call', 'incomingMessage']), () => this.code()),
        deafen: () => random.chance(0.2) && connection.removeAllListeners(random.pick(['close', 'stateChange', 'call'])),
        keep: () => {
          const { session } = connection;
          if (session) this.kept = session.toString();
        },
        abort: () => random.pick(this.signals)?.abort(),
        method: () => proxy && this.promise('method', () => proxy.callMe?.() ?? proxy.a?.(...this.args()) ?? Promise.resolve()),
        methodBack: () => typeof proxy?.a === 'function' && this.callback('method', (callback) =>
          proxy.a(...random.pick([[callback], [1, callback, true], [callback, false]]))),
        bound: () => proxy && this.promise('bound method', () =>
          proxy.withOptions(this.options()).a?.(...this.args()) ?? Promise.resolve()),
        proxyEmit: () => proxy?.emit(random.pick(['e', 'error']), 1),
        proxyListen: () => proxy?.on(random.pick(['e', 'error', 'newListener']), () => this.code()),
        stream: () => {
          if (!proxy) return;
          const stream = proxy.events('e', random.chance(0.3) ? this.options() : undefined);
          this.streams.push(stream);
          this.say(`events of ${this.owners.get(proxy)}, which is ${this.connections.find(({ id }) => id === this.owners.get(proxy))?.state}`);
          this.promise('event', () => stream.next());
        },
        streamNext: () => this.streams.length > 0 && this.promise('event', () => random.pick(this.streams).next()),
        streamEnd: () => this.streams.length > 0 && random.pick(this.streams).return(),
        cut: () => {
          const socket = random.pick(this.sockets);
          if (socket) this.end(socket);
        },
        babble: () => {
          const socket = random.pick(this.sockets);
          if (socket && !socket.isKind) this.babble(socket);
        },
      };
      const name = random.pick(Object.keys(actions));
      this.say(`${name} of ${connection.id}`);
      try {
        actions[name]();
      } catch (error) {
        this.thrown(name, error);
      }
    } finally {
      this.depth--;
    }
    return undefined;
  }

  connect() {
    const { random } = this;
    const { ...client } = this.client();
    const config = { WebSocket: this.Socket, closeTimeout: 10, connectTimeout: 15, batch: random.chance(0.7), maxReceivedMessageSize: 5000 };
    if (this.kept && random.chance(0.5)) client.session = Session.fromString(this.kept);
    const found = (connection) => this.adopt(connection);
    this.say('connect');
    // A page closes what it has, and this gets no connection before a server has answered the inspections.
    const adopting = { ...client, connectPolicy: (app, connection, session, callback) => {
      this.adopt(connection);
      connection.handshake(app, session ?? null, null, callback);
    } };
    random.pick([
      () => this.promise('connect', () => ws.connect('app', client, config, URL).then(found)),
      () => this.callback('connect', (callback) => ws.connect('app', client, config, URL, (error, connection) => {
        if (connection) found(connection);
        callback(error);
      })),
      () => this.promise('connectAndInspect', () => ws.connectAndInspect('app', adopting, ['i', 'j'], config, URL).then(({ connection, proxies }) => {
        found(connection);
        for (const proxy of Object.values(proxies)) this.found(proxy, connection);
      })),
    ])();
  }

  /** What has yet to settle or to close. */
  left() {
    const left = this.started.filter(({ settled }) => settled === 0).map(({ name }) => name);
    for (const { id, state, stats, closedIntentionally } of this.connections) {
      const isOver = state === 'closed' && closedIntentionally && stats.pendingCalls + stats.unacknowledgedMessages === 0;
      if (!isOver) left.push(`connection ${id} is ${state}`);
    }
    for (const socket of this.sockets) {
      if (['onopen', 'onmessage', 'onclose'].some((name) => socket[name])) left.push(`a listener of socket ${socket.id}`);
    }
    return left;
  }

  async play() {
    this.connect();
    for (let step = 0; step < STEPS && !this.failure; step++) {
      this.act();
      if (this.random.chance(0.5)) await after(this.random.below(4));
      else if (this.random.chance(0.5)) await Promise.resolve();
    }
    this.say('the end');
    this.isOver = true;
    // Attempts that have yet to hand out their connection end by their own limits.
    for (const deadline = Date.now() + PATIENCE; this.left().length > 0 && Date.now() < deadline;) {
      for (const connection of this.connections) {
        connection.close();
        connection.forgetSession();
      }
      await after(5);
    }
    assert.deepEqual(this.left(), []);
    const twice = this.started.filter(({ settled }) => settled > 1).map(({ name }) => name);
    assert.deepEqual(twice, [], 'what has settled more than once');
    if (this.failure) throw this.failure;
  }
}

test('whatever pages and networks do, all settles once and nothing is left', { timeout: 590_000 }, async (t) => {
  const complaints = [];
  t.mock.method(console, 'error', (...args) => {
    const [error, connection] = args;
    // What page code threw, a peer's event called error, and an error of a connection the page has yet to get.
    if (error instanceof Mine || error === 1 || connection) return;
    complaints.push(error);
  });
  process.on('unhandledRejection', (error) => complaints.push(error));
  for (let from = FIRST; from < FIRST + RUNS; from += TOGETHER) {
    const seeds = Array.from({ length: Math.min(TOGETHER, FIRST + RUNS - from) }, (_, index) => from + index);
    const runs = seeds.map((seed) => new Run(seed));
    const outcomes = await Promise.allSettled(runs.map((run) => run.play()));
    const failed = runs.filter((run, index) => outcomes[index].reason);
    if (LOG) for (const { seed, log } of failed) writeFileSync(`${LOG}.${seed}`, log.join('\n'));
    const [first] = failed;
    if (first) assert.fail(`${failed.length} runs failed; seed ${first.seed}: ${inspect(outcomes[runs.indexOf(first)].reason)}`);
  }
  for (const deadline = Date.now() + PATIENCE; timers.size > 0 && Date.now() < deadline;) await after(5);
  assert.equal(timers.size, 0, 'timers are left');
  // What cannot be sent, and a page that has put null in the place of `remoteProxies`.
  const unexpected = complaints.filter((error) => !/cannot be sent|undefined or null/.test(error?.message));
  assert.deepEqual(unexpected, []);
});
