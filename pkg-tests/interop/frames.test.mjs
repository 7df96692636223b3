// protocol.md 1.2 and 1.3: frames, sizes and closing, over bare TCP, against ours and upstream's.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { play } from '../lib/dialogue.mjs';
import { servers } from '../lib/servers.mjs';
import { OPCODE, closePayload, frame, openFrames, request, upgradeHeaders } from '../lib/tcp.mjs';

const MAX_MESSAGE = 8 * 1024 * 1024;
const MAX_FRAGMENT = 16 * 1024;
const HANDSHAKE = "{handshake:[0,'fixture']}";
const CALL = "{call:[1,'calc'],answer:[]}";
const ANSWER = '{callback:[1],ok:[24]}';

/** A call that blanks at its end bring to a size. */
const callOfSize = (size) => CALL.padEnd(size);

const { text, binary, continuation, close, ping, pong } = OPCODE;

// Each row: the frames sent after a handshake, and the next message or close that arrives.
const rows = [
  { name: 'a text message', send: [frame(text, CALL)], expect: ANSWER },
  { name: 'a binary message is read as UTF-8', send: [frame(binary, CALL)], expect: ANSWER },
  {
    name: 'a message in fragments',
    send: [
      frame(text, CALL.slice(0, 5), { fin: false }),
      frame(continuation, '', { fin: false }),
      frame(continuation, CALL.slice(5)),
    ],
    expect: ANSWER,
  },
  {
    name: 'a character cut in two by fragments',
    send: [
      frame(text, Buffer.from("{call:[1,'echo'],one:['é']}").subarray(0, 24), { fin: false }),
      frame(continuation, Buffer.from("{call:[1,'echo'],one:['é']}").subarray(24)),
    ],
    expect: "{callback:[1],ok:['é']}",
  },
  {
    name: 'a ping frame between fragments',
    send: [
      frame(text, CALL.slice(0, 5), { fin: false }),
      frame(ping, 'x'),
      frame(continuation, CALL.slice(5)),
    ],
    expect: ANSWER,
  },
  {
    name: 'a pong frame nobody asked for',
    send: [frame(pong, 'x'), frame(text, CALL)],
    expect: ANSWER,
  },
  {
    name: 'two messages in one segment',
    send: [Buffer.concat([frame(text, '{ping:[5]}'), frame(text, CALL)])],
    expect: '{pong:[5]}',
  },
  { name: 'an empty message closes', send: [frame(text, '')], expect: 'close 1000' },
  { name: 'an empty binary message closes', send: [frame(binary, '')], expect: 'close 1000' },
  { name: 'a message of blanks closes', send: [frame(text, ' \n')], expect: 'close 1000' },
  {
    name: 'invalid UTF-8 in a text message',
    send: [frame(text, Buffer.from([0x7b, 0xff, 0x7d]))],
    expect: 'close 1007',
  },
  {
    name: 'a surrogate encoded in UTF-8',
    send: [frame(text, Buffer.from([0x27, 0xed, 0xa0, 0x80, 0x27]))],
    expect: 'close 1007',
  },
  {
    name: 'invalid UTF-8 in a binary message',
    cites: 'decisions.md',
    send: [
      frame(binary, Buffer.from([...Buffer.from("{call:[1,'echo'],one:['"), 0xff, 0x27, 0x5d, 0x7d])),
    ],
    expect: 'close 1007',
    upstream: { cites: 'protocol.md 1.2', expect: "{callback:[1],ok:['\ufffd']}" },
  },
  {
    name: 'a message of 8 MiB',
    send: [frame(text, callOfSize(MAX_MESSAGE))],
    expect: ANSWER,
  },
  {
    // Its head is enough: bytes still on their way would meet a closed socket, and the reset they
    // cause may overtake the close.
    name: 'a message of 8 MiB and one byte',
    send: [frame(text, callOfSize(MAX_MESSAGE + 1)).subarray(0, 14)],
    expect: 'close 1009',
  },
  {
    name: 'a message of 8 MiB in fragments',
    send: [
      frame(text, callOfSize(MAX_MESSAGE - 5), { fin: false }),
      frame(continuation, ' '.repeat(5)),
    ],
    expect: ANSWER,
  },
  {
    name: 'a message of 8 MiB and one byte in fragments',
    send: [
      frame(text, callOfSize(MAX_MESSAGE - 5), { fin: false }),
      frame(continuation, ' '.repeat(6)),
    ],
    expect: 'close 1009',
  },
  {
    name: 'an unmasked frame',
    cites: 'RFC 6455 5.1',
    send: [frame(text, CALL, { masked: false })],
    expect: 'close 1002',
    upstream: { cites: 'Q71', expect: ANSWER },
  },
  {
    name: 'a reserved bit',
    cites: 'RFC 6455 5.2',
    send: [frame(text, CALL, { rsv: 4 })],
    expect: 'close 1002',
  },
  {
    name: 'an unknown kind of frame',
    cites: 'RFC 6455 5.2',
    send: [frame(3, 'x')],
    expect: 'close 1002',
  },
  {
    name: 'a control frame in fragments',
    cites: 'RFC 6455 5.5',
    send: [frame(ping, 'x', { fin: false })],
    expect: 'close 1002',
  },
  {
    name: 'a control frame of 126 bytes',
    cites: 'RFC 6455 5.5',
    send: [frame(ping, 'x'.repeat(126))],
    expect: 'close 1002',
  },
  {
    name: 'a continuation of nothing',
    cites: 'RFC 6455 5.4',
    send: [frame(continuation, CALL)],
    expect: 'close 1002',
  },
  {
    name: 'a new message inside a fragmented one',
    cites: 'RFC 6455 5.4',
    send: [frame(text, CALL, { fin: false }), frame(text, CALL)],
    expect: 'close 1002',
  },
  ...[1000, 3000, 4999].map((code) => ({
    name: `a close with code ${code}`,
    cites: 'RFC 6455 5.5.1',
    send: [frame(close, closePayload(code, 'bye'))],
    // The RFC lets a peer repeat the code or choose its own.
    expect: new RegExp(`^close (1000|${code})$`),
  })),
  ...[1005, 1006, 999, 5000].map((code) => ({
    name: `a close with code ${code}`,
    cites: 'RFC 6455 7.4',
    send: [frame(close, closePayload(code))],
    expect: 'close 1002',
  })),
  {
    name: 'a close with code 1015',
    cites: 'RFC 6455 7.4',
    send: [frame(close, closePayload(1015))],
    expect: 'close 1002',
    upstream: { cites: 'Q71', expect: 'close 1000' },
  },
  {
    name: 'a close whose payload is one byte',
    cites: 'RFC 6455 5.5.1',
    send: [frame(close, 'x')],
    expect: 'close 1002',
  },
];

async function withTransport(server, use) {
  const tcp = await openFrames(server.port);
  try {
    await use(tcp);
  } finally {
    tcp.destroy();
  }
}

const withSession = (server, use) =>
  withTransport(server, async (tcp) => {
    tcp.send(HANDSHAKE);
    assert.match(await tcp.message(), /^\{handshake:\[0\],ok:'.{36}'\}$/);
    await use(tcp);
  });

for (const kind of servers) {
  describe(`frames at ${kind.name}`, () => {
    let server;
    before(async () => {
      server = await kind.start();
    });
    after(() => server?.stop());

    for (const row of rows) {
      const { cites, expect } = (kind.isUpstream && row.upstream) || row;
      test(`${row.name} (${cites ?? 'protocol.md 1.2'})`, () =>
        withSession(server, async (tcp) => {
          for (const bytes of row.send) tcp.write(bytes);
          const got = await tcp.message();
          if (expect instanceof RegExp) assert.match(got, expect);
          else assert.equal(got, expect);
          if (got.startsWith('close')) {
            tcp.write(frame(close, closePayload(1000)));
            await tcp.end();
          }
        }));
    }

    test('what the server sends: text, unmasked, nothing reserved (protocol.md 1.2)', () =>
      withSession(server, async (tcp) => {
        tcp.send(CALL);
        const { payload, ...head } = await tcp.frame();
        assert.equal(payload.toString(), ANSWER);
        assert.deepEqual(head, { fin: true, rsv: 0, opcode: text, masked: false });
      }));

    for (const length of [MAX_FRAGMENT - 100, MAX_FRAGMENT + 100, 100_000, 2_000_000]) {
      test(`an answer of about ${length} bytes is in frames of at most 16 KiB (protocol.md 1.2)`, () =>
        withSession(server, async (tcp) => {
          const value = 'é'.repeat(length / 2);
          tcp.send(`{call:[1,'echo'],one:['${value}']}`);
          const frames = [];
          do frames.push(await tcp.frame());
          while (!frames.at(-1).fin);
          const expected = `{callback:[1],ok:['${value}']}`;
          assert.ok(Buffer.concat(frames.map(({ payload }) => payload)).toString() === expected);
          assert.ok(frames.every(({ payload }) => payload.length <= MAX_FRAGMENT));
          assert.equal(frames.length, Math.ceil(Buffer.byteLength(expected) / MAX_FRAGMENT));
          assert.deepEqual(
            [...new Set(frames.map(({ opcode }, i) => (i === 0 ? opcode - text : opcode)))],
            [continuation],
          );
        }));
    }

    test('a ping frame is answered with its payload (RFC 6455 5.5.3)', () =>
      withSession(server, async (tcp) => {
        tcp.write(frame(ping, 'payload'));
        const { opcode, payload } = await tcp.frame();
        assert.equal(opcode, pong);
        assert.equal(payload.toString(), 'payload');
      }));

    test('a refusal arrives before the close (protocol.md 1.3)', () =>
      withTransport(server, async (tcp) => {
        tcp.send("{handshake:[0,'nope']}");
        assert.equal(await tcp.message(), '{handshake:[0],error:[10]}');
        assert.equal(await tcp.message(), 'close 1000');
        tcp.write(frame(close, closePayload(1000)));
        await tcp.end();
      }));

    // Upstream sends its FIN together with the close.
    const [soonest, latest] = kind.isUpstream ? [0, 1_000] : [4_000, 7_000];
    test(`a close without answer ends TCP in ${soonest} to ${latest} ms (protocol.md 1.3)`, () =>
      withTransport(server, async (tcp) => {
        tcp.send("{handshake:[0,'nope']}");
        await tcp.message();
        assert.equal(await tcp.message(), 'close 1000');
        const start = performance.now();
        await tcp.end();
        const waited = performance.now() - start;
        assert.ok(waited >= soonest && waited <= latest, `it took ${waited} ms`);
      }));

    test('without a handshake the transport closes after 3 s, {} or not (protocol.md 5.2)', () =>
      withTransport(server, async (tcp) => {
        const start = performance.now();
        const heartbeats = setInterval(() => tcp.send('{}'), 500);
        try {
          assert.equal(await tcp.message(), 'close 1000');
        } finally {
          clearInterval(heartbeats);
        }
        const waited = performance.now() - start;
        assert.ok(waited > 2_500 && waited < 4_500, `it took ${waited} ms`);
      }));

    test('clients that vanish leave the server as it was (Q69)', async () => {
      for (let i = 0; i < 5; i++) {
        const { tcp } = await request(server.port, { headers: upgradeHeaders() });
        tcp.reset();
      }
      await withSession(server, async (tcp) => tcp.reset());
      await withSession(server, async (tcp) => {
        tcp.write(frame(text, CALL).subarray(0, 7));
        tcp.reset();
      });
      assert.equal(server.exited, false);
      await play(server.url, `> ${CALL}\n< ${ANSWER}`);
    });
  });
}
