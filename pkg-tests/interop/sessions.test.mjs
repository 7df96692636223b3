// protocol.md 4 as a server shows it: sessions that outlive their transport, in wire text, at our
// server and at upstream's.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { follow, parseDialogue } from '../lib/dialogue.mjs';
import { servers } from '../lib/servers.mjs';
import { openWire } from '../lib/wire.mjs';

/** Long enough for a server to notice that a transport is gone. */
const NOTICE_MS = 200;

/** How long a server's call may take to come to something: ours leaves it in doubt for 5 s. */
const LATE_MS = 7_000;

/** A client by hand: one session, one transport at a time. */
class Client {
  constructor(url) {
    this.url = url;
    this.wire = null;
    this.id = null;
  }

  /** A new session. */
  async connect(request = "{handshake:[0,'fixture']}") {
    this.wire = await openWire(this.url);
    this.wire.send(request);
    const answer = await this.wire.next();
    this.id = /^\{handshake:\[0\],ok:'([^']+)'\}$/.exec(answer)?.[1];
    assert.ok(this.id, `a session, not ${answer}`);
  }

  /** A new transport for the session, whose answer must be as expected. */
  async resume(count, expected, app = 'fixture') {
    this.wire = await openWire(this.url);
    await this.play(`
      > {handshake:[0,'${app}'],session:['${this.id}',${count}]}
      < ${expected}
    `);
  }

  play(dialogue) {
    return follow(this.wire, parseDialogue(dialogue));
  }

  /** What the server's own calls have come to, once there is something; `id` is the first to use. */
  async lateAnswers(id) {
    for (const deadline = performance.now() + LATE_MS; ; id++) {
      this.wire.send(`{call:[${id},'admin'],lateAnswers:[]}`);
      const answers = /^\{callback:\[\d+\],ok:\[(.*)\]\}$/.exec(await this.wire.next())?.[1];
      if (answers !== '[]' || performance.now() > deadline) return answers;
      await sleep(20);
    }
  }

  /** Loses the transport; the server has noticed when this resolves. */
  async drop() {
    this.wire.terminate();
    await sleep(NOTICE_MS);
  }
}

for (const kind of servers) {
  const { isUpstream } = kind;

  describe(`sessions at ${kind.name}`, () => {
    let server;
    before(async () => {
      server = await kind.start();
    });
    after(() => server?.stop());

    const story = (name, tell) =>
      test(name, async () => {
        const client = new Client(server.url);
        try {
          await tell(client);
        } finally {
          client.wire?.terminate();
        }
      });

    story('a session is resumed where it was, and keeps what it holds (4.4)', async (client) => {
      await client.connect("{handshake:[0,'fixture','^1'],login:['marcus','secret']}");
      await client.play(`
        > {call:[1,'session'],set:['k',{a:1}]}
        < {callback:[1],ok:[]}
        > {call:[2,'echo'],count:['c']}
        < {callback:[2],ok:[1]}
      `);
      await client.drop();
      await client.resume(0, '{handshake:[0],ok:2}');
      await client.play(`
        > {call:[3,'session'],get:['k']}
        < {callback:[3],ok:[{a:1}]}
        > {call:[4,'echo'],count:['c']}
        < {callback:[4],ok:[2]}
        > {call:[5,'session'],username:[]}
        < {callback:[5],ok:['marcus']}
        > {call:[6,'session'],id:[]}
        < {callback:[6],ok:['${client.id}']}
        > {call:[7,'session'],version:[]}
        < {callback:[7],ok:['1.2.3']}
      `);
    });

    story('a session that has received nothing says 0 (2.6)', async (client) => {
      await client.connect();
      await client.drop();
      await client.resume(0, '{handshake:[0],ok:0}');
    });

    for (const [what, text, count] of [
      ['a call', "{call:[4,'echo'],never:[]}", 4],
      ['a call that is refused', "{call:[4,'nope'],m:[]}", 4],
      ['an event', "{event:[4,'calc'],x:[]}", 4],
      ['an event without arguments', "{event:[4,'calc'],x:5}", 4],
      ['an inspect', "{inspect:[4,'calc']}", 4],
      ['a ping', '{ping:[4]}', 4],
      ['a negative id, by its absolute value', '{ping:[-4]}', 4],
      ['not a callback', '{callback:[4],ok:[]}', 3],
      ['not a pong', '{pong:[4]}', 3],
      ['not an unknown kind', '{foo:[4]}', 3],
      ['not the obsolete heartbeat', '{}', 3],
      ['the last one, not the greatest', '{ping:[2]}', 2],
    ]) {
      story(`what counts as received: ${what} (4.3)`, async (client) => {
        await client.connect();
        client.wire.send('{ping:[3]}');
        client.wire.send(text);
        await client.drop();
        await client.resume(0, `{handshake:[0],ok:${count}}`);
      });
    }

    if (!isUpstream) {
      story('a header that is ignored does not count as received (2.1)', async (client) => {
        await client.connect();
        client.wire.send('{ping:[3]}');
        client.wire.send("{ping:['4']}");
        await client.drop();
        await client.resume(0, '{handshake:[0],ok:3}');
      });
    }

    story('what was not received is sent again, in order (4.4)', async (client) => {
      await client.connect();
      await client.play(`
        > {call:[1,'events'],flood:[3,'p']}
        < {event:[-1,'events'],tick:[0,'p']}
        < {event:[-2,'events'],tick:[1,'p']}
        < {event:[-3,'events'],tick:[2,'p']}
        < {callback:[1],ok:[3]}
      `);
      await client.drop();
      await client.resume(1, '{handshake:[0],ok:1}');
      // Upstream goes on at the last id + 1 (Q1).
      await client.play(`
        < {event:[-2,'events'],tick:[1,'p']}
        < {event:[-3,'events'],tick:[2,'p']}
        > {call:[2,'events'],emit:['x',[]]}
        < {event:[${isUpstream ? -2 : -4},'events'],x:[]}
        < {callback:[2],ok:[]}
      `);
    });

    story('a pong acknowledges all before it (4.3)', async (client) => {
      await client.connect();
      await client.play(`
        > {call:[1,'events'],emit:['x',[]]}
        < {event:[-1,'events'],x:[]}
        < {callback:[1],ok:[]}
        > {call:[2,'back'],ping:[]}
        < {ping:[-2]}
        > {pong:[-2]}
        < {callback:[2],ok:[<number>]}
        > {call:[3,'events'],emit:['y',[]]}
        < {event:[-3,'events'],y:[]}
        < {callback:[3],ok:[]}
      `);
      await client.drop();
      // The client says less than the server knows.
      await client.resume(0, '{handshake:[0],ok:3}');
      await client.play(`
        < {event:[-3,'events'],y:[]}
        > {ping:[4]}
        < {pong:[4]}
      `);
    });

    story('what is emitted while the client is away arrives when it is back (4.6)', async (client) => {
      await client.connect();
      await client.play(`
        > {call:[1,'admin'],invokeLater:[${2 * NOTICE_MS},'page','m',[1]]}
        < {callback:[1],ok:[]}
      `);
      await client.drop();
      await sleep(3 * NOTICE_MS);
      await client.resume(0, '{handshake:[0],ok:1}');
      await client.play(`
        < {call:[-1,'page'],m:[1]}
        > {callback:[-1],ok:['answer']}
      `);
      assert.equal(await client.lateAnswers(2), "[{ok:['answer']}]");
    });

    story('a call whose answer was lost fails with -1 (4.5)', async (client) => {
      await client.connect();
      await client.play(`
        > {call:[1,'admin'],invokeLater:[0,'page','m',[]]}
        < {callback:[1],ok:[]}
        < {call:[-1,'page'],m:[]}
      `);
      await client.drop();
      await client.resume(1, '{handshake:[0],ok:1}');
      assert.equal(await client.lateAnswers(2), '[{error:[-1]}]');
    });

    story('an answer that came too late for its transport (decisions.md)', async (client) => {
      await client.connect();
      client.wire.send(`{call:[1,'echo'],later:[${2 * NOTICE_MS},'x']}`);
      await client.drop();
      await sleep(3 * NOTICE_MS);
      await client.resume(0, '{handshake:[0],ok:1}');
      // Upstream has lost it (4.2).
      await client.play(`
        ${isUpstream ? '' : "< {callback:[1],ok:['x']}"}
        > {ping:[2]}
        < {pong:[2]}
      `);
    });

    story('the new transport replaces one that is still open (4.4)', async (client) => {
      await client.connect();
      await client.play(`
        > {call:[1,'calc'],answer:[]}
        < {callback:[1],ok:[24]}
      `);
      const old = client.wire;
      try {
        await client.resume(0, '{handshake:[0],ok:1}');
        assert.equal(await old.next(), 'close 1000');
        await sleep(NOTICE_MS);
        client.wire.send("{call:[2,'calc'],answer:[]}");
        // Upstream's connection has gone deaf with its old transport (Q2).
        const expected = isUpstream ? 'nothing' : '{callback:[2],ok:[24]}';
        assert.equal(await client.wire.next(isUpstream ? 300 : undefined), expected);
      } finally {
        old.terminate();
      }
    });

    story('a resumed client is among those a broadcast reaches (4.4)', async (client) => {
      await client.connect();
      await client.drop();
      await client.resume(0, '{handshake:[0],ok:0}');
      const other = new Client(server.url);
      try {
        await other.connect();
        other.wire.send("{call:[1,'events'],broadcast:['news',[1]]}");
        // Upstream's list of clients is without it (Q3).
        const expected = isUpstream ? 'nothing' : "{event:[-1,'events'],news:[1]}";
        assert.equal(await client.wire.next(isUpstream ? 300 : undefined), expected);
      } finally {
        other.wire?.terminate();
      }
    });

    story('a session belongs to its application (4.4)', async (client) => {
      await client.connect();
      await client.drop();
      // Upstream attaches it to any (Q16).
      const expected = isUpstream ? '{handshake:[0],ok:0}' : '{handshake:[0],error:[11]}';
      await client.resume(0, expected, 'other');
    });

    story('the application is looked up before the session (2.6)', async (client) => {
      await client.connect();
      await client.drop();
      await client.resume(0, '{handshake:[0],error:[10]}', 'nope');
    });

    for (const count of ['-1', '1.5', "'abc'", 'undefined,', '9007199254740992']) {
      if (isUpstream && count === '9007199254740992') continue; // It would hang (Q11).
      story(`the count ${count} is malformed (4.4)`, async (client) => {
        await client.connect();
        await client.drop();
        await client.resume(
          count,
          isUpstream ? '{handshake:[0],ok:0}' : '{handshake:[0],error:[11]}', // Q10
        );
      });
    }

    if (!isUpstream) {
      // At upstream the process hangs (Q11).
      story('a count beyond all ids is clamped (4.4)', async (client) => {
        await client.connect();
        await client.play(`
          > {call:[1,'events'],emit:['x',[]]}
          < {event:[-1,'events'],x:[]}
          < {callback:[1],ok:[]}
        `);
        await client.drop();
        await client.resume(1e15, '{handshake:[0],ok:1}');
        await client.play(`
          > {call:[2,'events'],emit:['y',[]]}
          < {event:[-2,'events'],y:[]}
          < {callback:[2],ok:[]}
        `);
        await client.drop();
        await client.resume(1, '{handshake:[0],ok:2}');
        await client.play("< {event:[-2,'events'],y:[]}");
      });
    }

    story('a session may be resumed again and again (2.2)', async (client) => {
      await client.connect("{handshake:[0,'other']}");
      for (let round = 1; round <= 5; round++) {
        await client.play(`
          > {call:[${round},'calc'],answer:[]}
          < {callback:[${round}],ok:[7]}
        `);
        await client.drop();
        await client.resume(0, `{handshake:[0],ok:${round}}`, 'other');
      }
    });

    story('a session that was closed by the server can be resumed (Q46)', async (client) => {
      await client.connect();
      await client.play(`
        > {call:[1,'admin'],close:[]}
        < {callback:[1],ok:[]}
        < close 1000
      `);
      await sleep(NOTICE_MS);
      await client.resume(0, '{handshake:[0],ok:1}');
    });

    story('a session that was forgotten is unknown (Q46)', async (client) => {
      await client.connect();
      await client.play(`
        > {call:[1,'admin'],forget:[]}
        < {callback:[1],ok:[]}
        < close 1000
      `);
      await sleep(NOTICE_MS);
      await client.resume(0, '{handshake:[0],error:[11]}');
      assert.equal(await client.wire.next(), 'close 1000');
    });
  });
}
