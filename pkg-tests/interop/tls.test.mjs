// wss: upstream's clients and ours against our server, with a certificate made for the occasion.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { staticServer } from '../../scripts/static.mjs';
import { launch } from '../lib/browser.mjs';
import { build } from '../lib/cargo.mjs';
import { startServer } from '../lib/process.mjs';
import * as client from '../lib/upstream.mjs';

const PKG = fileURLToPath(new URL('../../pkg/', import.meta.url));
const BUNDLE = fileURLToPath(new URL('dist/jstp.umd.js', import.meta.resolve('@metarhia/jstp')));

describe('wss', () => {
  let folder;
  let certificate;
  let server;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'jstp-tls-'));
    const make = await build('jstp-server', ['--example', 'certificate']);
    await promisify(execFile)(make, [folder]);
    certificate = await readFile(join(folder, 'cert.pem'));
    const program =
      process.env.JSTP_SERVER_BIN ?? (await build('jstp-server', ['--bin', 'jstp-server']));
    const files = ['--tls-cert', join(folder, 'cert.pem'), '--tls-key', join(folder, 'key.pem')];
    server = await startServer(program, ['--fixture', '--listen', '127.0.0.1:0', ...files]);
  });
  after(async () => {
    await server?.stop();
    if (folder) await rm(folder, { recursive: true });
  });

  test('is what the server says it speaks', () => assert.match(server.url, /^wss:/));

  test("upstream's Node client connects to whom it trusts", async () => {
    const url = server.url.replace('127.0.0.1', 'localhost');
    const login = { connectPolicy: new client.jstp.SimpleConnectPolicy('marcus', 'secret') };
    const config = { tlsOptions: { ca: certificate } };
    const connection = await client.connect(url, 'fixture', login, config);
    assert.equal(connection.username, 'marcus');
    assert.deepEqual(await client.call(connection, 'calc', 'add', 1, 2), [3]);
    const text = 'é'.repeat(100_000);
    assert.deepEqual(await client.call(connection, 'echo', 'one', text), [text]);
    await client.close(connection);
  });

  test("upstream's Node client connects to nobody else", () =>
    assert.rejects(client.connect(server.url, 'fixture'), /certificate|self.signed/i));

  test('pages connect, with our package and with upstream\'s bundle', async () => {
    const site = staticServer({ folders: { '/pkg/': PKG } });
    await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
    const browser = await launch('--ignore-certificate-errors');
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${site.address().port}/pkg/package.json`);
      const ours = await page.evaluate(async (url) => {
        const { ws } = await import('/pkg/index.js');
        const { connection, proxies } = await ws.connectAndInspect('fixture', null, ['calc'], url);
        const closed = new Promise((resolve) => connection.once('close', resolve));
        await connection.callMethod('admin', 'close', []);
        await closed;
        // Over another transport, once the connection has one.
        const sum = await proxies.calc.add(20, 22);
        connection.close();
        return sum;
      }, server.url);
      assert.equal(ours, 42);
      await page.addScriptTag({ path: BUNDLE });
      const upstreams = await page.evaluate(
        (url) =>
          new Promise((resolve, reject) => {
            globalThis.api.jstp.ws.connectAndInspect('fixture', null, ['calc'], url, (error, connection, proxies) => {
              if (error) reject(error);
              else proxies.calc.add(20, 22, (failure, sum) => resolve(failure ?? sum));
            });
          }),
        server.url,
      );
      assert.equal(upstreams, 42);
    } finally {
      await browser.close();
      site.close();
      site.closeAllConnections();
    }
  });
});
