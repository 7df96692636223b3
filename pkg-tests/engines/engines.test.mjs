// The package in three engines, on a page without a bundler, in its workers, and under a strict policy. An
// engine that is not installed is left out, and that is said.
//
// JSTP_SERVER_BIN   our server's binary; without it, cargo builds one

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { build as bundle } from 'esbuild';

import { staticServer } from '../../scripts/static.mjs';
import { build } from '../lib/cargo.mjs';
import { engines, wait } from '../lib/engines.mjs';
import { startServer } from '../lib/process.mjs';

const folder = (path) => fileURLToPath(new URL(path, import.meta.url));
const PATIENCE_MS = 60_000;

let server;
let site;
let classic;

/** A service worker without modules. */
async function bundleServiceWorker() {
  classic = await mkdtemp(join(tmpdir(), 'jstp-classic-'));
  await bundle({
    entryPoints: [folder('../bundlers/plain/service-worker.js')],
    bundle: true,
    format: 'iife',
    outdir: classic,
    logLevel: 'error',
    plugins: [{
      name: 'site',
      setup(build) {
        build.onResolve({ filter: /^\/node_modules\/jstp-wasm\// }, ({ path }) => (
          { path: join(folder('../../pkg/'), path.replace('/node_modules/jstp-wasm/', '')) }));
        build.onResolve({ filter: /^\.\/src\// }, ({ path }) => (
          { path: join(folder('../bundlers/common/'), path.replace('./src/', '')) }));
      },
    }],
  });
}

before(async () => {
  await bundleServiceWorker();
  const binary = process.env.JSTP_SERVER_BIN ?? (await build('jstp-server', ['--bin', 'jstp-server']));
  server = await startServer(binary, ['--fixture', '--listen', '127.0.0.1:0']);
  site = staticServer({
    folders: {
      '/': folder('../bundlers/plain/'),
      '/classic/': `${classic}/`,
      '/src/': folder('../bundlers/common/'),
      '/site/': folder('site/'),
      '/pkg/': folder('../../pkg/'),
      '/node_modules/jstp-wasm/': folder('../../pkg/'),
    },
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
});

after(async () => {
  site?.closeAllConnections();
  site?.close();
  await server?.stop();
  if (classic) await rm(classic, { recursive: true });
});

for (const engine of engines) {
  const missing = !engine.found && `${engine.name} IS LEFT OUT: it is not installed (make test-all installs it)`;
  describe(engine.name, { skip: missing }, () => {
    let browser;

    before(async () => {
      browser = await engine.launch();
    });

    after(() => browser?.close());

    async function visit(path) {
      const page = await browser.open(
        `http://127.0.0.1:${site.address().port}/${path}?server=${encodeURIComponent(server.url)}`);
      try {
        return await wait(page, 'globalThis.results', PATIENCE_MS);
      } finally {
        await page.close();
      }
    }

    test('a page and its workers', { timeout: 120_000 }, async () => {
      assert.deepEqual(await visit(''), { page: 'file', worker: 'file', shared: 'file', service: 'bytes' });
    });

    test('a page under a strict policy', { timeout: 120_000 }, async () => {
      assert.deepEqual(await visit('policy.html'), { page: 'bytes' });
    });

    test('a policy that forbids WebAssembly is named', { timeout: 120_000 }, async () => {
      assert.match((await visit('site/forbidden.html')).page, /add 'wasm-unsafe-eval' to its script-src$/);
    });
  });
  if (missing) console.error(`\n!!! ${missing}\n`);
}
