// The network goes and comes back, by way of the browser's own emulation: it stops what the open
// WebSocket sends and hears without closing it, lets no other open, and tells the page.

import assert from 'node:assert/strict';

import { ours, prepare, story, upstream } from './setting.mjs';

prepare();

/** Connects with the default reconnector, and notes what happens from then on. */
async function connect(url) {
  const { Application, ws } = window.jstp;
  const got = [];
  const application = new Application('page', {}, {
    events: { got: (connection, name, [i]) => got.push(i) },
  });
  const connection = await ws.connect('fixture', { application }, url);
  Object.assign(window, { connection, got });
}

const waits = () => window.connection.state === 'waiting';

/** Resolves once the page has been told; without a timer it will not try of itself. */
async function goOffline({ context, page }) {
  const told = page.evaluate(
    () => new Promise((resolve) => addEventListener('offline', () => resolve(), { once: true })),
  );
  await context.setOffline(true);
  await told;
}

/** Comes back, and resolves to what was tried until there was a connection. */
async function goOnline({ context, page }) {
  const back = page.evaluate(
    () => new Promise((resolve) => {
      const tried = [];
      window.connection.on('reconnect', (error) => {
        tried.push(error === null ? 'ready' : String(error));
        if (error === null) resolve(tried);
      });
    }),
  );
  await context.setOffline(false);
  return back;
}

/** What is said now arrives once there is a connection again. */
const say = () => {
  window.connection.emitRemoteEvent('events', 'note', [1]);
  window.answer = window.connection.callMethod('echo', 'count', ['offline']);
};

async function heardOnce(page) {
  const answer = await page.evaluate(() => window.answer);
  const again = await page.evaluate(() => window.connection.callMethod('echo', 'count', ['offline']));
  const got = await page.evaluate(() => window.got);
  assert.deepEqual({ answer, again, got }, { answer: 1, again: 2, got: [1] });
}

const tries = (page) =>
  page.evaluate(() => ({ made: window.seen.made, timers: window.seen.timers.size }));

for (const kind of [ours, upstream]) {
  story('a link lost while offline is not tried again before there is a network', kind, async (setting) => {
    const { page, line } = setting;
    await page.evaluate(connect, line.url);
    await goOffline(setting);
    line.cut();
    await page.waitForFunction(waits);
    await page.evaluate(say);
    assert.deepEqual(await tries(page), { made: 1, timers: 0 });
    // A page that is looked at again still has no network.
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    assert.deepEqual(await tries(page), { made: 1, timers: 0 });
    assert.deepEqual(await goOnline(setting), ['ready']);
    assert.equal((await tries(page)).made, 2);
    await heardOnce(page);
  });

  story('going offline stops the attempts that were to come', kind, async (setting) => {
    const { page, line } = setting;
    await page.evaluate(connect, line.url);
    line.cut();
    await page.waitForFunction(waits);
    await goOffline(setting);
    await page.evaluate(say);
    assert.deepEqual(await tries(page), { made: 1, timers: 0 });
    assert.deepEqual(await goOnline(setting), ['ready']);
    await heardOnce(page);
  });

  story('an attempt under way when the network goes is the last', kind, async (setting) => {
    const { page, line } = setting;
    await page.evaluate(connect, line.url);
    line.delay = 60_000;
    line.cut();
    await page.waitForFunction(() => window.connection.state === 'connecting');
    const failed = page.evaluate(
      () => new Promise((resolve) => window.connection.once('reconnect', (error) => resolve(error !== null))),
    );
    await goOffline(setting);
    line.cut();
    assert.equal(await failed, true);
    line.delay = 0;
    await page.evaluate(say);
    assert.deepEqual(await tries(page), { made: 2, timers: 0 });
    assert.deepEqual(await goOnline(setting), ['ready']);
    await heardOnce(page);
  });

  story('a page that missed the network coming back tries when it is looked at', kind, async (setting) => {
    const { page, line } = setting;
    await page.evaluate(connect, line.url);
    line.cut();
    await page.waitForFunction(waits);
    // As if frozen: `offline` was heard, `online` was not.
    await page.evaluate(() => dispatchEvent(new Event('offline')));
    assert.deepEqual(await tries(page), { made: 1, timers: 0 });
    await page.evaluate(say);
    const back = page.evaluate(() => {
      const tried = new Promise((resolve) => window.connection.once('reconnect', resolve));
      document.dispatchEvent(new Event('visibilitychange'));
      return tried;
    });
    assert.equal(await back, null);
    await heardOnce(page);
  });
}
