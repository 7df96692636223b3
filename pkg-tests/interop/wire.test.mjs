// What a server says on the wire, row by row, against ours and against upstream's.
//
// A row that upstream answers differently has `upstream`, with the quirk and what happens there:
// `says` (another dialogue), `contained` (an exception that would end the process, had the fixture
// not contained it) or `hangs` (the process is lost).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { parseDialogue, play } from '../lib/dialogue.mjs';
import { servers } from '../lib/servers.mjs';
import { openWire } from '../lib/wire.mjs';
import { dispatch } from './rows/dispatch.mjs';
import * as handshake from './rows/handshake.mjs';
import * as messages from './rows/messages.mjs';

const tables = [
  ['shape of messages', messages.shape],
  ['ids', messages.ids],
  ['kinds', messages.kinds],
  ['dispatch', dispatch],
  ['before the handshake', handshake.before, { fresh: true }],
  ['handshake requests', handshake.requests, { fresh: true }],
  ['refusals', handshake.refusals, { fresh: true }],
  ['authentication', handshake.authentication, { fresh: true }],
  ['versions', handshake.versions, { fresh: true }],
];

for (const kind of servers) {
  describe(`${kind.name} on the wire`, () => {
    let server;
    before(async () => {
      server = await kind.start();
    });
    after(() => server?.stop());

    const greeting = kind.isUpstream ? handshake.greeting.upstream : handshake.greeting;

    for (const [title, rows, mode = {}] of tables) {
      describe(title, () => {
        for (const row of rows) {
          const deviation = kind.isUpstream ? row.upstream : undefined;
          const cites = deviation ? `${row.cites}, ${deviation.quirk}` : row.cites;
          test(`${row.name} (${cites})`, () => check(kind, server, row, deviation, mode));
        }
      });
    }

    test(`a listener may greet the client (${greeting.cites})`, async () => {
      const greeter = await kind.start('--greet');
      try {
        await play(greeter.url, greeting.says, { fresh: true });
      } finally {
        await greeter.stop();
      }
    });

    test('nothing of this has ended the server', async () => {
      assert.equal(server.exited, false);
      await play(server.url, "> {call:[1,'calc'],answer:[]}\n< {callback:[1],ok:[24]}");
    });
  });
}

async function check(kind, server, row, deviation, mode) {
  if (deviation?.contained) await checkContained(server, row, mode);
  else if (deviation?.hangs) await checkHangs(kind, row);
  else await play(server.url, deviation?.says ?? row.says, mode);
}

/** Sends what the row sends; the exception it causes is reported on the server's standard error. */
async function checkContained(server, row, { fresh = false }) {
  const contained = () => server.errors.filter((line) => line.startsWith('contained: ')).length;
  const count = contained();
  const wire = await openWire(server.url);
  try {
    for (const line of [...(fresh ? [] : ["> {handshake:[0,'fixture']}"]), ...parseDialogue(row.says)]) {
      if (line.startsWith('> ')) wire.send(line.slice(2));
    }
    for (let waited = 0; contained() === count && waited < 3_000; waited += 10) await sleep(10);
    assert.equal(contained(), count + 1, 'one exception is contained');
  } finally {
    wire.terminate();
  }
}

/** A process of its own stops answering for good. */
async function checkHangs(kind, row) {
  const victim = await kind.start();
  const wire = await openWire(victim.url);
  try {
    wire.send("{handshake:[0,'fixture']}");
    await wire.next();
    for (const line of parseDialogue(row.says)) wire.send(line.slice(2));
    wire.send('{ping:[1]}');
    assert.equal(await wire.next(300), 'nothing');
  } finally {
    wire.terminate();
    await victim.stop({ now: true });
  }
}
