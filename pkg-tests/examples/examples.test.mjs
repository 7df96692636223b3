// The examples, as somebody has them who copied the folder and installed the packed package: they
// type-check, they build, and they do in a browser what they promise, on a line that breaks as well.
//
// JSTP_SERVER_BIN   our server's binary; without it, cargo builds one

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startServer } from '../../scripts/server.mjs';
import { staticServer } from '../../scripts/static.mjs';
import { openLine } from '../faults/line.mjs';
import { launch } from '../lib/browser.mjs';
import { build } from '../lib/cargo.mjs';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));
const PKG = fileURLToPath(new URL('../../pkg/', import.meta.url));
// React mounts twice, under StrictMode, in development only.
const BUILDS = [
  ['plain-ts', 'production'],
  ['react', 'production'],
  ['react', 'development'],
  ['vue', 'production'],
];
const PATIENCE_MS = 15_000;
const LIMIT = { timeout: 60_000 };

const execute = promisify(execFile);

let folder;
let server;
let browser;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jstp-examples-'));
  // Where examples/*/package.json looks for the package.
  const { stdout } = await execute('npm', ['pack', '--json', '--pack-destination', folder], { cwd: PKG });
  await execute('tar', ['-xf', join(folder, JSON.parse(stdout)[0].filename), '-C', folder]);
  await rename(join(folder, 'package'), join(folder, 'pkg'));
  await cp(EXAMPLES, join(folder, 'examples'), {
    recursive: true,
    filter: (path) => !['node_modules', 'dist'].includes(basename(path)),
  });
  await execute('npm', ['ci', '--ignore-scripts', '--prefer-offline'], { cwd: join(folder, 'examples') });
  const binary = process.env.JSTP_SERVER_BIN ?? (await build('jstp-server', ['--bin', 'jstp-server']));
  server = await startServer([binary, '--listen', '127.0.0.1:0']);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
  if (folder) await rm(folder, { recursive: true });
});

for (const [name, mode] of BUILDS) {
  describe(`the example ${name}, built for ${mode}`, () => {
    let site;
    let line;
    let page;
    const failed = [];

    before(async () => {
      const example = join(folder, 'examples', name);
      const env = { ...process.env, NODE_ENV: mode };
      await execute('npm', ['run', 'build', '--', '--mode', mode], { cwd: example, env }).catch((error) => {
        throw new Error(`it does not build:\n${error.stdout}${error.stderr}`);
      });
      site = staticServer({ folders: { '/': join(example, 'dist/') } });
      site.listen(0, '127.0.0.1');
      await once(site, 'listening');
      line = await openLine(Number(new URL(server.url).port));
      page = await browser.newPage();
      page.setDefaultTimeout(PATIENCE_MS);
      page.on('pageerror', (error) => failed.push(error.message));
    });

    after(async () => {
      await page?.close();
      await line?.close();
      site?.closeAllConnections();
      site?.close();
    });

    const status = (text) => page.locator('[role=status]', { hasText: text }).waitFor();
    const press = (text) => page.getByRole('button', { name: text, exact: true }).click();
    const add = async (a, b) => {
      await page.locator('input[name=a]').fill(String(a));
      await page.locator('input[name=b]').fill(String(b));
      await press('Add');
    };
    const result = (text) => page.locator('output', { hasText: text }).waitFor();

    test('tells of a server that is not there, and connects when asked again', LIMIT, async () => {
      line.refusing = true;
      await page.goto(`http://127.0.0.1:${site.address().port}/?server=${line.url}`);
      await status(/^Not connected: Cannot connect to ws:/);
      line.refusing = false;
      if (name !== 'plain-ts') await press('Close');
      await press('Connect');
      await status(/^Connected$/);
    });

    test('calls a method, and hears the clock', LIMIT, async () => {
      await add(20, 22);
      await result(/^42$/);
      await page.locator('time', { hasText: /\d:\d\d/ }).waitFor();
    });

    test('has one connection, however often its framework mounts', LIMIT, async () => {
      await line.until(() => line.open === 1);
    });

    test('says that the line is broken, and goes on when it is not any more', LIMIT, async () => {
      line.refusing = true;
      line.cut();
      await status(/^The line is broken\..* Next attempt at .*\d:\d\d/);
      await add(1, 2);
      await result(/^…$/);
      line.refusing = false;
      await result(/^3$/);
      await status(/^Connected$/);
    });

    test('closes the connection when told to', LIMIT, async () => {
      await press('Disconnect');
      await status(/^Disconnected$/);
      await line.until(() => line.open === 0);
      await press('Connect');
      await status(/^Connected$/);
      await line.until(() => line.open === 1);
    });

    test('has no errors that nobody catches', () => {
      assert.deepEqual(failed, []);
    });
  });
}
