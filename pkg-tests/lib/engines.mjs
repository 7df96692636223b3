// Three browser engines behind one face: what is there, and pages that open, answer and close.
//
// CHROME, FIREFOX, WEBKIT_DRIVER   the programs, where they are not found by their usual names

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';

import { launch } from './browser.mjs';

const START_MS = 30_000;

function find(...names) {
  for (const name of names.filter(Boolean)) {
    const places = name.includes('/') ? [''] : (process.env.PATH ?? '').split(delimiter);
    for (const place of places) {
      try {
        accessSync(join(place, name), constants.X_OK);
        return join(place, name);
      } catch {
        // Not here.
      }
    }
  }
  return null;
}

/** Every engine's `name`, the program that it was `found` as, or null, and how to `launch` it. */
export const engines = [
  {
    name: 'Chromium',
    found: find(process.env.CHROME, 'chromium', 'chromium-browser', 'google-chrome'),
    async launch() {
      const browser = await launch();
      return {
        async open(url) {
          const page = await browser.newPage();
          await page.goto(url);
          return page;
        },
        close: () => browser.close(),
      };
    },
  },
  {
    name: 'Firefox',
    found: find(process.env.FIREFOX, 'firefox-esr', 'firefox'),
    async launch() {
      const { default: puppeteer } = await import('puppeteer-core');
      const browser = await puppeteer.launch({ browser: 'firefox', executablePath: this.found, headless: true });
      return {
        async open(url) {
          const page = await browser.newPage();
          await page.goto(url);
          return page;
        },
        close: () => browser.close(),
      };
    },
  },
  {
    name: 'WebKitGTK',
    // It draws on a display and nowhere else.
    found: find('xvfb-run') && find(process.env.WEBKIT_DRIVER, 'WebKitWebDriver'),
    launch() {
      return launchDriver(this.found);
    },
  },
];

/** A browser by way of WebDriver. */
async function launchDriver(program) {
  const port = await freePort();
  const child = spawn('xvfb-run', ['-a', program, `--port=${port}`], { detached: true, stdio: 'ignore' });
  const end = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  };
  process.once('exit', end);
  const ask = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, body: body && JSON.stringify(body) });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`WebDriver: ${value.error}: ${value.message}`);
    return value;
  };
  const deadline = Date.now() + START_MS;
  while (!(await ask('GET', '/status').catch(() => null))) {
    if (Date.now() > deadline) throw new Error(`${program} does not answer`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  // A time limit for scripts would be a timer of the page's, which tests that stage time would have ring.
  const capabilities = { alwaysMatch: { timeouts: { script: null } } };
  const { sessionId } = await ask('POST', '/session', { capabilities });
  const session = `/session/${sessionId}`;
  return {
    async open(url) {
      await ask('POST', `${session}/url`, { url });
      return {
        evaluate: (look) => ask('POST', `${session}/execute/sync`,
          { script: typeof look === 'string' ? `return (${look});` : `return (${look})();`, args: [] }),
        close: () => ask('POST', `${session}/url`, { url: 'about:blank' }),
      };
    },
    async close() {
      await ask('DELETE', session).catch(() => {});
      end();
      await once(child, 'exit').catch(() => {});
      process.off('exit', end);
    },
  };
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Waits until `look` finds something on a page, and resolves to that. */
export async function wait(page, look, patience) {
  const deadline = Date.now() + patience;
  for (;;) {
    const found = await page.evaluate(look);
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited ${patience} ms in vain`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
