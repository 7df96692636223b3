// How the module gets to a page: when, from where, and what is said when it does not.
//
// JSTP_SERVER_BIN   our server's binary; without it, cargo builds one

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { staticServer } from '../../scripts/static.mjs';
import { launch } from '../lib/browser.mjs';
import { build } from '../lib/cargo.mjs';
import { startServer } from '../lib/process.mjs';

const folder = (path) => fileURLToPath(new URL(path, import.meta.url));
const LIMIT = { timeout: 60_000 };
const ENTRIES = ['index', 'slim', 'inline'];
const WASM = '**/jstp_wasm_bg.wasm';
const BYTES = '**/inline-bytes.js';

let server;
let site;
let browser;
let base;
let page;
let asked;
let said;

before(async () => {
  const binary = process.env.JSTP_SERVER_BIN ?? (await build('jstp-server', ['--bin', 'jstp-server']));
  server = await startServer(binary, ['--fixture', '--listen', '127.0.0.1:0']);
  site = staticServer({ folders: { '/': folder('site/'), '/pkg/': folder('../../pkg/') } });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  base = `http://127.0.0.1:${site.address().port}`;
  browser = await launch();
});

after(async () => {
  await browser?.close();
  site?.closeAllConnections();
  site?.close();
  await server?.stop();
});

beforeEach(async () => {
  page = await browser.newPage();
  asked = [];
  said = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
});

afterEach(() => page.close());

/** Runs a function in the page, which is given the entry and the server's URL. */
async function inPage(run, { entry = 'index', at = '/' } = {}) {
  if (!page.url().startsWith(base)) await page.goto(base + at);
  await page.evaluate(async (path) => {
    window.jstp = await import(path);
    window.tried = (promise) => promise.then(() => 'fine', (error) => `${error.name}: ${error.message}`);
    window.sum = async (url) => {
      const connection = await window.jstp.ws.connect('fixture', null, url);
      const result = await connection.callMethod('calc', 'add', [1, 2]);
      connection.close();
      return result;
    };
  }, `/pkg/${entry}.js`);
  return page.evaluate(run, server.url);
}

for (const entry of ENTRIES) {
  test(`importing ${entry}.js does nothing`, LIMIT, async () => {
    await page.goto(`${base}/`);
    asked.length = 0;
    const added = await page.evaluate(async (path) => {
      const known = new Set(Object.getOwnPropertyNames(globalThis));
      await import(path);
      return Object.getOwnPropertyNames(globalThis).filter((name) => !known.has(name));
    }, `/pkg/${entry}.js`);
    assert.deepEqual(added, []);
    const files = entry === 'inline' ? ['client', 'inline', 'inline-bytes'] : ['client', entry];
    assert.deepEqual(asked.sort(), files.map((name) => `/pkg/${name}.js`).sort());
    assert.deepEqual(said, []);
  });

  test(`importing ${entry}.js in Node.js does nothing, and keeps it from nothing`, LIMIT, async () => {
    const path = JSON.stringify(new URL(`../../pkg/${entry}.js`, import.meta.url).href);
    const script = `
      const known = new Set(Object.getOwnPropertyNames(globalThis));
      await import(${path});
      console.log(Object.getOwnPropertyNames(globalThis).filter((name) => !known.has(name)).length);`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath,
      ['--input-type=module', '--eval', script], { env: { ...process.env, NODE_OPTIONS: '' } });
    assert.deepEqual([stdout, stderr], ['0\n', '']);
  });
}

test('the module is streamed once, on the first connect', LIMIT, async () => {
  const sums = await inPage(async (url) => [await sum(url), await sum(url), await tried(jstp.init())]);
  assert.deepEqual(sums, [3, 3, 'fine']);
  assert.equal(asked.filter((path) => path.endsWith('.wasm')).length, 1);
  assert.ok(!asked.includes('/pkg/inline-bytes.js'));
});

for (const [what, answer] of [
  ['is not there', { status: 404, body: 'not found' }],
  ['is a page that answers to any address', { contentType: 'text/html', body: '<!doctype html>' }],
  ['is no WebAssembly whatever it is called', { contentType: 'application/wasm', body: '<!doctype html>' }],
]) {
  test(`the bytes are used where the file ${what}`, LIMIT, async () => {
    await page.route(WASM, (route) => route.fulfill(answer));
    assert.equal(await inPage((url) => sum(url)), 3);
    assert.ok(asked.includes('/pkg/inline-bytes.js'));
  });
}

test('the file is taken by its first bytes where its type is wrong', LIMIT, async () => {
  await page.route(WASM, async (route) => {
    route.fulfill({ response: await route.fetch(), headers: { 'content-type': 'application/octet-stream' } });
  });
  assert.equal(await inPage((url) => sum(url)), 3);
  assert.ok(!asked.includes('/pkg/inline-bytes.js'));
});

test('a failed load says where it looked, and may be repeated', LIMIT, async () => {
  await page.route(WASM, (route) => route.fulfill({ status: 503 }));
  await page.route(BYTES, (route) => route.abort());
  const told = await inPage(async (url) => {
    const byCallback = new Promise((resolve) => {
      jstp.ws.connect('fixture', null, url, (error) => resolve(`${error.name}: ${error.message}`));
    });
    return [await tried(jstp.ws.connect('fixture', null, url)), await byCallback, await tried(jstp.init())];
  });
  const failure = `Error: cannot load ${base}/pkg/jstp_wasm_bg.wasm: the server answered 503. `
    + 'Serve jstp_wasm_bg.wasm there, pass it to init(), or import jstp-wasm/inline';
  assert.deepEqual(told, [failure, failure, failure]);
  await page.unroute(WASM);
  assert.equal(await inPage((url) => sum(url)), 3);
});

for (const entry of ['index', 'inline']) {
  test(`a policy that forbids WebAssembly is named by ${entry}.js`, LIMIT, async () => {
    const told = await inPage((url) => tried(sum(url)), { entry, at: '/strict.html' });
    assert.equal(told, 'Error: the Content-Security-Policy of this page forbids WebAssembly: '
      + "add 'wasm-unsafe-eval' to its script-src");
  });
}

test('slim.js says that it wants a source', LIMIT, async () => {
  assert.equal(await inPage((url) => tried(sum(url)), { entry: 'slim' }),
    'Error: jstp-wasm/slim brings no module: call init(source) before the first connect');
});

test('a source that is none is refused, and another may follow', LIMIT, async () => {
  const told = await inPage(async (url) => [
    await tried(jstp.init('/pkg/missing.wasm')),
    await tried(jstp.init('/pkg/index.js')),
    await tried(jstp.init(new Uint8Array([0, 97, 115, 109]))),
    await tried(jstp.init(42)),
    await tried(jstp.init(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))),
    await tried(jstp.init('/pkg/jstp_wasm_bg.wasm')),
    await sum(url),
  ], { entry: 'slim' });
  assert.match(told[2], /^Error: cannot load the WebAssembly module: /);
  assert.match(told[3], /^Error: cannot load the WebAssembly module: /);
  assert.match(told[4], /^Error: cannot load the WebAssembly module: /);
  assert.deepEqual(told.toSpliced(2, 3), [
    'Error: cannot load /pkg/missing.wasm: the server answered 404',
    'Error: cannot load /pkg/index.js: the server answered text/javascript; charset=utf-8',
    'fine',
    3,
  ]);
});

for (const source of ['string', 'URL', 'Response', 'ArrayBuffer', 'Uint8Array', 'WebAssembly.Module']) {
  test(`a source may be a ${source}`, LIMIT, async () => {
    await page.goto(`${base}/`);
    await page.evaluate((kind) => {
      window.kind = kind;
    }, source);
    assert.equal(await inPage(async (url) => {
      const path = '/pkg/jstp_wasm_bg.wasm';
      const bytes = async () => (await fetch(path)).arrayBuffer();
      await jstp.init(await {
        string: () => path,
        URL: () => new URL(path, location.href),
        Response: () => fetch(path),
        ArrayBuffer: bytes,
        Uint8Array: async () => new Uint8Array(await bytes()),
        'WebAssembly.Module': async () => WebAssembly.compile(await bytes()),
      }[window.kind]());
      return sum(url);
    }, { entry: 'slim' }), 3);
  });
}

test('two entries on one page share one module', LIMIT, async () => {
  const together = await inPage(async (url) => {
    const slim = await import('/pkg/slim.js');
    await jstp.init();
    const connection = await slim.ws.connect('fixture', null, url);
    const same = connection instanceof jstp.Connection;
    connection.close();
    return same;
  });
  assert.equal(together, true);
  assert.equal(asked.filter((path) => path.endsWith('.wasm')).length, 1);
});

test('without a WebSocket, connecting says what to do', LIMIT, async () => {
  assert.equal(await inPage((url) => {
    delete globalThis.WebSocket;
    return tried(sum(url));
  }), 'Error: there is no WebSocket here: pass a constructor as webSocketConfig.WebSocket, for example the '
    + 'default export of the package `ws`; Node.js has its own from 22 on');
});
