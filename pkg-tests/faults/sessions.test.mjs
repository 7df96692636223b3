// One session, and who goes on with it: a page, upstream's client in Node, or two pages at once.

import assert from 'node:assert/strict';

import { call, close, connect as connectInNode, jstp } from '../lib/upstream.mjs';
import { ours, prepare, story, upstream } from './setting.mjs';

prepare();

/** Connects, with the session of a text if there is one; `window.heard` is what came as events. */
async function connect({ url, text, heartbeatInterval }) {
  const { Application, Session, ws } = window.jstp;
  const heard = [];
  const hear = (name) => (connection, ...args) => heard.push([name, ...args]);
  const application = new Application('page', {}, { events: { got: hear('got'), news: hear('news') } });
  const client = {
    application,
    heartbeatInterval,
    inDoubtTimeout: 300,
    resumeCheck: 300,
    reconnector: (connection, reconnect) => {
      if (window.goesOn) setTimeout(reconnect, 50);
    },
    session: text && Session.fromString(text),
  };
  const connection = await ws.connect('fixture', client, url);
  Object.assign(window, { connection, heard, goesOn: true });
  return connection.session.id;
}

/** Closes, and says something that waits in the session then; resolves to the session as text. */
async function leave() {
  const { connection } = window;
  connection.session.set('draft', { text: ['of a page', null] });
  const closed = new Promise((resolve) => connection.once('close', resolve));
  connection.close();
  await closed;
  connection.emitRemoteEvent('events', 'note', ['kept']);
  return connection.session.toString();
}

const got = ['got', 'note', ['kept']];

for (const kind of [ours, upstream]) {
  story("upstream's client goes on with the session of a page", kind, async ({ page, line, server }) => {
    const id = await page.evaluate(connect, { url: line.url });
    await page.evaluate(() => window.connection.callMethod('session', 'set', ['cart', [1, 2]]));
    const text = await page.evaluate(leave);
    const session = jstp.Session.fromString(text);
    assert.equal(session.id, id);
    assert.deepEqual(JSON.parse(session.toString()), JSON.parse(text));

    const heard = [];
    const application = new jstp.Application('node', {}, {
      events: { got: (connection, ...args) => heard.push(['got', ...args]) },
    });
    const other = await connectInNode(server.url, 'fixture', { session, application });
    assert.deepEqual(await call(other, 'session', 'get', 'cart'), [[1, 2]]);
    assert.deepEqual(await call(other, 'session', 'id'), [id]);
    assert.deepEqual(heard, [got]);
    await close(other);
  });

  story("a page goes on with the session of upstream's client", kind, async ({ page, line, server }) => {
    const first = await connectInNode(server.url, 'fixture');
    await call(first, 'session', 'set', 'cart', [1, 2]);
    const { id } = first.session;
    first.session.set('draft', 'of Node');
    await close(first);
    first.emitRemoteEvent('events', 'note', ['kept']);
    const text = first.session.toString();

    assert.equal(await page.evaluate(connect, { url: line.url, text }), id);
    const seen = await page.evaluate(async () => {
      const { connection } = window;
      const cart = await connection.callMethod('session', 'get', ['cart']);
      return { cart, draft: connection.session.get('draft'), heard: window.heard };
    });
    assert.deepEqual(seen, { cart: [1, 2], draft: 'of Node', heard: [got] });
    // What came of it is a text that upstream reads.
    const again = jstp.Session.fromString(await page.evaluate(leave));
    assert.deepEqual([again.id, again.get('draft')], [id, { text: ['of a page', null] }]);
  });
}

// Upstream's server leaves the old transport open, and goes deaf when that one ends (Q2).
story('two pages with one session take it from each other', ours, async (setting) => {
  const { page, line, openPage } = setting;
  const id = await page.evaluate(connect, { url: line.url });
  await page.evaluate(() => {
    window.goesOn = false;
    const outcome = ({ code }) => ({ code });
    window.never = window.connection.callMethod('echo', 'never', []).catch(outcome);
    window.ended = new Promise((resolve) => window.connection.once('close', () => resolve()));
    return window.connection.ping();
  });
  const text = await page.evaluate(() => window.connection.session.toString());

  const other = await openPage();
  assert.equal(await other.evaluate(connect, { url: line.url, text }), id);
  await page.evaluate(() => window.ended);
  assert.equal(await page.evaluate(() => window.connection.state), 'waiting');
  const count = () => window.connection.callMethodWithResend('echo', 'count', ['both']);
  assert.equal(await other.evaluate(count), 1);

  // And back.
  await other.evaluate(() => {
    window.goesOn = false;
    window.ended = new Promise((resolve) => window.connection.once('close', () => resolve()));
  });
  await page.evaluate((url) => {
    window.goesOn = true;
    return window.jstp.ws.reconnect(window.connection, url);
  }, line.url);
  await other.evaluate(() => window.ended);
  assert.equal(await page.evaluate(count), 2);
  assert.deepEqual(await page.evaluate(() => window.never), { code: -1 });
  assert.equal(await other.evaluate(() => window.connection.state), 'waiting');
  for (const each of [page, other]) await each.evaluate(() => window.connection.close());
  await line.until(() => line.open === 0);
});

// Its parser in JavaScript cannot read NaN, closes, and would be sent it again for ever (Q13).
story('a message that upstream cannot read is given up', upstream, async ({ page, line }) => {
  const seen = await page.evaluate(async (url) => {
    const reconnector = (connection, reconnect) => reconnect();
    const connection = await window.jstp.ws.connect('fixture', { reconnector }, { allowNonFinite: true }, url);
    const errors = [];
    connection.on('error', ({ message }) => errors.push(message.replace(/^\S+ /, '')));
    const lost = await connection.callMethodWithResend('echo', 'one', [NaN]).catch(({ code }) => code);
    const sum = await connection.callMethodWithResend('calc', 'add', [1, 2]);
    const { pendingCalls: pending } = connection.stats;
    connection.close();
    return { lost, sum, pending, errors };
  }, line.url);
  assert.deepEqual(seen, {
    lost: -1,
    sum: 3,
    pending: 0,
    errors: ['message 1 is given up: the peer closed each time it was sent again'],
  });
});
