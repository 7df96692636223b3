// Upstream's browser bundle in headless Chromium: the same page sees the same, and says and hears the
// same on the wire, whether the server is ours or upstream's.

import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';

import { launch, servePage } from '../lib/browser.mjs';
import { servers } from '../lib/servers.mjs';
import { useBundle } from './browser-script.mjs';

const BUNDLE = fileURLToPath(new URL('dist/jstp.umd.js', import.meta.resolve('@metarhia/jstp')));

const SEEN = [
  'connected: ["calc","events","echo"] null 36',
  'answer: [42]',
  'add: [3.5]',
  'many: [null,[1,[2,null,3]],{"a":"é 😀","b c":"it\'s"}]',
  'none: []',
  'later: ["x"]',
  'long text: true',
  `sums: ${JSON.stringify(Array.from({ length: 50 }, (_, i) => 2 * i))}`,
  'unknown interface: "RemoteError" 12 "Interface not found" null',
  'unknown method: "RemoteError" 14 "Method not found" null',
  'wrong signature: "RemoteError" 17 "Invalid signature" null',
  'exception: "RemoteError" 16 "Internal API error" null',
  'plain error: "RemoteError" 1 "Error: Zero division" null',
  'custom error: "RemoteError" 1025 "Custom failure" ["a",{"b":2}]',
  'unknown interface, inspected: "RemoteError" 12 "Interface not found" null',
  'event hello: "page" {"n":1}',
  'event tick: 0 "p"',
  'event tick: 1 "p"',
  'event tick: 2 "p"',
  'flood: [3]',
  'event got: "said" ["something",1]',
  'pong: ',
  'called: [{"ok":["hello bob"]}]',
  'refused: [{"error":[1234,"no","why"]}]',
  'missing: [{"error":[14]}]',
  'inspected: [["greet","refuse"]]',
  'pinged: true',
  'closed by the server: ',
  'unknown application: "RemoteError" 10 "Application not found" null',
  'no such version: "RemoteError" 10 "Application not found" null',
  'login: "marcus" "marcus"',
  'login refused: "marcus" 11 "Authentication failed"',
  'login refused: "blocked" 1100 "Account blocked"',
];

/** Wire text without what differs from run to run, cut where it is long. */
const comparable = (text) =>
  text
    .replace(/'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'/, "'<uuid>'")
    .replace(/(\{callback:\[\d+\],ok:\[)\d+\.\d+(e-\d+)?\]/, '$1<number>]')
    .slice(0, 200);

/** Runs the page against a server; resolves to what it saw and what went over its WebSockets. */
async function run(browser, origin, url) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const wire = [];
    page.on('websocket', (socket) => {
      socket.on('framesent', ({ payload }) => wire.push(`> ${comparable(payload)}`));
      socket.on('framereceived', ({ payload }) => wire.push(`< ${comparable(payload)}`));
    });
    await page.goto(origin);
    await page.addScriptTag({ path: BUNDLE });
    const seen = await page.evaluate(useBundle, url);
    return { seen, wire };
  } finally {
    await context.close();
  }
}

describe("upstream's browser bundle", () => {
  let browser;
  let origin;
  before(async () => {
    [browser, origin] = await Promise.all([launch(), servePage()]);
  });
  after(() => Promise.all([browser?.close(), origin?.close()]));

  const wires = [];
  for (const kind of servers) {
    test(`sees at ${kind.name} what it should`, async (t) => {
      const server = await kind.start();
      try {
        const { seen, wire } = await run(browser, origin.url, server.url);
        assert.deepEqual(seen, SEEN);
        t.diagnostic(`${wire.length} messages on the wire`);
        assert.ok(wire.length > 150);
        wires.push(wire);
      } finally {
        await server.stop();
      }
    });
  }

  if (servers.length > 1) {
    test('says and hears the same at each server', () => {
      const [first, ...others] = wires;
      assert.equal(wires.length, servers.length);
      for (const wire of others) assert.deepEqual(wire, first);
    });
  }
});
