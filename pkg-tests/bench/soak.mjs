// Whether memory stays what it is: many calls and events over one connection in headless Chromium, then
// many connections one after another.
//   node pkg-tests/bench/soak.mjs
// Fails when an answer or event is wrong, missing or doubled; when after the first quarter the JavaScript
// heap, linear memory, the module's tables or the page's listeners grow by more than TOLERANCE; when the
// heap grows with each connection; and when anything is left of one.
//
// SOAK              calls, and as many events (default 1000000); connections are a thousandth, but at
//                   least 1000, and twice as many before them
// JSTP_SERVER_BIN   our server's binary; without it, cargo builds one

import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startServer } from '../../scripts/server.mjs';
import { staticServer } from '../../scripts/static.mjs';
import { launch } from '../lib/browser.mjs';
import { build } from '../lib/cargo.mjs';
import { survivors } from '../lib/survivors.mjs';

const folder = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const COUNT = Number(process.env.SOAK ?? 1_000_000);
const CONNECTIONS = Math.ceil(COUNT / 1000);
/** Memory is looked at after each of so many parts; the first is to warm up. */
const PARTS = 4;
/** The engine goes on compiling what connecting runs for so many of these. */
const COLD = 8;
/** Bytes of heap for each connection, less than any object has. */
const EACH = 8;
/** What may be added to an amount between the first part and the last. */
const TOLERANCE = {
  heap: { share: 0.05, more: 2 ** 20 },
  memory: { share: 0.05, more: 2 ** 20 },
  // A table grows by doubling, so one that leaks shows.
  places: { share: 0.05, more: 0 },
  listeners: { share: 0, more: 2 },
};

try {
  if (!Number.isSafeInteger(COUNT) || COUNT < PARTS) throw new Error(`SOAK is to be a number from ${PARTS} up`);
  await run();
} catch (error) {
  console.error(`soak: ${error.message}`);
  process.exitCode = 1;
}

async function run() {
  const binary = process.env.JSTP_SERVER_BIN
    ?? (await build('jstp-server', ['--release', '--bin', 'jstp-server']));
  const server = await startServer([binary, '--fixture', '--listen', '127.0.0.1:0']);
  const site = staticServer({
    folders: { '/': fileURLToPath(new URL('.', import.meta.url)), '/pkg/': folder('pkg/') },
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${site.address().port}/soak.html`);
    await page.waitForFunction(() => 'soak' in globalThis);
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('Performance.enable');
    console.log(`Chromium ${browser.version()}`);

    await page.evaluate((url) => globalThis.soak.open(url), server.url);
    await phase(page, cdp, 'calls', COUNT);
    await phase(page, cdp, 'events', COUNT);
    const pending = await page.evaluate(() => globalThis.soak.close());
    if (pending !== 0) throw new Error(`${pending} calls are pending in the end`);
    await noneLeft(cdp);
    await connects(page, cdp, server.url);
  } finally {
    await browser.close();
    site.close();
    site.closeAllConnections();
    await server.stop();
  }
}

/** Does `count` of something in parts, printing a line for each; resolves to what there is after each. */
async function inParts(page, cdp, what, count, parts, url) {
  const amounts = [];
  for (let part = 0; part < parts; part++) {
    const first = Math.floor((count * part) / parts);
    const number = Math.floor((count * (part + 1)) / parts) - first;
    const start = performance.now();
    await page.evaluate(([name, ...args]) => globalThis.soak[name](...args), [what, first, number, url]);
    const rate = number / ((performance.now() - start) / 1000);
    amounts.push(await measure(page, cdp));
    print(what, first + number, rate, amounts.at(-1));
  }
  return amounts;
}

async function phase(page, cdp, what, count) {
  const amounts = await inParts(page, cdp, what, count, PARTS);
  compare(what, amounts[0], amounts.at(-1));
}

/** Connects and closes many times over. What is left of each would add to the heap in every part. */
async function connects(page, cdp, url) {
  // With fewer, what the engine does beside would hide an object for each.
  const each = Math.max(250, Math.ceil(CONNECTIONS / PARTS));
  const all = await inParts(page, cdp, 'connects', each * (COLD + PARTS), COLD + PARTS, url);
  const amounts = all.slice(COLD - 1);
  compare('connects', amounts[0], amounts.at(-1));
  const grown = amounts.slice(1).map(({ heap }, part) => (heap - amounts[part].heap) / each);
  const least = Math.min(...grown);
  console.log(`each connect adds ${grown.map((bytes) => bytes.toFixed(1)).join(', ')} bytes to the heap`);
  if (least > EACH) throw new Error(`not flat: every connect adds at least ${least.toFixed(1)} bytes to the heap`);
  await noneLeft(cdp);
  console.log(`flat: nothing is left of ${each * all.length} connections`);
}

async function noneLeft(cdp) {
  const classes = ['Connection', 'RemoteProxy', 'Session', 'WebSocket'].map((name) => `soak.classes.${name}`);
  const left = await survivors(cdp, ...classes);
  if (left) throw new Error(`of connections that were closed there are still ${left}`);
}

async function measure(page, cdp) {
  // What one collection finds dead, its finalizers free in a task of their own, and the next collects.
  for (let times = 0; times < 3; times++) {
    await cdp.send('HeapProfiler.collectGarbage');
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
  }
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  const { metrics } = await cdp.send('Performance.getMetrics');
  const listeners = metrics.find(({ name }) => name === 'JSEventListeners').value;
  return { heap: usedSize, ...(await page.evaluate(() => globalThis.soak.wasm())), listeners };
}

function print(what, done, rate, { heap, memory, places, listeners }) {
  const kib = (bytes) => `${(bytes / 1024).toFixed(0)} KiB`.padStart(9);
  console.log(
    `${String(done).padStart(8)} ${what.padEnd(9)}${rate.toFixed(0).padStart(7)}/s  heap ${kib(heap)}`
    + `  linear memory ${kib(memory)}  table ${places}  listeners ${listeners}`,
  );
}

function compare(what, before, after) {
  for (const [name, { share, more }] of Object.entries(TOLERANCE)) {
    if (after[name] > before[name] * (1 + share) + more) {
      throw new Error(`${what} make ${name} grow from ${before[name]} to ${after[name]}`);
    }
  }
}
