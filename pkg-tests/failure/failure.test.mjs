// What becomes of a page when the module fails: a build that traps when it is told to, in a real browser.
//
// JSTP_SERVER_BIN   our server's binary; without it, cargo builds one

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { staticServer } from '../../scripts/static.mjs';
import { launch } from '../lib/browser.mjs';
import { build } from '../lib/cargo.mjs';
import { startServer } from '../lib/process.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BUILT = join(ROOT, 'target/wasm-pack-trap');
const FAILED = 'jstp-wasm has failed, and all its connections with it; a new connect begins afresh';

let server;
let site;
let browser;
let page;
let complaints;

before(async () => {
  const pkg = join(BUILT, 'pkg');
  // Where the Makefile puts the tools, for those who run this file alone.
  const env = { ...process.env, PATH: `${ROOT}.tools/bin${delimiter}${process.env.PATH}` };
  execFileSync('scripts/wasm.sh', [BUILT, '--features', 'trap'], { cwd: ROOT, env, stdio: 'pipe' });
  execFileSync(process.execPath, ['scripts/package.mjs', BUILT, pkg], { cwd: ROOT, env, stdio: 'pipe' });
  const binary = process.env.JSTP_SERVER_BIN ?? (await build('jstp-server', ['--bin', 'jstp-server']));
  server = await startServer(binary, ['--fixture', '--listen', '127.0.0.1:0']);
  site = staticServer({
    folders: { '/': fileURLToPath(new URL('site/', import.meta.url)), '/pkg/': `${pkg}/` },
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  browser = await launch();
  page = await browser.newPage();
  complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  await page.goto(`http://127.0.0.1:${site.address().port}/`);
});

after(async () => {
  await browser?.close();
  site?.closeAllConnections();
  site?.close();
  await server?.stop();
});

const tell = (name) => page.evaluate(([name, url]) => window[name](url), [name, server.url]);
const lost = `RemoteError -1 ${FAILED} (RuntimeError)`;

/** The one complaint since the last time. */
function complained() {
  const since = complaints.splice(0);
  assert.equal(since.length, 1, since.join('\n'));
  assert.ok(since[0].includes(FAILED), since[0]);
}

test('whoever waits is told, and every connection closes', { timeout: 60_000 }, async () => {
  assert.deepEqual(await tell('fail'), {
    call: lost,
    'call of the other, by callback': [lost],
    inspection: lost,
    ping: [lost],
    'a policy that never answers': [lost],
    'the call that it failed on': lost,
    'a loop over events': 'ended after 2',
    events: [
      'one: ready → closed, internal failure', `one: ${lost}`, 'one: close',
      'other: ready → closed, internal failure', 'other: close',
    ],
    states: ['closed', 'closed'],
    transports: [3, 3],
  });
  complained();
});

test('what is left of the connections says that they are closed', { timeout: 60_000 }, async () => {
  const closed = 'RemoteError -3 Connection is closed';
  assert.deepEqual(await tell('useWhatIsLeft'), {
    call: closed,
    callback: [closed],
    inspection: closed,
    ping: closed,
    handshake: closed,
    reconnect: closed,
    'reconnect, by callback': [closed],
    emit: closed,
    transport: null,
    session: null,
    stats: 0,
    nothing: ['undefined', 'undefined', 'undefined', 'undefined', 'undefined'],
  });
  assert.deepEqual(complaints, []);
});

test('a new connect begins afresh', { timeout: 60_000 }, async () => {
  assert.deepEqual(await tell('afresh'), { sum: 3, loads: 1 });
  assert.deepEqual(complaints, []);
});

test('it may fail again, this time within a call', { timeout: 60_000 }, async () => {
  assert.deepEqual(await tell('failWithinCall'), {
    thrown: undefined, waiting: lost, callback: [lost], state: 'closed', closes: 1,
  });
  complained();
  assert.deepEqual(await tell('afresh'), { sum: 3, loads: 1 });
  assert.deepEqual(complaints, []);
});
