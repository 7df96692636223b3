// Hundreds of connections come and go in one page, and leave nothing behind.

import assert from 'node:assert/strict';

import { survivors } from '../lib/survivors.mjs';
import { ours, prepare, story } from './setting.mjs';

const BATCH = 100;
const BATCHES = 2;
/** Bytes of the JavaScript heap per connection that came and went; the engine's own noise. */
const LEFT_BEHIND = 600;

prepare();

/** Connects, calls, hears an event, closes; one after another. */
async function comeAndGo([url, count]) {
  const { ws } = window.jstp;
  for (let i = 0; i < count; i++) {
    const { connection, proxies } = await ws.connectAndInspect('fixture', null, ['calc', 'events'], url);
    const heard = new Promise((resolve) => proxies.events.once('hello', resolve));
    await connection.callMethod('events', 'emit', ['hello', [i]]);
    if ((await heard) !== i || (await proxies.calc.add(i, 1)) !== i + 1) throw new Error(`at ${i}`);
    const closed = new Promise((resolve) => connection.once('close', resolve));
    // Pending when it is closed.
    const never = connection.callMethod('echo', 'never', []).catch(({ code }) => code);
    connection.close();
    await closed;
    if ((await never) !== -1) throw new Error(`at ${i}: a call answered itself`);
  }
}

async function memory(page, devtools) {
  // What the collector has found dead is told to its finalizers in a task of its own.
  for (let round = 0; round < 3; round++) {
    await devtools.send('HeapProfiler.collectGarbage');
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  const { metrics } = await devtools.send('Performance.getMetrics');
  const { value: listeners } = metrics.find(({ name }) => name === 'JSEventListeners');
  const linear = await page.evaluate(() => window.seen.memory.buffer.byteLength);
  return { heap: usedSize, listeners, linear };
}

story('300 connects and closes leave no growth', ours, async ({ page, context, line }, t) => {
  const devtools = await context.newCDPSession(page);
  await devtools.send('HeapProfiler.enable');
  await devtools.send('Performance.enable');
  const after = [];
  for (let batch = 0; batch <= BATCHES; batch++) {
    await page.evaluate(comeAndGo, [line.url, BATCH]);
    after.push(await memory(page, devtools));
  }
  t.diagnostic(JSON.stringify(after));
  const [warm, ...rest] = after;
  const last = rest.at(-1);
  assert.equal(last.linear, warm.linear, 'linear memory grew');
  assert.equal(last.listeners, warm.listeners, 'listeners were left');
  const left = (last.heap - warm.heap) / (BATCH * BATCHES);
  assert.ok(left < LEFT_BEHIND, `${left} bytes of the heap per connection`);
  assert.equal(await survivors(devtools, 'jstp.Connection', 'jstp.RemoteProxy', 'jstp.Session', 'WebSocket'), '');
  const { sockets, timers } = await page.evaluate(() => ({
    sockets: window.seen.sockets.size,
    timers: window.seen.timers.size,
  }));
  assert.deepEqual({ sockets, timers }, { sockets: 0, timers: 0 });
  await line.until(() => line.open === 0);
  assert.equal(line.accepted, BATCH * (BATCHES + 1));
});
