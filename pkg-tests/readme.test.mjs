// The examples of README.md do what they say: each `js` block is run as a module of its own in a page,
// and what it logs is what the comments behind it announce.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { staticServer } from '../scripts/static.mjs';
import { launch } from './lib/browser.mjs';
import { build } from './lib/cargo.mjs';
import { startServer } from './lib/process.mjs';

const README = new URL('../README.md', import.meta.url);
const PKG = fileURLToPath(new URL('../pkg/', import.meta.url));
const TSC = fileURLToPath(new URL('node_modules/typescript/bin/tsc', import.meta.url));
const PATIENCE_MS = 15_000;

/** What the README calls the servers, and the flags to have such a one. */
const SERVERS = { 'ws://127.0.0.1:3000': [], 'ws://127.0.0.1:3001': ['--fixture'] };

const readme = await readFile(README, 'utf8');

/** The examples, each under the heading it stands beneath. */
function examples(text) {
  const found = [];
  let heading = '';
  for (const [whole, title, code] of text.matchAll(/^#+ (.+)$|^```js\n([^]*?)^```$/gm)) {
    if (title) heading = title;
    else found.push({ heading, code, line: text.slice(0, text.indexOf(whole)).split('\n').length });
  }
  return found;
}

/** What an example announces: the comment at the end of a line that makes something be logged. */
const announced = (code) => [...code.matchAll(/; \/\/ (.+)$/gm)].map(([, said]) => said);

describe('README.md', () => {
  const running = [];
  const urls = {};
  let folder;
  let site;
  let browser;

  before(async () => {
    const program = process.env.JSTP_SERVER_BIN
      ?? (await build('jstp-server', ['--bin', 'jstp-server']));
    for (const [name, flags] of Object.entries(SERVERS)) {
      const server = await startServer(program, [...flags, '--listen', '127.0.0.1:0']);
      running.push(server);
      urls[name] = server.url;
    }
    // Pages come from a server: one that a test makes up may not connect to this machine.
    folder = await mkdtemp(join(tmpdir(), 'jstp-readme-'));
    site = staticServer({ folders: { '/': `${folder}/`, '/pkg/': PKG } });
    site.listen(0, '127.0.0.1');
    await once(site, 'listening');
    browser = await launch();
  });

  after(async () => {
    await browser?.close();
    site?.close();
    site?.closeAllConnections();
    await Promise.all(running.map((server) => server.stop()));
    if (folder) await rm(folder, { recursive: true });
  });

  test('has the examples it is known for', () => {
    const headings = examples(readme).map(({ heading }) => heading);
    for (const heading of ['In ten lines', 'With callbacks', 'Logging in', 'Being called']) {
      assert.ok(headings.includes(heading), `nothing under "${heading}"`);
    }
  });

  for (const { heading, code, line } of examples(readme)) {
    test(`the example in line ${line}, under "${heading}"`, async () => {
      const expected = announced(code);
      assert.ok(expected.length > 0, 'an example announces something that can be checked');
      assert.deepEqual(await run(code, expected.length), expected);
    });
  }

  test('the examples in TypeScript compile', async () => {
    const blocks = [...readme.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code]) => code);
    assert.ok(blocks.length > 0);
    await Promise.all(blocks.map((code, index) => writeFile(join(folder, `example-${index}.ts`), code)));
    const compilerOptions = {
      target: 'es2022', lib: ['es2022', 'dom'], module: 'esnext', moduleResolution: 'bundler', types: [],
      strict: true, noEmit: true, paths: { 'jstp-wasm': [`${PKG}index.d.ts`] },
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    await promisify(execFile)(process.execPath, [TSC, '--project', folder]).catch(({ stdout }) => assert.fail(stdout));
  });

  /** Runs an example; resolves to what it logged, once that is `count` lines and it has ended. */
  async function run(code, count) {
    const page = await browser.newPage();
    const logged = [];
    const failed = [];
    let ended = false;
    try {
      page.on('pageerror', (error) => failed.push(error.message));
      await page.exposeFunction('tell', (text) => logged.push(text));
      await page.exposeFunction('complain', (text) => failed.push(text));
      await page.exposeFunction('end', () => { ended = true; });
      await writeFile(join(folder, 'example.html'), pageWith(inPlace(code)));
      await page.goto(`http://127.0.0.1:${site.address().port}/example.html`);
      const deadline = Date.now() + PATIENCE_MS;
      while ((!ended || logged.length < count) && failed.length === 0) {
        if (Date.now() > deadline) failed.push(`it logged ${JSON.stringify(logged)} and did not end`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      assert.deepEqual(failed, []);
      return logged;
    } finally {
      await page.close();
    }
  }

  /** The example with the addresses of the servers that run. */
  function inPlace(code) {
    return Object.entries(urls).reduce((text, [name, url]) => text.replaceAll(name, url), code);
  }
});

/** Imports come first in a module, so the console is exchanged before it, in a script. */
function pageWith(code) {
  return `<!doctype html><title>README.md</title>
    <script type="importmap">{ "imports": { "jstp-wasm": "/pkg/index.js" } }</script>
    <script>
      const shown = (value) => (typeof value === 'string' ? value
        : value instanceof Error ? value.name + ': ' + value.message : JSON.stringify(value));
      console.log = (...values) => tell(values.map(shown).join(' '));
      console.error = (...values) => complain(values.map(shown).join(' '));
    </script>
    <script type="module">${code}; end();</script>`;
}
