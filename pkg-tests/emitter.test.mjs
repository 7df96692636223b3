// Our emitters beside Node's: the same operations, in any order, have the same effect.
//
// SEED   which operations, from an earlier run

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';

import { Connection, RemoteProxy } from '../pkg/index.js';

const METHODS = [
  'on', 'addListener', 'prependListener', 'once', 'prependOnceListener', 'off', 'removeListener',
  'removeAllListeners', 'emit', 'listenerCount', 'listeners', 'rawListeners', 'eventNames',
  'setMaxListeners', 'getMaxListeners',
];

const ours = {
  // What a connection does its work through, whose methods have short names; here it has none to do.
  Connection: () => new Connection(new Proxy({}, { get: () => () => {} }), { client: null, application: null }),
  RemoteProxy: () => new RemoteProxy({ emitRemoteEvent() {} }, 'interface', ['login']),
};

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

/** Numbers below a limit that a seed repeats (mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** What `count` operations on an emitter have for an effect, line by line. */
function story(emitter, seed, count) {
  const random = randomFrom(seed);
  const told = [];
  const names = ['a', 'b', 'incomingMessage'];
  const internal = ['newListener', 'removeListener'];
  const plain = Array.from({ length: 4 }, (_, index) => function listener(...args) {
    assert.equal(this, emitter);
    told.push(`${index} hears ${args.filter((arg) => typeof arg !== 'function').join()}`);
  });
  // Those that change who listens while an event is told.
  const listeners = [
    ...plain,
    () => { told.push('4 adds'); emitter.on('c', plain[0]); },
    () => { told.push('5 removes'); emitter.off('a', plain[0]); },
    () => {
      told.push('6 emits');
      if (depth > 2) return;
      depth += 1;
      emitter.emit('a', 'again');
      depth -= 1;
    },
  ];
  let depth = 0;
  const pick = (list) => list[random(list.length)];
  const act = {
    add: () => emitter[pick(METHODS.slice(0, 5))](pick(names), pick(listeners)) === emitter,
    // What these hear of must not be their own doing.
    watch: () => emitter[pick(METHODS.slice(0, 3))](pick(internal), pick(plain)) === emitter,
    remove: () => emitter[pick(['off', 'removeListener'])](pick([...names, ...internal]), pick(listeners)) === emitter,
    removeAll: () => emitter.removeAllListeners(...pick([['a'], ['b'], ['c'], []])) === emitter,
    emit: () => emitter.emit(pick(['a', 'b', 'c', 'nobody']), random(100), 'x'),
    count: () => emitter.listenerCount(pick([...names, ...internal])),
    listeners: () => emitter.listeners(pick(names)).map((listener) => listeners.indexOf(listener)),
    names: () => emitter.eventNames(),
    limit: () => emitter.setMaxListeners(1000 + random(100)) === emitter && emitter.getMaxListeners(),
  };
  const often = ['add', 'add', 'add', 'emit', 'emit', ...Object.keys(act)];
  for (let i = 0; i < count; i++) {
    const name = pick(often);
    told.push(`${name}: ${JSON.stringify(act[name]())}`);
  }
  return told;
}

for (const [name, make] of Object.entries(ours)) {
  test(`a ${name} has every method of Node's emitters that people use`, () => {
    const emitter = make();
    for (const method of METHODS) assert.equal(typeof emitter[method], 'function', method);
  });

  test(`a ${name} does what Node's emitter does`, (t) => {
    t.diagnostic(`SEED=${SEED}`);
    for (let seed = SEED; seed < SEED + 500; seed++) {
      const theirs = new EventEmitter().setMaxListeners(1000);
      const mine = make().setMaxListeners(1000);
      assert.deepEqual(story(mine, seed, 60), story(theirs, seed, 60), `SEED=${seed}`);
    }
  });

  test(`a ${name} takes functions for listeners only`, () => {
    for (const method of METHODS.slice(0, 7)) {
      assert.throws(() => make()[method]('a', 'no function'), TypeError, method);
      assert.throws(() => new EventEmitter()[method]('a', 'no function'), TypeError, method);
    }
  });
}

test('a remote method does not take the place of an emitter method', () => {
  const proxy = new RemoteProxy({ emitRemoteEvent() {} }, 'interface', [...METHODS, 'login']);
  assert.deepEqual(Object.keys(proxy), ['login']);
});
