// Our classes beside upstream's: given the same, they hold and say the same. Where they are meant not to
// (docs/quirks.md), it is not asked.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as ours from '../pkg/index.js';
import { jstp as theirs } from './lib/upstream.mjs';

const codes = Object.entries(theirs).filter(([name]) => name.startsWith('ERR_'));

test('the codes have the same names and messages', () => {
  assert.ok(codes.length >= 10);
  for (const [name, code] of codes) {
    assert.equal(ours[name], code, name);
    assert.equal(ours.RemoteError.defaultMessages[code], theirs.RemoteError.defaultMessages[code], name);
  }
});

test('an error is read from the wire and written to it the same', () => {
  const arrays = [
    ...codes.map(([, code]) => [code]), [14, 'words'], [0], [1, 'x'], [1025], [1025, ''], [1025, 'words'],
    [1025, 'words', 1], [1025, 'words', 1, [2], { three: 3 }], [1025, '1025', 1],
  ];
  const shown = ({ RemoteError }, array) => {
    const error = RemoteError.fromJstpArray(array);
    const { name, code, message, info } = error;
    return { name, code, message, info: info ?? null, written: error.toJSTP() };
  };
  for (const array of arrays) assert.deepEqual(shown(ours, array), shown(theirs, array), JSON.stringify(array));

  const values = [0, 14, 1.5, '', 'words', true, {}, [], [1025, 'x'], new Error('x'), new TypeError('y'),
    Object.assign(new Error('x'), { toJSTP: () => [7, 'x'] })];
  for (const value of values) {
    assert.deepEqual(ours.RemoteError.getJstpArrayFor(value), theirs.RemoteError.getJstpArrayFor(value), String(value));
  }
});

test('an application has the same name, version and methods', () => {
  const api = { calc: { add(c, a, b, callback) { callback(null, a + b); }, answer(c, callback) { callback(null, 42); } }, empty: {} };
  const provider = { isAsync: () => false };
  for (const args of [
    ['app', api], ['app@2.0.0', api], ['app', api, {}, '3.1.0'], ['app@1.2.3', api, {}, '3.1.0'], ['app', api, {}, provider],
    ['app@2.0.0-beta.1+build', api, {}],
  ]) {
    const [mine, other] = [new ours.Application(...args), new theirs.Application(...args)];
    assert.equal(mine.name, other.name);
    assert.equal(mine.version, other.version);
    for (const name of ['calc', 'empty', 'nope']) {
      assert.deepEqual(mine.getMethods(name) ?? null, other.getMethods(name) ?? null);
    }
  }
  for (const version of ['1', '^1.0.0', 'latest', '01.0.0']) {
    for (const { Application } of [ours, theirs]) {
      assert.throws(() => new Application('app', api, {}, version), { name: 'TypeError', message: /^Invalid semver version/ });
    }
  }
});

test('a call of an application is answered the same', async () => {
  const api = {
    i: {
      add: (connection, a, b, callback) => callback(null, a + b),
      several: (connection, callback) => callback(null, 1, 'two', [3]),
      none: (connection, callback) => callback(null),
      fails: (connection, callback) => callback(new Error('on purpose')),
      async later(connection, x) { return x; },
      async rejects(connection) { throw 5; },
    },
  };
  const outcome = ({ Application, RemoteError }, iface, method, args) =>
    new Promise((resolve) => {
      new Application('app', api).callMethod({}, iface, method, args, (error, ...results) =>
        resolve(error ? RemoteError.getJstpArrayFor(error) : results));
    });
  for (const [iface, method, args] of [
    ['i', 'add', [1, 2]], ['i', 'add', [1]], ['i', 'add', [1, 2, 3]], ['i', 'several', []], ['i', 'none', []],
    ['i', 'fails', []], ['i', 'later', ['x']], ['i', 'later', []], ['i', 'rejects', []],
    ['i', 'nope', []], ['nope', 'add', [1, 2]],
  ]) {
    const [mine, other] = await Promise.all([ours, theirs].map((library) => outcome(library, iface, method, args)));
    assert.deepEqual(mine, other, `${iface}.${method}(${args})`);
  }
});

test('a policy without credentials is anonymous, with them it logs in, and with a session it resumes', () => {
  const asked = ({ SimpleConnectPolicy }, credentials, session) => {
    const seen = [];
    const connection = { handshake: (...args) => seen.push(...args.slice(0, 3)) };
    new SimpleConnectPolicy(...credentials).connect('app', connection, session, () => {});
    return seen;
  };
  const session = {};
  for (const [credentials, given] of [[[], undefined], [['marcus', 'secret'], undefined], [['marcus', 'secret'], session], [[], session]]) {
    assert.deepEqual(asked(ours, credentials, given), asked(theirs, credentials, given));
  }
});

test('each reads the text of a session that the other has written', () => {
  const data = [['cart', [1, { two: 2 }]], ['user', null], [7, 'by number']];
  const text = (Session, session) => {
    for (const [key, value] of data) session.set(key, value);
    return session.toString();
  };
  const [mine, other] = [
    text(ours.Session, new ours.Session(null, 'marcus', 'an id')),
    text(theirs.Session, new theirs.Session(null, 'marcus', 'an id')),
  ];
  assert.equal(mine, other);
  const used = JSON.stringify({
    ...JSON.parse(other),
    guaranteedDeliveredCount: 2,
    buffer: [[3, "{event:[3,'i'],x:[]}"], [4, "{call:[4,'i'],m:['\\'']}"]],
    receivedCount: 5,
    latestBufferedMessageId: 4,
  });
  for (const [reader, writer] of [[ours, theirs], [theirs, ours], [ours, ours]]) {
    const session = reader.Session.fromString(writer.Session.fromString(used).toString());
    assert.deepEqual([...session], data);
    assert.deepEqual([session.id, session.username], ['an id', 'marcus']);
    assert.equal(session.toString(), used);
  }
});
