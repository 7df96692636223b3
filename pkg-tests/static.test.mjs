// The server of the demo page: what it hands out, and what it does not.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { staticServer } from '../scripts/static.mjs';

let base;
let server;

before(async () => {
  base = await mkdtemp(join(tmpdir(), 'jstp-static-'));
  await mkdir(join(base, 'www/sub'), { recursive: true });
  await mkdir(join(base, 'pkg'));
  await mkdir(join(base, 'www-private'));
  await writeFile(join(base, 'secret.txt'), 'secret');
  await writeFile(join(base, 'www-private/secret.txt'), 'secret');
  await writeFile(join(base, 'www/index.html'), '<title>home</title>');
  await writeFile(join(base, 'www/sub/index.html'), '<title>sub</title>');
  await writeFile(join(base, 'www/main.js'), 'export {};');
  await writeFile(join(base, 'pkg/a.wasm'), '\0asm');
  await symlink(join(base, 'secret.txt'), join(base, 'www/link.txt'));
  server = staticServer({
    folders: { '/': join(base, 'www'), '/pkg/': join(base, 'pkg') },
    values: { '/config.json': { server: 'ws://127.0.0.1:1' } },
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});

after(async () => {
  server.close();
  await rm(base, { recursive: true });
});

/** Asks for the path as it is written: `fetch` would tidy it up first. */
async function get(path, method = 'GET') {
  const sent = request({ port: server.address().port, host: '127.0.0.1', path, method }).end();
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

for (const [path, type, text] of [
  ['/', 'text/html; charset=utf-8', '<title>home</title>'],
  ['/index.html?x=1', 'text/html; charset=utf-8', '<title>home</title>'],
  ['/sub/', 'text/html; charset=utf-8', '<title>sub</title>'],
  ['/main.js', 'text/javascript; charset=utf-8', 'export {};'],
  ['/pkg/a.wasm', 'application/wasm', '\0asm'],
  ['/config.json', 'application/json; charset=utf-8', '{"server":"ws://127.0.0.1:1"}'],
]) {
  test(`${path} is ${type}`, async () => {
    const answer = await get(path);
    assert.deepEqual([answer.status, answer.headers['content-type'], answer.text], [200, type, text]);
  });
}

for (const path of [
  '/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/pkg/../../secret.txt', '/pkg/..%2f..%2fsecret.txt',
  '/../www-private/secret.txt', '/..%5csecret.txt', '//secret.txt', '/link.txt', '/main.js/', '/nothing', '/pkg/',
]) {
  test(`${path} is not found`, async () => {
    assert.equal((await get(path)).status, 404);
  });
}

for (const path of ['/%zz', '/main.js%00.txt']) {
  test(`${path} is refused`, async () => {
    assert.equal((await get(path)).status, 400);
  });
}

test('a folder without its slash leads to the one with it, on this host', async () => {
  const plain = await get('/sub');
  assert.deepEqual([plain.status, plain.headers.location], [301, '/sub/']);
  assert.equal((await get('//sub')).headers.location, '/sub/');
});

test('HEAD has the type and no body; other methods are refused', async () => {
  const head = await get('/main.js', 'HEAD');
  assert.deepEqual([head.status, head.headers['content-type'], head.text],
    [200, 'text/javascript; charset=utf-8', '']);
  assert.equal((await get('/main.js', 'POST')).status, 405);
});
