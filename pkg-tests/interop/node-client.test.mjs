// Upstream's Node client against our server, and against upstream's as a check of the tests.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';

import { servers } from '../lib/servers.mjs';
import * as client from '../lib/upstream.mjs';

const { jstp, call, callProxy } = client;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const hasCode = (code, message) => (error) => {
  assert.ok(error instanceof jstp.RemoteError, `a RemoteError, not ${error}`);
  assert.equal(error.code, code);
  if (message !== undefined) assert.equal(error.message, message);
  return true;
};

for (const kind of servers) {
  describe(`upstream's Node client and ${kind.name}`, () => {
    let server;
    before(async () => {
      server = await kind.start();
    });
    after(() => server?.stop());

    /** Connects, runs `use`, and closes whatever came of it. */
    const connected = (app, options, use) => async () => {
      const connection = await client.connect(server.url, app, options);
      try {
        await use(connection);
      } finally {
        await client.close(connection);
      }
    };

    test('connect', connected('fixture', {}, async (connection) => {
      assert.match(connection.session.id, UUID);
      assert.equal(connection.username, null);
      assert.deepEqual(await call(connection, 'session', 'id'), [connection.session.id]);
    }));

    for (const [app, version, answer] of [
      ['fixture', '2.0.0', 24],
      ['fixture@1', '1.2.3', 42],
      ['fixture@~1.0', '1.0.0', 42],
      [{ name: 'fixture', version: '>=1.2 <2' }, '1.2.3', 42],
      [{ name: 'fixture', version: '2.0.0' }, '2.0.0', 24],
      ['other', '1.0.0', 7],
    ]) {
      test(`${JSON.stringify(app)} is ${version}`, connected(app, {}, async (connection) => {
        assert.deepEqual(await call(connection, 'session', 'version'), [version]);
        assert.deepEqual(await call(connection, 'calc', 'answer'), [answer]);
      }));
    }

    for (const app of ['nope', 'fixture@3', 'fixture@1.0.1']) {
      test(`${app} is not found`, () =>
        assert.rejects(client.connect(server.url, app), hasCode(10, 'Application not found')));
    }

    test('methods', connected('fixture', {}, async (connection) => {
      assert.deepEqual(await call(connection, 'calc', 'add', 1.5, 2), [3.5]);
      assert.deepEqual(await call(connection, 'echo', 'many', 1, 'b', [3]), [1, 'b', [3]]);
      assert.deepEqual(await call(connection, 'echo', 'none'), []);
      assert.deepEqual(await call(connection, 'echo', 'later', 20, 'x'), ['x']);
    }));

    test('values', connected('fixture', {}, async (connection) => {
      const values = [
        null, true, false, 0, -1.5, 1e300, 5e-324, '', 'é ж 漢 😀', '\0\b\t\n\r\u2028\u2029\'"\\',
        [], {}, [[[]]], [1, undefined, 3], { a: { 'b c': [1, { d: null }] }, 10: 'ten', '': 0 },
        'x'.repeat(100_000), Array.from({ length: 5_000 }, (_, i) => ({ i })),
      ];
      for (const value of values) {
        assert.deepEqual(await call(connection, 'echo', 'one', value), [value]);
      }
    }));

    test('a message of 1 MiB each way', connected('fixture', {}, async (connection) => {
      const value = 'é'.repeat(512 * 1024);
      const [back] = await call(connection, 'echo', 'one', value);
      assert.ok(back === value);
    }));

    test('a thousand calls at once', connected('fixture', {}, async (connection) => {
      const sums = await Promise.all(
        Array.from({ length: 1000 }, (_, i) => call(connection, 'calc', 'add', i, i)),
      );
      assert.deepEqual(sums, Array.from({ length: 1000 }, (_, i) => [2 * i]));
    }));

    for (const [what, iface, method, args, code, message, info = null] of [
      ['interface', 'nope', 'm', [], 12, 'Interface not found'],
      ['method', 'calc', 'nope', [], 14, 'Method not found'],
      ['signature', 'calc', 'add', [1], 17, 'Invalid signature'],
      ['exception', 'fail', 'throws', [], 16, 'Internal API error'],
      ['async failure', 'fail', 'rejects', [], 16, 'Internal API error'],
      ['plain error', 'calc', 'divide', [1, 0], 1, 'Error: Zero division'],
      ['text', 'fail', 'text', ['no'], 1, 'no'],
      ['code', 'fail', 'code', [1234], 1234, '1234'],
      ['standard code', 'fail', 'code', [13], 13, 'Incompatible interface'],
      ['custom error', 'fail', 'custom', [], 1025, 'Custom failure', ['a', { b: 2 }]],
    ]) {
      test(`error: ${what}`, connected('fixture', {}, async (connection) => {
        const error = await call(connection, iface, method, ...args).catch((reason) => reason);
        assert.ok(hasCode(code, message)(error));
        assert.deepEqual(error.info, info);
        assert.deepEqual(await call(connection, 'calc', 'answer'), [24]);
      }));
    }

    test('connectAndInspect', async () => {
      const interfaces = ['calc', 'echo', 'events'];
      const { connection, proxies } = await client.connectAndInspect(
        server.url, 'fixture@1', interfaces,
      );
      try {
        assert.deepEqual(Object.keys(proxies).sort(), interfaces);
        assert.deepEqual(await callProxy(proxies.calc, 'answer'), [42]);
        assert.deepEqual(await callProxy(proxies.calc, 'add', 2, 3), [5]);
        await assert.rejects(callProxy(proxies.calc, 'divide', 1, 0), hasCode(1));
        assert.deepEqual(await callProxy(proxies.echo, 'many', 1, 2, 3), [1, 2, 3]);
        assert.equal(proxies.calc.nope, undefined);
      } finally {
        await client.close(connection);
      }
    });

    test('connectAndInspect with an unknown interface', async () => {
      const attempt = client.connectAndInspect(server.url, 'fixture', ['calc', 'nope']);
      const error = await attempt.catch((reason) => reason);
      assert.ok(hasCode(12)(error));
      await client.close(error.connection);
    });

    test('events from the server', connected('fixture', {}, async (connection) => {
      const proxy = await client.inspect(connection, 'events');
      const heard = [];
      proxy.on('tick', (...args) => heard.push(args));
      proxy.on('hello', (...args) => heard.push(args));
      // Through the connection: `proxy.emit` is the emitter's own.
      await call(connection, 'events', 'emit', 'hello', ['a', { b: 1 }]);
      assert.deepEqual(await callProxy(proxy, 'flood', 100, 'p'), [100]);
      assert.deepEqual(heard, [
        ['a', { b: 1 }],
        ...Array.from({ length: 100 }, (_, i) => [i, 'p']),
      ]);
    }));

    test('events from the client', connected('fixture', {}, async (connection) => {
      const proxy = await client.inspect(connection, 'events');
      const got = [];
      proxy.on('got', (...args) => got.push(args));
      proxy.emit('said', 1, 'two');
      connection.emitRemoteEvent('events', 'raw', [{ three: 3 }]);
      connection.emitRemoteEvent('calc', 'nobody hears', []);
      await client.ping(connection);
      assert.deepEqual(got, [['said', [1, 'two']], ['raw', [{ three: 3 }]]]);
    }));

    test('ping, both ways', connected('fixture', {}, async (connection) => {
      await client.ping(connection);
      const [rtt] = await call(connection, 'back', 'ping');
      assert.ok(rtt >= 0 && rtt < 5_000, `a round trip of ${rtt} ms`);
    }));

    const page = {
      greet: (connection, name, callback) => callback(null, `hello ${name}`, name.length),
      refuse: (connection, callback) => callback(new jstp.RemoteError(1234, 'no', ['why'])),
      fail: (connection, callback) => callback(new Error('plain')),
      quiet: (connection, callback) => callback(null),
      later: async (connection, x) => ({ x }),
    };
    const application = new jstp.Application('app', { page });
    test(
      'the server calls the client',
      connected('fixture', { application }, async (connection) => {
        const invoke = async (method, ...args) =>
          (await call(connection, 'back', 'invoke', 'page', method, args))[0];
        assert.deepEqual(await invoke('greet', 'bob'), { ok: ['hello bob', 3] });
        assert.deepEqual(await invoke('quiet'), { ok: [] });
        assert.deepEqual(await invoke('later', [1, { two: 2 }]), { ok: [{ x: [1, { two: 2 }] }] });
        assert.deepEqual(await invoke('refuse'), { error: [1234, 'no', 'why'] });
        assert.deepEqual(await invoke('fail'), { error: [1, 'Error: plain'] });
        assert.deepEqual(await invoke('nope'), { error: [14] });
        assert.deepEqual(await invoke('greet'), { error: [17] });
        assert.deepEqual(await call(connection, 'back', 'invoke', 'nope', 'm', []), [
          { error: [12] },
        ]);
        assert.deepEqual(await call(connection, 'back', 'invokeResend', 'page', 'quiet', []), [
          { ok: [] },
        ]);
        assert.deepEqual(await call(connection, 'back', 'inspect', 'page'), [Object.keys(page)]);
        assert.deepEqual(await call(connection, 'back', 'inspect', 'nope'), [{ error: [12] }]);
      }),
    );

    test('the server calls a client that has nothing', connected('fixture', {}, async (connection) => {
      const [outcome] = await call(connection, 'back', 'invoke', 'page', 'm', []);
      assert.deepEqual(outcome, { error: [12] });
    }));

    test('login', async () => {
      for (const [login, password] of [['marcus', 'secret'], ['slow', 'slow']]) {
        await connected(
          'fixture',
          { connectPolicy: new jstp.SimpleConnectPolicy(login, password) },
          async (connection) => {
            assert.equal(connection.username, login);
            assert.deepEqual(await call(connection, 'session', 'username'), [login]);
          },
        )();
      }
    });

    for (const [login, password, code, message] of [
      ['marcus', 'wrong', 11, 'Authentication failed'],
      ['nobody', 'secret', 11, 'Authentication failed'],
      ['blocked', 'any', 1100, 'Account blocked'],
    ]) {
      test(`login of ${login} with ${password} is refused with ${code}`, async () => {
        const connectPolicy = new jstp.SimpleConnectPolicy(login, password);
        const attempt = client.connect(server.url, 'fixture', { connectPolicy });
        await assert.rejects(attempt, hasCode(code, message));
      });
    }

    test('the server closes', async () => {
      const connection = await client.connect(server.url, 'fixture');
      const closed = once(connection, 'close');
      await call(connection, 'admin', 'close');
      await closed;
    });

    test('broadcast reaches every client, and says how many', async () => {
      const alone = await kind.start();
      const connections = [];
      try {
        for (let i = 0; i < 3; i++) connections.push(await client.connect(alone.url, 'fixture'));
        const proxies = await Promise.all(connections.map((one) => client.inspect(one, 'events')));
        const heard = Promise.all(proxies.map((proxy) => once(proxy, 'news')));
        assert.deepEqual(await callProxy(proxies[0], 'broadcast', 'news', [1, 'two']), [3]);
        assert.deepEqual(await heard, [[1, 'two'], [1, 'two'], [1, 'two']]);
      } finally {
        await Promise.all(connections.map(client.close));
        await alone.stop();
      }
    });

    test('with --heartbeat the server pings, and the client answers', async () => {
      const beating = await kind.start('--heartbeat', '50');
      try {
        const connection = await client.connect(beating.url, 'fixture');
        const sent = [];
        connection.on('outgoingMessage', (message) => sent.push(message));
        await new Promise((resolve) => void setTimeout(resolve, 400));
        const pongs = sent.filter((message) => message.pong).map((message) => message.pong[0]);
        assert.ok(pongs.length >= 3 && pongs.length <= 9, `${pongs.length} pongs in 400 ms`);
        assert.deepEqual(pongs, pongs.map((_, i) => -1 - i));
        await client.close(connection);
      } finally {
        await beating.stop();
      }
    });

    test('applications are replaced while clients are connected', async () => {
      const own = await kind.start();
      const connections = [];
      const open = async (app) => {
        connections.push(await client.connect(own.url, app));
        return connections.at(-1);
      };
      try {
        const admin = await open('fixture');
        const answer = (connection) => call(connection, 'update', 'method');

        await assert.rejects(open('update'), hasCode(10));
        await call(admin, 'admin', 'apps', 'old');
        const [latest, pinned] = [await open('update'), await open('update@1.0.0')];
        assert.deepEqual(await answer(latest), [42]);

        await call(admin, 'admin', 'apps', 'new');
        assert.deepEqual(await answer(latest), [42]);
        await call(admin, 'admin', 'adopt');
        assert.deepEqual(await answer(latest), [420]);
        assert.deepEqual(await answer(pinned), [42]);

        await call(admin, 'admin', 'apps', 'breaking');
        await call(admin, 'admin', 'adopt');
        assert.deepEqual(await answer(latest), [420]);
        await assert.rejects(answer(await open('update')), hasCode(14));
      } finally {
        await Promise.all(connections.map(client.close));
        await own.stop();
      }
    });
  });
}
