// Headless Chromium on a page of its own, for clients that need a browser.
//
// CHROME   the browser (default: /usr/bin/chromium)

import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

/** Starts the browser, with more of its flags if need be; `close()` ends it. */
export async function launch(...flags) {
  const start = () => chromium.launch({
    executablePath: process.env.CHROME || '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--headless=new',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      ...flags,
    ],
  });
  try {
    return await start();
  } catch (error) {
    // Before there is a page, so nothing of ours is in it: Chromium itself has crashed, as it does once in hundreds of starts.
    console.error(`\n!!! the browser did not start, and is started once more: ${error.message.split('\n')[0]}\n`);
    return start();
  }
}

/** Serves an empty page at an origin of its own; resolves to `{ url, close() }`. */
export async function servePage() {
  const server = createServer((request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
    response.end('<!doctype html><title>interop</title>');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}
