// The demo page in headless Chromium, as a person uses it: two tabs chat, calculate and watch the
// clock. The same page runs with our package and with upstream's bundle, and shows the same.
//
// JSTP_SERVER_BIN   our server's binary; without it, cargo builds one

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { freePort, startServer } from '../../scripts/server.mjs';
import { staticServer } from '../../scripts/static.mjs';
import { launch } from '../lib/browser.mjs';
import { build } from '../lib/cargo.mjs';
import { openTab } from './page.mjs';

const folder = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const TIMEOUT = 120_000;

let binary;
let browser;

before(async () => {
  binary = process.env.JSTP_SERVER_BIN ?? (await build('jstp-server', ['--bin', 'jstp-server']));
  browser = await launch();
});

after(() => browser?.close());

/** Runs `story(open, server)` with a server and the page's site of its own. */
async function withDemo(story) {
  const server = await startServer([binary, '--listen', '127.0.0.1:0']);
  const site = staticServer({
    folders: {
      '/': folder('www/'),
      '/pkg/': folder('pkg/'),
      '/upstream/': folder('pkg-tests/node_modules/@metarhia/jstp/dist/'),
    },
    values: { '/config.json': { server: server.url } },
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  const tabs = [];
  const open = async (query) => {
    tabs.push(await openTab(browser, `http://127.0.0.1:${site.address().port}/?${query}`));
    return tabs.at(-1);
  };
  try {
    await story(open, server);
    assert.deepEqual(tabs.flatMap((tab) => tab.complaints), []);
  } finally {
    for (const tab of tabs) await tab.close();
    site.close();
    site.closeAllConnections();
    await server.stop();
  }
}

for (const library of ['jstp-wasm', 'upstream']) {
  describe(`the demo page with ${library}`, () => {
    const query = `library=${library}`;
    const demo = (name, story) => test(name, { timeout: TIMEOUT }, () => withDemo(story));

    demo('connects by itself and says what the server offers', async (open, server) => {
      const tab = await open(query);
      assert.equal(
        await tab.status(),
        'ready: Connected. The server offers chat, calculator, clock. [Disconnect]',
      );
      assert.equal(await tab.value('#server'), server.url);
      assert.match(await tab.text('#session'), /^[0-9a-f]{8}…$/);
      assert.equal(await tab.text('#library'), library === 'upstream' ? '@metarhia/jstp' : library);
      assert.deepEqual(await tab.texts('.interface'), [
        'chat join say history',
        'calculator add subtract multiply divide',
        'clock now',
      ]);
    });

    demo('two tabs chat', async (open) => {
      const ada = await open(query);
      const ben = await open(query);
      await ada.join('Ada');
      await ada.say('Is anybody there?');
      await ben.join('Ada');
      await ben.sees('#chat-problem', 'the name Ada is taken (code 1).');
      await ben.join('Ben');
      await ben.say('<b>Yes</b> & "no"');
      await ada.sees('#lines > li', '<b>Yes</b>');
      assert.deepEqual(await ada.texts('#members > li'), ['Ada (you)', 'Ben']);
      assert.deepEqual(await ben.texts('#members > li'), ['Ada', 'Ben (you)']);
      await ben.close();
      await ada.sees('#lines > li', 'Ben left.');
      assert.deepEqual(await ada.texts('#members > li'), ['Ada (you)']);
      assert.deepEqual(await ada.chat(), [
        'You joined as Ada.',
        'Ada: Is anybody there?',
        'Ben joined.',
        'Ben: <b>Yes</b> & "no"',
        'Ben left.',
      ]);
    });

    demo('who joins reads what was said before', async (open) => {
      const ada = await open(query);
      await ada.join('Ada');
      await ada.say('first');
      await ada.say('second');
      const ben = await open(query);
      await ben.join('Ben');
      await ben.sees('#lines > li', 'You joined as Ben.');
      assert.deepEqual(await ben.chat(), ['Ada: first', 'Ada: second', 'You joined as Ben.']);
    });

    demo('calculates, and says why it cannot', async (open) => {
      const tab = await open(query);
      assert.equal(await tab.calculate('84', 'divide', '2'), '84 ÷ 2 = 42');
      assert.equal(await tab.calculate('0.1', 'add', '0.2'), '0.1 + 0.2 = 0.30000000000000004');
      assert.equal(
        await tab.calculate('1', 'divide', '0'),
        'The server answered: Zero division (code 1).',
      );
      assert.equal(await tab.calculate('-3', 'multiply', '1e3'), '-3 × 1000 = -3000');
      assert.equal(await tab.calculate('1', 'subtract', '2'), '1 − 2 = -1');
    });

    demo('the clock shows each second', async (open) => {
      const tab = await open(query);
      await tab.sees('#events > li', 'clock.tick');
      // The first may still be the answer to what the page asked when it had connected.
      const times = (await tab.ticks(4)).slice(1).map((time) => new Date(time));
      for (const [index, time] of times.slice(1).entries()) {
        const apart = time - times[index];
        assert.ok(apart > 500 && apart < 3000, `ticks were ${apart} ms apart`);
      }
    });

    demo('the explorer calls anything', async (open) => {
      const tab = await open(query);
      assert.equal(
        await tab.call('calculator.multiply', ' 6, 7 '),
        'calculator.multiply(6, 7) → 42',
      );
      assert.equal(
        await tab.call('chat.join', "'Ada'"),
        "chat.join('Ada') → { name: 'Ada', members: ['Ada'] }",
      );
      assert.equal(await tab.call('chat.say', '"it\'s"'), "chat.say('it\\'s') → done, without a result");
      await tab.sees('#events > li', "'Ada', 'it\\'s', ");
      assert.equal(
        await tab.call('calculator.power', '2, {a: [1, null]}'),
        'calculator.power(2, { a: [1, null] }) → The server answered: Method not found (code 14).',
      );
      await tab.type('#arguments', '1 2');
      await tab.press('Call');
      await tab.sees('#call-problem', 'The arguments cannot be read: a comma was expected, not “2”');
      await tab.inspect('weather');
      await tab.sees('#inspect-problem', 'The server answered: Interface not found (code 12).');
    });

    demo('disconnects, connects again, and says when the server is gone', async (open, server) => {
      const tab = await open(query);
      await tab.join('Ada');
      await tab.sees('#members > li', 'Ada (you)');
      await tab.press('Disconnect');
      assert.equal(await tab.statusAfter('ready'), 'closed: Disconnected. [Connect]');
      assert.deepEqual(await tab.texts('#members > li'), []);
      await tab.press('Connect');
      assert.match(await tab.statusAfter('closed'), /^ready: Connected\./);
      await tab.press('Join');
      await tab.sees('#members > li', 'Ada (you)');
      await server.stop();
      if (library === 'upstream') {
        assert.equal(
          await tab.statusAfter('ready'),
          'closed: The connection has closed. The server may have stopped, or the network may be down. [Connect again]',
        );
        await tab.press('Connect again');
        assert.equal(
          await tab.statusAfter('lost'),
          `closed: No JSTP server answers at ${server.url}. Is it running? [Try again]`,
        );
      } else {
        assert.equal(
          await tab.statusAfter('ready'),
          'waiting: The line is broken: transport closed. [Disconnect]',
        );
        await tab.sees('#countdown', /^Trying again in \d+ s\.$/);
        // The second wait is the longer.
        await tab.sees('#countdown', 'Trying again in 3 s.');
        await tab.press('Disconnect');
        await tab.statusAfter('waiting');
        await tab.press('Connect');
        assert.equal(
          await tab.statusAfter('closed'),
          `closed: No JSTP server answers at ${server.url}. Is it running? [Try again]`,
        );
      }
      await tab.type('#server', 'example.org');
      await tab.press('Try again');
      await tab.sees('#sentence', '“example.org” is not the address of a server');
    });

    demo('an attempt that takes long can be given up', async (open) => {
      const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      try {
        const tab = await open(query);
        await tab.press('Disconnect');
        await tab.type('#server', `ws://127.0.0.1:${silent.address().port}`);
        await tab.press('Connect');
        await tab.press('Cancel');
        assert.equal(await tab.status(), 'closed: The attempt was given up. [Connect]');
      } finally {
        silent.close();
      }
    });

    demo('fits a phone', async (open) => {
      const tab = await open(query);
      await tab.resize(390, 844);
      await tab.join('Ada');
      await tab.say('Donaudampfschifffahrt'.repeat(20));
      assert.equal(await tab.calculate('1e300', 'multiply', '1.23456789e7'), '1e+300 × 12345678.9 = 1.23456789e+307');
      assert.equal(await tab.overflow(), 0);
    });
  });
}

describe('the demo page when the line is cut', () => {
  const demo = (name, story) => test(name, { timeout: TIMEOUT }, () => withDemo(story));
  const numbered = (name) => Array.from({ length: 10 }, (_, index) => `${name} says ${index + 1}`);

  /** What people said, without who came and went. */
  const said = async (tab) => (await tab.chat()).filter((line) => line.includes(': '));

  /** Waits until both show so many messages; nothing may be waiting by then. */
  async function spoken(tabs, count) {
    for (const tab of tabs) await tab.counts('#lines p', count);
    for (const tab of tabs) assert.deepEqual(await tab.texts('#unsent > li'), []);
  }

  demo('each line is said once, in one order for all', async (open) => {
    const ada = await open('');
    const ben = await open('');
    await ada.join('Ada');
    await ben.join('Ben');
    await ada.sees('#members > li', 'Ben');
    const talk = async (tab, name, then) => {
      for (const [index, text] of numbered(name).entries()) {
        if (index % 4 === 2) await then?.();
        await tab.say(text);
      }
    };
    // The second cut finds the line open again.
    const cut = async () => {
      await ada.sees('#state', 'ready');
      await ada.press('Cut the line');
    };
    await Promise.all([talk(ada, 'Ada', cut), talk(ben, 'Ben')]);
    await spoken([ada, ben], 20);
    const lines = await said(ada);
    assert.deepEqual(await said(ben), lines);
    for (const name of ['Ada', 'Ben']) {
      const own = lines.filter((line) => line.startsWith(name));
      assert.deepEqual(own, numbered(name).map((text) => `${name}: ${text}`));
    }
    assert.deepEqual(await ada.texts('#members > li'), ['Ada (you)', 'Ben']);
    assert.equal(await ada.status(), 'ready: Connected again. Nothing was lost on the way. [Disconnect]');
  });

  demo('what is typed meanwhile waits, and what others say arrives', async (open) => {
    const ada = await open('');
    const ben = await open('');
    await ada.join('Ada');
    await ben.join('Ben');
    await ada.sees('#members > li', 'Ben');
    await ada.press('Cut the line');
    assert.equal(
      await ada.statusAfter('ready'),
      'waiting: The line is broken: transport closed. [Disconnect]',
    );
    await ada.network('offline');
    await ada.sees('#countdown', 'The browser is offline.');
    await ada.say('Am I heard?');
    assert.deepEqual(await ada.texts('#unsent > li'), ['Ada not sent yet Am I heard?']);
    await ben.say('Where is Ada?');
    await ben.sees('#lines > li', 'Ada left.');
    assert.deepEqual(await ben.texts('#members > li'), ['Ben (you)']);
    await ada.press('Try now');
    await spoken([ada, ben], 2);
    await ben.sees('#lines > li:last-child', 'Am I heard?');
    assert.deepEqual(await ben.chat(), [
      'You joined as Ben.',
      'Ben: Where is Ada?',
      'Ada left.',
      'Ada joined.',
      'Ada: Am I heard?',
    ]);
    assert.deepEqual(await ada.chat(), [
      'You joined as Ada.',
      'Ben joined.',
      'Ben: Where is Ada?',
      'Ada: Am I heard?',
    ]);
  });

  demo('a server that has forgotten the session is joined anew', async (open, server) => {
    const ada = await open('');
    await ada.join('Ada');
    await ada.say('first');
    await ada.counts('#lines p', 1);
    await server.stop();
    await ada.statusAfter('ready');
    await ada.say('second');
    const later = await startServer([binary, '--listen', new URL(server.url).host]);
    try {
      assert.equal(
        await ada.statusAfter('waiting'),
        'ready: Connected anew: the server no longer knew the session. [Disconnect]',
      );
      assert.deepEqual(await ada.texts('#unsent > li'), [
        'Ada The connection closed before the answer came (code -1). second Say it again',
      ]);
      await ada.press('Join');
      await ada.sees('#members > li', 'Ada (you)');
      await ada.press('Say it again');
      await ada.sees('#lines > li', 'second');
      assert.deepEqual(await ada.chat(), ['You joined as Ada.', 'Ada: second']);
      assert.deepEqual(await ada.texts('#unsent > li'), []);
    } finally {
      await later.stop();
    }
  });
});

describe('scripts/demo.mjs', () => {
  for (const { name, group } of [
    { name: 'Ctrl-C in a terminal, which all its processes get', group: true },
    { name: 'SIGINT to it alone', group: false },
  ]) {
    test(`${name} ends it and its server`, { timeout: TIMEOUT }, async () => {
      const child = spawn(process.execPath, [folder('scripts/demo.mjs')], {
        env: { ...process.env, JSTP_SERVER_BIN: binary, PORT: String(await freePort(39_200)) },
        detached: true,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit');
      try {
        const page = await addressIn(child.stdout);
        const { server } = await (await fetch(new URL('config.json', page))).json();
        assert.equal((await fetch(page)).status, 200);
        assert.equal(await answers(server), true);

        process.kill(group ? -child.pid : child.pid, 'SIGINT');
        assert.deepEqual(await exited, [0, null]);
        assert.equal(await answers(page), false);
        assert.equal(await answers(server), false);
        // Signal 0 asks whether the process group has anybody left in it.
        assert.throws(() => process.kill(-child.pid, 0), { code: 'ESRCH' });
      } finally {
        if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
      }
    });
  }
});

/** The address that the demo says to open. */
async function addressIn(output) {
  for await (const line of createInterface({ input: output })) {
    const found = /Open (http:\S+)/.exec(line);
    if (found) return found[1];
  }
  throw new Error('the demo ended without an address to open');
}

/** Whether anybody answers HTTP there; a WebSocket server does, with a refusal. */
async function answers(address) {
  try {
    await fetch(address.replace(/^ws/, 'http'));
    return true;
  } catch {
    return false;
  }
}
