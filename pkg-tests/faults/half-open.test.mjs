// The line goes silent and stays open at both ends, as when a phone leaves the network.

import assert from 'node:assert/strict';

import { call, close, connect as connectInNode } from '../lib/upstream.mjs';
import { ours, prepare, story, upstream } from './setting.mjs';

prepare();

/** Connects with a heartbeat, and notes what happens from then on. */
async function connect(url) {
  const { Application, ws } = window.jstp;
  const heard = [];
  const states = [];
  const hear = (name) => (connection, ...args) => heard.push([name, ...args]);
  const application = new Application('page', {}, { events: { got: hear('got'), news: hear('news') } });
  const client = { application, heartbeatInterval: 200, heartbeatTimeout: 700, inDoubtTimeout: 300 };
  const connection = await ws.connect('fixture', client, url);
  connection.on('stateChange', (state) => states.push(state));
  Object.assign(window, { connection, heard, states });
}

/** Resolves once the connection is ready over another transport. */
const resumed = () =>
  new Promise((resolve) => window.connection.once('reconnect', resolve)).then((error) => {
    if (error) throw error;
    return window.states.splice(0);
  });

story('silence is noticed, and nothing is lost over it', ours, async ({ page, line, server }) => {
  await page.evaluate(connect, line.url);
  // The server will have this one; its answer gets lost, on a line that is silent by then.
  const answer = page.evaluate(
    () => window.connection.callMethod('echo', 'later', [400, 'x']).catch(({ code }) => code),
  );
  await page.evaluate(() => window.connection.ping());
  line.freeze();
  const back = page.evaluate(resumed);
  const counts = page.evaluate(() => {
    const { connection } = window;
    for (let i = 0; i < 50; i++) connection.emitRemoteEvent('events', 'note', [i]);
    const keys = Array.from({ length: 50 }, (_, i) => `silent ${i}`);
    return Promise.all(keys.map((key) => connection.callMethod('echo', 'count', [key])));
  });
  const other = await connectInNode(server.url, 'fixture');
  assert.deepEqual(await call(other, 'events', 'broadcast', 'news', ['while silent']), [2]);
  await close(other);

  assert.deepEqual(await back, ['waiting', 'connecting', 'handshaking', 'ready']);
  assert.deepEqual(await counts, Array(50).fill(1));
  assert.equal(await answer, -1);
  assert.deepEqual(await page.evaluate(() => window.heard), [
    ['news', 'while silent'],
    ...Array.from({ length: 50 }, (_, i) => ['got', 'note', [i]]),
  ]);
  assert.equal(line.accepted, 2);
});

// Not its events, which are lost and doubled after a restore (Q1).
story('a server that goes deaf over it is noticed as well (Q2)', upstream, async ({ page, line }) => {
  await page.evaluate(connect, line.url);
  line.freeze();
  const back = page.evaluate(resumed);
  const first = page.evaluate(() => window.connection.callMethod('echo', 'count', ['silent']));
  await back;
  assert.equal(await first, 1);
  // Only now does the server hear of the end of the old transport, and takes it for the present.
  const again = page.evaluate(resumed);
  line.cutFrozen();
  const resent = page.evaluate(
    () => window.connection.callMethodWithResend('echo', 'one', ['heard at last']),
  );
  assert.deepEqual(await again, ['waiting', 'connecting', 'handshaking', 'ready']);
  assert.equal(await resent, 'heard at last');
  assert.equal(await page.evaluate(() => window.connection.callMethod('echo', 'count', ['silent'])), 2);
});
