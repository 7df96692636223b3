// Several messages in one of the WebSocket's (docs/extensions.md): the package's client in headless
// Chromium, and a client of wire text, with our server, which agrees to it, and with upstream's, which
// has never heard of it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { staticServer } from '../../scripts/static.mjs';
import { launch } from '../lib/browser.mjs';
import { servers } from '../lib/servers.mjs';
import { openWire, SUBPROTOCOL } from '../lib/wire.mjs';

const BATCH = 'metarhia-jstp.batch';
const CALLS = [1, 2, 3].map((id) => `{call:[${id},'calc'],add:[${id},1]}`);
const ANSWERS = [1, 2, 3].map((id) => `{callback:[${id}],ok:[${id + 1}]}`);

const folder = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Has the page connect and make three calls at once, then one; resolves to what all came to. */
const makeCalls = async ([url, config]) => {
  const connection = await jstp.ws.connect('fixture', null, config, url);
  const add = (x) => connection.callMethod('calc', 'add', [x, 1]);
  const sums = await Promise.all([1, 2, 3].map(add));
  sums.push(await add(4));
  const { messagesIn, messagesOut } = connection.stats;
  connection.close();
  return { sums, messagesIn, messagesOut };
};

for (const kind of servers) {
  describe(`the extension batch at ${kind.name}`, () => {
    let server;
    let browser;
    let site;
    before(async () => {
      site = staticServer({
        folders: { '/': folder('../faults/site/'), '/pkg/': folder('../../pkg/') },
      });
      site.listen(0, '127.0.0.1');
      [server, browser] = await Promise.all([kind.start(), launch(), once(site, 'listening')]);
    });
    after(async () => {
      await browser?.close();
      site.close();
      site.closeAllConnections();
      await server?.stop();
    });

    /** What the page's calls came to, what went over the WebSocket, and what was offered and chosen. */
    async function run(config) {
      const context = await browser.newContext();
      try {
        const page = await context.newPage();
        const devtools = await context.newCDPSession(page);
        const wire = [];
        const agreed = {};
        const subprotocol = ({ headers }) =>
          Object.entries(headers).find(([name]) => name.toLowerCase() === 'sec-websocket-protocol')?.[1];
        devtools.on('Network.webSocketWillSendHandshakeRequest', ({ request }) => {
          agreed.offered = subprotocol(request);
        });
        devtools.on('Network.webSocketHandshakeResponseReceived', ({ response }) => {
          agreed.chosen = subprotocol(response);
        });
        await devtools.send('Network.enable');
        page.on('websocket', (socket) => {
          socket.on('framesent', ({ payload }) => wire.push(`> ${payload}`));
          socket.on('framereceived', ({ payload }) => wire.push(`< ${payload}`));
        });
        await page.goto(`http://127.0.0.1:${site.address().port}/`);
        await page.waitForFunction(() => window.jstp);
        const { sums, ...counted } = await page.evaluate(makeCalls, [server.url, config]);
        assert.deepEqual(sums, [2, 3, 4, 5]);
        assert.deepEqual(counted, { messagesIn: 5, messagesOut: 5 });
        assert.match(wire[1], /^< \{handshake:\[0\],ok:'[0-9a-f-]{36}'\}$/);
        wire[1] = '< session';
        return { ...agreed, wire };
      } finally {
        await context.close();
      }
    }

    const before4 = [`> {handshake:[0,'fixture']}`, '< session'];
    const fourth = [`> {call:[4,'calc'],add:[4,1]}`, '< {callback:[4],ok:[5]}'];
    const oneByOne = (wire) => {
      // How calls and answers take turns is the scheduler's choice.
      assert.deepEqual(wire.slice(0, 2), before4);
      assert.deepEqual(wire.slice(-2), fourth);
      const middle = wire.slice(2, -2);
      const those = (mark) => middle.filter((text) => text.startsWith(mark)).map((text) => text.slice(2));
      assert.deepEqual(those('> '), CALLS);
      assert.deepEqual(those('< '), ANSWERS);
    };

    test('the page offers it, and what it calls at once travels together if it is chosen', async () => {
      const { offered, chosen, wire } = await run({});
      assert.equal(offered, `${BATCH}, ${SUBPROTOCOL}`);
      if (kind.isUpstream) {
        assert.equal(chosen, SUBPROTOCOL);
        oneByOne(wire);
      } else {
        assert.equal(chosen, BATCH);
        assert.deepEqual(wire, [...before4, `> [${CALLS}]`, `< [${ANSWERS}]`, ...fourth]);
      }
    });

    test('a page that does without speaks the plain protocol', async () => {
      const { offered, chosen, wire } = await run({ batch: false });
      assert.equal(offered, SUBPROTOCOL);
      assert.equal(chosen, SUBPROTOCOL);
      oneByOne(wire);
    });

    test('an array is taken only where it was agreed on', async () => {
      for (const protocols of [[BATCH, SUBPROTOCOL], [SUBPROTOCOL]]) {
        const wire = await openWire(server.url, { protocols });
        const agreed = !kind.isUpstream && protocols[0] === BATCH;
        assert.equal(wire.protocol, agreed ? BATCH : SUBPROTOCOL);
        wire.send("{handshake:[0,'fixture']}");
        assert.match(await wire.next(), /^\{handshake:\[0\],ok:'/);
        wire.send(CALLS[0]);
        assert.equal(await wire.next(), ANSWERS[0]);
        if (agreed) {
          wire.send(`[${CALLS.slice(1)}]`);
          assert.equal(await wire.next(), `[${ANSWERS.slice(1)}]`);
          wire.send('[]');
          assert.equal(await wire.next(), 'close 1000');
        } else if (!kind.isUpstream) {
          // Upstream's process would not survive it (Q33).
          wire.send(`[${CALLS.slice(1)}]`);
          assert.equal(await wire.next(), 'close 1000');
        }
        await wire.close();
      }
    });
  });
}
