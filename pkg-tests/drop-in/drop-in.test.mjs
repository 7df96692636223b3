// One script, written for @metarhia/jstp's browser bundle, with that and with the package: it leaves the same
// transcript, but for what is better here.
//
// INTEROP_SERVERS, JSTP_SERVER_BIN   see ../lib/servers.mjs

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { staticServer } from '../../scripts/static.mjs';
import { launch } from '../lib/browser.mjs';
import { servers } from '../lib/servers.mjs';

const folder = (path) => fileURLToPath(new URL(path, import.meta.url));

/** What is better here: lines as upstream's bundle leaves them, and as the package does. */
const IMPROVEMENTS = [
  // A callback's error is null where there is none.
  [['ping: undefined'], ['ping: null']],
  // A transport has closed before anybody is asked for another.
  [['the reconnector is asked', 'closed', 'the same session: true'],
    ['closed', 'the reconnector is asked', 'the same session: true']],
];

function improved(lines) {
  return IMPROVEMENTS.reduce((text, [there, here]) => {
    const parts = text.split(there.join('\n'));
    assert.equal(parts.length, 2, `upstream does not write once: ${there}`);
    return parts.join(here.join('\n'));
  }, lines.join('\n')).split('\n');
}

let site;
let browser;

before(async () => {
  site = staticServer({
    folders: {
      '/': folder('site/'),
      '/pkg/': folder('../../pkg/'),
      '/upstream/': folder('../node_modules/@metarhia/jstp/dist/'),
    },
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  browser = await launch();
});

after(async () => {
  await browser?.close();
  site?.closeAllConnections();
  site?.close();
});

async function transcript(library, url) {
  const page = await browser.newPage();
  try {
    await page.goto(`http://127.0.0.1:${site.address().port}/${library}.html`);
    return await page.evaluate((server) => new Promise((resolve) => {
      const lines = [];
      // Whoever gets stuck leaves what there is.
      setTimeout(resolve, 15_000, lines);
      story(globalThis.jstp, server, (line) => lines.push(line), () => setTimeout(resolve, 200, lines));
    }), url);
  } finally {
    await page.close();
  }
}

for (const which of servers) {
  test(`against ${which.name}`, { timeout: 60_000 }, async () => {
    const server = await which.start();
    try {
      const there = await transcript('upstream', server.url);
      const here = await transcript('here', server.url);
      assert.ok(there.length > 30, there.join('\n'));
      assert.deepEqual(here, improved(there));
    } finally {
      await server.stop();
    }
  });
}
