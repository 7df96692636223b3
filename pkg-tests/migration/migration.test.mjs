// docs/migration.md is right: each row of its tables has an entry in differences.mjs, and what that sees with
// upstream's browser bundle, and with the package, is what the entry says.
//
// JSTP_SERVER_BIN   our server's binary; without it, cargo builds one

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { WebSocketServer } from 'ws';

import { startServer } from '../../scripts/server.mjs';
import { staticServer } from '../../scripts/static.mjs';
import { launch } from '../lib/browser.mjs';
import { build } from '../lib/cargo.mjs';
import { differences } from './differences.mjs';
import { prepare } from './page.mjs';

const folder = (path) => fileURLToPath(new URL(path, import.meta.url));

test('every row of the tables is tried, and nothing else', async () => {
  const text = await readFile(new URL('../../docs/migration.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| ([^|]+?) \| .* \| .* \|$/gm)].map(([, first]) => first)
    .filter((first) => first !== '---');
  assert.deepEqual(rows.toSorted(), differences.map(({ row }) => row).toSorted());
});

describe('what differs from upstream', () => {
  let server;
  let silent;
  let site;
  let browser;
  let urls;
  let pages;

  before(async () => {
    const binary = process.env.JSTP_SERVER_BIN ?? (await build('jstp-server', ['--bin', 'jstp-server']));
    server = await startServer([binary, '--fixture', '--listen', '127.0.0.1:0']);
    silent = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'metarhia-jstp' });
    await once(silent, 'listening');
    site = staticServer({
      folders: {
        '/': folder('site/'),
        '/pkg/': folder('../../pkg/'),
        '/upstream/': folder('../node_modules/@metarhia/jstp/dist/'),
      },
    });
    site.listen(0, '127.0.0.1');
    await once(site, 'listening');
    urls = {
      url: server.url,
      silent: `ws://127.0.0.1:${silent.address().port}`,
      nowhere: `ws://127.0.0.1:${await closedPort()}`,
    };
    browser = await launch();
    pages = { upstream: await pageWith('upstream'), here: await pageWith('here') };
  });

  after(async () => {
    await browser?.close();
    site?.closeAllConnections();
    site?.close();
    for (const client of silent?.clients ?? []) client.terminate();
    silent?.close();
    await server?.stop();
  });

  /** A page with a library; the entries are tried in it one after another. */
  async function pageWith(library) {
    const page = await browser.newPage();
    await page.addInitScript(prepare);
    await page.goto(`http://127.0.0.1:${site.address().port}/${library}.html`);
    return page;
  }

  for (const difference of differences) {
    test(difference.row, { timeout: 60_000 }, async () => {
      const look = `look(${difference.see}, ${JSON.stringify(urls)})`;
      const [upstream, here] = await Promise.all([pages.upstream.evaluate(look), pages.here.evaluate(look)]);
      check(upstream, difference.upstream, 'upstream');
      check(here, difference.here, 'here');
    });
  }
});

function check(seen, expected, where) {
  if (expected instanceof RegExp) assert.match(seen, expected, where);
  else assert.deepEqual(seen, expected, where);
}

/** A port that nobody listens at. */
async function closedPort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  await once(listener, 'close');
  return port;
}
