// What the stories here happen in: a server, a line to it, and a page in headless Chromium that has
// the package as `jstp`.
//
// JSTP_SERVER_BIN   our server's binary; without it, cargo builds one

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { staticServer } from '../../scripts/static.mjs';
import { launch } from '../lib/browser.mjs';
import { build } from '../lib/cargo.mjs';
import { startServer } from '../lib/process.mjs';
import { openLine } from './line.mjs';
import { watch } from './watch.mjs';

const folder = (path) => fileURLToPath(new URL(path, import.meta.url));
const UPSTREAM = folder('../upstream/server.mjs');
const TIMEOUT = 30_000;

let browser;
let site;
let origin;
let binary;

/** Has a browser and a site for the tests of the file that calls it. */
export function prepare() {
  before(async () => {
    binary = process.env.JSTP_SERVER_BIN ?? (await build('jstp-server', ['--bin', 'jstp-server']));
    browser = await launch();
    site = staticServer({ folders: { '/': folder('site/'), '/pkg/': folder('../../pkg/') } });
    site.listen(0, '127.0.0.1');
    await once(site, 'listening');
    origin = `http://127.0.0.1:${site.address().port}/`;
  });
  after(async () => {
    await browser?.close();
    site?.close();
    site?.closeAllConnections();
  });
}

export const ours = {
  name: 'jstp-server',
  isUpstream: false,
  start: (port = 0) =>
    startServer(binary, ['--fixture', '--faults', '--listen', `127.0.0.1:${port}`]),
};

export const upstream = {
  name: 'upstream',
  isUpstream: true,
  start: (port = 0) =>
    startServer(process.execPath, [UPSTREAM, '--listen', `127.0.0.1:${port}`]),
};

/**
 * A test whose `tell` gets `{ page, context, line, server, kind }`, all of its own, and `openPage()` for
 * another page beside the first. Nothing that a page reports to its console may go unnoticed.
 */
export function story(name, kind, tell) {
  test(`${name} (${kind.name})`, { timeout: TIMEOUT }, async (t) => {
    const setting = { kind, server: await kind.start() };
    const complaints = [];
    try {
      setting.line = await openLine(setting.server.port);
      setting.context = await browser.newContext();
      setting.openPage = () => openPage(setting.context, complaints);
      setting.page = await setting.openPage();
      await tell(setting, t);
      assert.deepEqual(complaints, []);
    } finally {
      await setting.context?.close();
      await setting.line?.close();
      await setting.server.stop({ now: true });
    }
  });
}

async function openPage(context, complaints) {
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // The browser itself reports every connection that fails.
    if (message.type() === 'error' && !/^WebSocket connection to /.test(message.text())) {
      complaints.push(message.text());
    }
  });
  await page.addInitScript(watch);
  await page.goto(origin);
  await page.waitForFunction(() => 'jstp' in window);
  return page;
}
