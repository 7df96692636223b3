// Upstream's clients on a line that breaks: their sessions go on at our server. At upstream's own
// much of this goes wrong (Q1, Q2, Q3, Q17).

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { openLine } from '../faults/line.mjs';
import { launch, servePage } from '../lib/browser.mjs';
import { servers } from '../lib/servers.mjs';
import * as client from '../lib/upstream.mjs';
import { liveThroughCuts } from './cuts-script.mjs';

const { jstp, call } = client;
const BUNDLE = fileURLToPath(new URL('dist/jstp.umd.js', import.meta.resolve('@metarhia/jstp')));
const ours = servers.find((kind) => !kind.isUpstream);

describe("upstream's clients on a line that breaks", { skip: !ours }, () => {
  let server;
  let line;
  before(async () => {
    server = await ours.start('--faults');
    line = await openLine(server.port);
  });
  after(async () => {
    await line?.close();
    await server?.stop();
  });

  /** Reconnects at once, and again until it succeeds. */
  const reconnector = (connection, reconnect) => {
    if (!connection.closedIntentionally) setImmediate(reconnect);
  };

  const story = (name, tell, options = {}) =>
    test(name, async () => {
      const connection = await client.connect(line.url, 'fixture', { reconnector, ...options });
      try {
        await tell(connection);
      } finally {
        await client.close(connection);
      }
    });

  /** Breaks the line under the client, which is back when this resolves. */
  const breakLine = async (connection) => {
    const back = once(connection, 'reconnect');
    line.cut();
    const [error] = await back;
    assert.equal(error, null);
  };

  story('the session is the same, and what it holds', async (connection) => {
    const { id } = connection.session;
    await call(connection, 'session', 'set', 'k', [1, { two: 2 }]);
    for (let i = 0; i < 3; i++) {
      await breakLine(connection);
      assert.deepEqual(await call(connection, 'session', 'id'), [id]);
      assert.deepEqual(await call(connection, 'session', 'get', 'k'), [[1, { two: 2 }]]);
      assert.deepEqual(await call(connection, 'echo', 'count', 'n'), [i + 1]);
    }
  });

  story('a login stays one', async (connection) => {
    await breakLine(connection);
    assert.deepEqual(await call(connection, 'session', 'username'), ['marcus']);
  }, { connectPolicy: new jstp.SimpleConnectPolicy('marcus', 'secret') });

  story('what was called and emitted meanwhile gets through, once and in order', async (connection) => {
    const proxy = await client.inspect(connection, 'events');
    const got = [];
    proxy.on('got', (name, [n]) => got.push(n));
    const gone = once(connection, 'close');
    line.refusing = true;
    line.cut();
    await gone;
    const sums = [];
    for (let i = 0; i < 20; i++) {
      connection.emitRemoteEvent('events', 'said', [i]);
      sums.push(call(connection, 'calc', 'add', i, i));
    }
    line.refusing = false;
    assert.deepEqual(
      await Promise.all(sums),
      Array.from({ length: 20 }, (_, i) => [2 * i]),
    );
    await client.ping(connection);
    assert.deepEqual(got, Array.from({ length: 20 }, (_, i) => i));
  });

  story('a flood of events arrives whole through several cuts', async (connection) => {
    const proxy = await client.inspect(connection, 'events');
    const ticks = [];
    const all = new Promise((resolve) => {
      proxy.on('tick', (i) => {
        ticks.push(i);
        if (i === 599) resolve();
        if (i % 200 === 100) line.cut();
      });
    });
    // The answer may be lost with a transport, the events may not.
    call(connection, 'events', 'flood', 600, 'x'.repeat(500)).catch(() => {});
    await all;
    assert.deepEqual(ticks, Array.from({ length: 600 }, (_, i) => i));
  });

  /** Calls until an answer is cut short; resolves to what came of that call once the client is back. */
  const callInto = async (connection, makeCall) => {
    const admin = await client.connect(server.url, 'faults');
    const back = once(connection, 'reconnect');
    let isCut = false;
    connection.once('close', () => {
      isCut = true;
    });
    // Answered before it takes effect.
    await call(admin, 'line', 'truncate', connection.session.id, 1);
    let outcome;
    while (!isCut) outcome = await makeCall().catch((error) => error);
    await back;
    await client.close(admin);
    return outcome;
  };

  story('a call whose answer is lost gets it later, or fails with -1 (Q6)', async (connection) => {
    // The server sends the answer again right after the resume; whether the client has given the
    // call up by then is a matter of how TCP cuts what it reads.
    const outcome = await callInto(connection, () => call(connection, 'calc', 'answer'));
    assert.ok(outcome === -1 || outcome[0] === 24, `${outcome}`);
    assert.deepEqual(await call(connection, 'calc', 'answer'), [24]);
  });

  story('a call with resend is answered, whatever becomes of the answer', async (connection) => {
    const withResend = () =>
      new Promise((resolve, reject) => {
        connection.callMethodWithResend('calc', 'answer', [], (error, value) =>
          error ? reject(error) : resolve(value),
        );
      });
    assert.equal(await callInto(connection, withResend), 24);
  });

  const page = { double: (connection, n, callback) => callback(null, 2 * n) };
  story('the server calls a client that is away, and is answered when it is back', async (connection) => {
    const away = once(connection, 'close');
    await call(connection, 'admin', 'invokeLater', 100, 'page', 'double', [21]);
    line.refusing = true;
    line.cut();
    await away;
    await sleep(200);
    const back = once(connection, 'reconnect');
    line.refusing = false;
    await back;
    let late;
    do [late] = await call(connection, 'admin', 'lateAnswers');
    while (late.length === 0);
    assert.deepEqual(late, [{ ok: [42] }]);
    // Over the new transport it goes on as ever, in both directions.
    assert.deepEqual(await call(connection, 'back', 'invoke', 'page', 'double', [4]), [{ ok: [8] }]);
  }, { application: new jstp.Application('page', { page }) });

  story('a forgotten session is refused with 11, again and again (Q15)', async (connection) => {
    const admin = await client.connect(server.url, 'faults');
    const refused = new Promise((resolve) => {
      connection.on('reconnect', (error) => error && resolve(error));
    });
    line.refusing = true;
    const away = once(connection, 'close');
    line.cut();
    await away;
    await call(admin, 'line', 'forget', connection.session.id);
    line.refusing = false;
    assert.equal((await refused).code, 11);
    await client.close(admin);
  }, {
    reconnector: (connection, reconnect) => {
      if (!connection.closedIntentionally) setTimeout(reconnect, 50);
    },
  });

  test('broadcasts and the list of clients know a client that is back (Q3)', async () => {
    const connection = await client.connect(line.url, 'fixture', { reconnector });
    const other = await client.connect(server.url, 'fixture');
    const proxy = await client.inspect(connection, 'events');
    await breakLine(connection);
    const heard = once(proxy, 'news');
    await call(other, 'events', 'broadcast', 'news', ['x']);
    assert.deepEqual(await heard, ['x']);
    await Promise.all([connection, other].map(client.close));
  });

  test('the browser bundle lives through cuts as well', async () => {
    const [browser, origin] = await Promise.all([launch(), servePage()]);
    try {
      const tab = await browser.newPage();
      await tab.exposeFunction('cut', () => line.cut());
      await tab.goto(origin.url);
      await tab.addScriptTag({ path: BUNDLE });
      assert.deepEqual(await tab.evaluate(liveThroughCuts, line.url), {
        sameSession: true,
        answers: Array.from({ length: 10 }, (_, i) => i),
        got: Array.from({ length: 10 }, (_, i) => i),
        called: { ok: ['hello bob'] },
        resent: 24,
        heard: ['after the cut'],
      });
    } finally {
      await Promise.all([browser.close(), origin.close()]);
    }
  });
});
