// Attempts: one at a time whatever asks for them, and none after the end.

import assert from 'node:assert/strict';

import { ours, prepare, story, upstream } from './setting.mjs';

prepare();

/** Connects with the default reconnector. */
async function connect(url) {
  window.connection = await window.jstp.ws.connect('fixture', null, url);
}

/** Connects, with `liveThroughAll` at hand in the page. */
async function begin({ page, line }) {
  await page.addScriptTag({ content: `${liveThroughAll}` });
  await page.evaluate(connect, line.url);
}

/** What happens to a page that is a reason to try. */
function liveThroughAll() {
  for (const name of ['online', 'pageshow']) dispatchEvent(new Event(name));
  for (const name of ['visibilitychange', 'resume']) document.dispatchEvent(new Event(name));
}

/** All that makes a page try, at once. */
async function pullEveryTrigger(url) {
  const { connection, liveThroughAll } = window;
  const { ws } = window.jstp;
  liveThroughAll();
  const byHand = Array.from({ length: 3 }, () => ws.reconnect(connection, url));
  liveThroughAll();
  byHand.push(ws.reconnect(connection, url));
  const outcomes = await Promise.allSettled(byHand);
  return outcomes.map(({ status, reason }) => reason?.message ?? status);
}

const UNDER_WAY = 'an attempt to reconnect is under way';

const remains = (page) =>
  page.evaluate(() => {
    const { made, mostAtOnce, sockets, timers } = window.seen;
    return { made, mostAtOnce, sockets: sockets.size, timers: timers.size };
  });

/** Resolves once the transport, closed by now, has gone at both ends. */
async function gone({ page, line }) {
  await page.waitForFunction(() => window.seen.sockets.size === 0);
  await line.until(() => line.open === 0);
}

for (const kind of [ours, upstream]) {
  story('all triggers at once make one attempt', kind, async (setting) => {
    const { page, line } = setting;
    await begin(setting);
    line.delay = 100;
    for (const round of [1, 2, 3]) {
      line.cut();
      await page.waitForFunction(() => window.connection.state === 'waiting');
      const outcomes = await page.evaluate(pullEveryTrigger, line.url);
      assert.deepEqual(outcomes, ['fulfilled', UNDER_WAY, UNDER_WAY, UNDER_WAY]);
      assert.equal(await page.evaluate(() => window.connection.callMethod('calc', 'add', [1, 2])), 3);
      // The schedule's own attempt was cancelled (Q53).
      const { made, mostAtOnce } = await remains(page);
      assert.deepEqual({ made, mostAtOnce }, { made: 1 + round, mostAtOnce: 1 });
    }
    assert.equal(line.accepted, 4);
    assert.equal(line.open, 1);
  });
}

story('a reconnect by hand on a live connection replaces its transport', ours, async (setting) => {
  const { page, line } = setting;
  await begin(setting);
  const outcomes = await page.evaluate(pullEveryTrigger, line.url);
  assert.deepEqual(outcomes, ['fulfilled', UNDER_WAY, UNDER_WAY, UNDER_WAY]);
  assert.equal(await page.evaluate(() => window.connection.callMethod('calc', 'add', [1, 2])), 3);
  await line.until(() => line.open === 1);
  assert.equal(line.accepted, 2);
  assert.equal((await remains(page)).made, 2);
});

for (const state of ['ready', 'waiting', 'connecting', 'handshaking']) {
  story(`nothing remains of a connection closed while ${state}`, ours, async (setting) => {
    const { page, line } = setting;
    await begin(setting);
    const settled = page.evaluate(async () => {
      const calls = ['never', 'never', 'none'].map((name) => window.connection.callMethod('echo', name, []));
      const outcomes = await Promise.allSettled(calls);
      return outcomes.map(({ status, reason }) => reason?.code ?? status);
    });
    await page.evaluate(() => window.connection.ping());
    let made = 1;
    if (state !== 'ready') {
      line.cut();
      await page.waitForFunction(() => window.connection.state === 'waiting');
      if (state !== 'waiting') {
        made = 2;
        await page.evaluate(([url, wanted]) => {
          const { connection } = window;
          const reached = new Promise((resolve) => {
            connection.on('stateChange', (now) => {
              if (now !== wanted) return;
              connection.close();
              resolve();
            });
          });
          window.attempt = window.jstp.ws.reconnect(connection, url).then(
            () => 'connected',
            (error) => error.message,
          );
          return reached;
        }, [line.url, state]);
        assert.match(await page.evaluate(() => window.attempt), /closed by its owner/);
      }
    }
    await page.evaluate(() => window.connection.close());
    assert.deepEqual(await settled, [-1, -1, 'fulfilled']);
    await gone(setting);
    assert.equal(await page.evaluate(() => window.connection.state), 'closed');
    await page.evaluate(liveThroughAll);
    assert.deepEqual(await remains(page), { made, mostAtOnce: 1, sockets: 0, timers: 0 });
    assert.equal(line.open, 0);
  });
}

story('an attempt that has hardly begun ends with close()', ours, async (setting) => {
  const { page, line } = setting;
  await begin(setting);
  line.cut();
  await page.waitForFunction(() => window.connection.state === 'waiting');
  const outcome = await page.evaluate((url) => {
    const attempt = window.jstp.ws.reconnect(window.connection, url);
    window.connection.close();
    return attempt.then(() => 'connected', (error) => error.message);
  }, line.url);
  assert.match(outcome, /closed by its owner/);
  assert.equal(await page.evaluate(() => window.connection.state), 'closed');
  assert.deepEqual(await remains(page), { made: 1, mostAtOnce: 1, sockets: 0, timers: 0 });
});

story('a connection closed can be opened again by hand, and then resumes by itself', ours, async (setting) => {
  const { page, line } = setting;
  await begin(setting);
  const id = await page.evaluate(() => window.connection.session.id);
  await page.evaluate(() => window.connection.close());
  await gone(setting);
  await page.evaluate((url) => window.jstp.ws.reconnect(window.connection, url), line.url);
  const back = page.evaluate(
    () => new Promise((resolve) => window.connection.once('reconnect', resolve)),
  );
  line.cut();
  assert.equal(await back, null);
  assert.equal(await page.evaluate(() => window.connection.callMethod('session', 'id', [])), id);
});
