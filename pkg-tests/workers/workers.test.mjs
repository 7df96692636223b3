// The package in a dedicated and in a shared worker of a real page.
//
// JSTP_SERVER_BIN   our server's binary; without it, cargo builds one

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { startServer } from '../../scripts/server.mjs';
import { staticServer } from '../../scripts/static.mjs';
import { launch } from '../lib/browser.mjs';
import { build } from '../lib/cargo.mjs';

const folder = (path) => fileURLToPath(new URL(path, import.meta.url));

let server;
let site;
let browser;
let page;

before(async () => {
  const binary = process.env.JSTP_SERVER_BIN ?? (await build('jstp-server', ['--bin', 'jstp-server']));
  server = await startServer([binary, '--fixture', '--listen', '127.0.0.1:0']);
  site = staticServer({ folders: { '/': folder('site/'), '/pkg/': folder('../../pkg/') } });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  browser = await launch();
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${site.address().port}/`);
});

after(async () => {
  await browser?.close();
  site?.closeAllConnections();
  site?.close();
  await server?.stop();
});

async function learn(kind) {
  return page.evaluate(([kind, url]) => new Promise((resolve, reject) => {
    const worker = new globalThis[kind]('/worker.js', { type: 'module' });
    const port = worker.port ?? worker;
    worker.onerror = (event) => reject(new Error(event.message ?? 'the worker failed'));
    port.onmessage = ({ data }) => resolve(data);
    port.postMessage(url);
  }), [kind, server.url]);
}

for (const [kind, scope] of [
  ['Worker', 'DedicatedWorkerGlobalScope'],
  ['SharedWorker', 'SharedWorkerGlobalScope'],
]) {
  test(`a ${kind} connects, calls and hears events`, { timeout: 30_000 }, async () => {
    assert.deepEqual(await learn(kind), { scope, sum: 3, flooded: 3, ticks: [0, 1, 2] });
  });
}
