// The server restarts, with its sessions and without.

import assert from 'node:assert/strict';

import { ours, prepare, story, upstream } from './setting.mjs';

prepare();

/** Connects, and notes what happens from then on. */
async function connect({ url, onSessionLost }) {
  const { Application, ws } = window.jstp;
  const seen = { got: [], sessionLost: [], hello: [] };
  const application = new Application('page', {}, {
    events: { got: (connection, name, args) => seen.got.push(...args) },
  });
  const { connection, proxies } = await ws.connectAndInspect(
    'fixture', { application, onSessionLost }, ['calc', 'events'], url);
  connection.on('sessionLost', (error, session) => seen.sessionLost.push([error.code, session.id]));
  proxies.events.on('hello', (name) => seen.hello.push(name));
  Object.assign(window, { connection, proxies, happened: seen, first: connection.session.id });
}

/** What there is to settle when the server goes: two calls that it has, and one with resend. */
async function leaveCalls() {
  const { connection } = window;
  const outcome = (promise) => promise.then((ok) => ({ ok }), ({ code }) => ({ code }));
  window.left = [
    outcome(connection.callMethod('echo', 'never', [])),
    outcome(connection.callMethod('echo', 'later', [60_000, 'x'])),
    outcome(connection.callMethodWithResend('session', 'id', [])),
  ];
  await window.left.at(-1);
  // The server has them all.
  await connection.ping();
}

/** Waits for an attempt that succeeds, then uses all that there was before. */
async function whatIsThere() {
  const { connection, proxies, happened, first } = window;
  if (connection.state !== 'ready') {
    await new Promise((resolve) => {
      connection.on('reconnect', (error) => error ?? resolve());
    });
  }
  const sum = await proxies.calc.add(20, 22);
  await connection.callMethod('events', 'emit', ['hello', ['Ada']]);
  return {
    sum,
    same: connection.remoteProxies.calc === proxies.calc,
    hello: happened.hello,
    got: happened.got,
    sessionLost: happened.sessionLost,
    kept: connection.session.id === first,
    onServer: (await connection.callMethod('session', 'id', [])) === connection.session.id,
  };
}

/** Has the server close all transports and listen again. */
const restart = async ({ url, keepSessions }) => {
  const faults = await window.jstp.ws.connect('faults', { reconnector() {} }, url);
  const closed = new Promise((resolve) => window.connection.once('close', resolve));
  await faults.callMethod('server', 'restart', [keepSessions]);
  await closed;
  window.connection.emitRemoteEvent('events', 'note', ['while it is away']);
};

const lost = (first) => [[11, first]];

story('a restart that keeps the sessions resumes', ours, async ({ page, server }) => {
  await page.evaluate(connect, { url: server.url });
  await page.evaluate(leaveCalls);
  await page.evaluate(restart, { url: server.url, keepSessions: true });
  const there = await page.evaluate(whatIsThere);
  assert.deepEqual(there, {
    sum: 42,
    same: true,
    hello: ['Ada'],
    got: ['while it is away'],
    sessionLost: [],
    kept: true,
    onServer: true,
  });
});

story('a restart that loses the sessions renews', ours, async ({ page, server }) => {
  await page.evaluate(connect, { url: server.url });
  await page.evaluate(leaveCalls);
  await page.evaluate(restart, { url: server.url, keepSessions: false });
  await renewed(page);
});

for (const kind of [ours, upstream]) {
  story('a server that is killed and started again is used again', kind, async (setting) => {
    const { page, server } = setting;
    await page.evaluate(connect, { url: server.url });
    await page.evaluate(leaveCalls);
    await killed(page, server);
    setting.server = await kind.start(server.port);
    await renewed(page);
  });

  story('a page that does not want another session is told, and closed', kind, async (setting) => {
    const { page, server } = setting;
    await page.evaluate(connect, { url: server.url, onSessionLost: 'stop' });
    await page.evaluate(leaveCalls);
    const first = await page.evaluate(() => window.first);
    const end = page.evaluate(
      () => new Promise((resolve) => {
        window.connection.on('stateChange', (state, previous, { reason }) => {
          if (state === 'closed') resolve(reason);
        });
      }),
    );
    await killed(page, server);
    setting.server = await kind.start(server.port);
    await end;
    assert.deepEqual(await page.evaluate(() => window.happened.sessionLost), lost(first));
    await lostCalls(page, first);
    assert.equal(await page.evaluate(() => window.seen.timers.size), 0);
  });
}

async function killed(page, server) {
  const closed = page.evaluate(
    () => new Promise((resolve) => window.connection.once('close', () => resolve())),
  );
  await server.stop({ now: true });
  await closed;
  await page.evaluate(() => window.connection.emitRemoteEvent('events', 'note', ['into the void']));
}

/** The session is another, and the page need not care. */
async function renewed(page) {
  const there = await page.evaluate(whatIsThere);
  const first = await page.evaluate(() => window.first);
  assert.deepEqual(there, {
    sum: 42,
    same: true,
    hello: ['Ada'],
    // What was said in the lost session is lost with it.
    got: [],
    sessionLost: lost(first),
    kept: false,
    onServer: true,
  });
  await lostCalls(page, first);
}

async function lostCalls(page, first) {
  const left = await page.evaluate(() => Promise.all(window.left));
  assert.deepEqual(left, [{ code: -1 }, { code: -1 }, { ok: first }]);
}
