// protocol.md 1.1: the HTTP side of a server, over bare TCP, against ours and upstream's.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { play } from '../lib/dialogue.mjs';
import { servers } from '../lib/servers.mjs';
import { ACCEPT, request, upgradeHeaders } from '../lib/tcp.mjs';

const plain = { Host: 'localhost', Connection: 'close' };
const protocols = (value) => upgradeHeaders({ 'Sec-WebSocket-Protocol': value });
const version = (value) => upgradeHeaders({ 'Sec-WebSocket-Version': value });

// `echoes` is the subprotocol the answer must select; `upstream` what upstream answers instead.
const rows = [
  ...['GET', 'POST', 'PUT', 'OPTIONS', 'DELETE'].map((method) => ({
    name: `${method} without an upgrade`,
    request: { method, headers: { ...plain, 'Content-Length': '0' } },
    status: 400,
  })),
  {
    name: 'GET of some path without an upgrade',
    request: { path: '/some/path?x=1', headers: plain },
    status: 400,
  },
  { name: 'no Host', request: { headers: upgradeHeaders({ Host: null }) }, status: 400 },
  {
    name: 'no Sec-WebSocket-Key',
    request: { headers: upgradeHeaders({ 'Sec-WebSocket-Key': null }) },
    status: 400,
  },
  { name: 'no Sec-WebSocket-Version', request: { headers: version(null) }, status: 400 },
  { name: 'version 12', request: { headers: version('12') }, status: 426 },
  { name: 'version 14', request: { headers: version('14') }, status: 426 },
  {
    name: 'version 8',
    request: { headers: version('8') },
    status: 426,
    upstream: { cites: 'protocol.md 1.1', status: 101, echoes: 'metarhia-jstp' },
  },
  {
    name: 'version 0',
    request: { headers: version('0') },
    status: 426,
    upstream: { cites: 'Q71', status: 400 },
  },
  {
    name: 'the version is looked at before the subprotocol',
    request: { headers: { ...version('12'), 'Sec-WebSocket-Protocol': null } },
    status: 426,
  },
  { name: 'no subprotocol', request: { headers: protocols(null) }, status: 403 },
  { name: 'another subprotocol', request: { headers: protocols('chat, jstp') }, status: 403 },
  {
    name: 'a subprotocol of which ours is a part',
    request: { headers: protocols('metarhia-jstp2') },
    status: 403,
  },
  {
    name: 'the batch extension alone',
    request: { headers: protocols('metarhia-jstp.batch') },
    status: 403,
  },
  {
    name: 'the batch extension before the plain protocol',
    request: { headers: protocols('metarhia-jstp.batch, metarhia-jstp') },
    status: 101,
    echoes: 'metarhia-jstp.batch',
    upstream: { cites: 'extensions.md', status: 101, echoes: 'metarhia-jstp' },
  },
  {
    name: 'the batch extension after the plain protocol',
    request: { headers: protocols('metarhia-jstp, metarhia-jstp.batch') },
    status: 101,
    echoes: 'metarhia-jstp',
  },
  { name: 'the upgrade', request: { headers: upgradeHeaders() }, status: 101, echoes: 'metarhia-jstp' },
  {
    name: 'any path and query',
    request: { path: '/any/path?query=%20&x', headers: upgradeHeaders() },
    status: 101,
    echoes: 'metarhia-jstp',
  },
  {
    name: 'Connection with more than one word',
    request: { headers: upgradeHeaders({ Connection: 'keep-alive, Upgrade', Upgrade: 'WebSocket' }) },
    status: 101,
    echoes: 'metarhia-jstp',
  },
  {
    name: 'header names in lower case',
    request: {
      headers: Object.fromEntries(
        Object.entries(upgradeHeaders()).map(([name, value]) => [name.toLowerCase(), value]),
      ),
    },
    status: 101,
    echoes: 'metarhia-jstp',
  },
  {
    name: 'the subprotocol is compared without case and echoed as spelled',
    request: { headers: protocols('Metarhia-JSTP') },
    status: 101,
    echoes: 'Metarhia-JSTP',
  },
  ...['chat, metarhia-jstp', 'chat,metarhia-jstp', 'metarhia-jstp, chat'].map((offer) => ({
    name: `the subprotocol among others: '${offer}'`,
    request: { headers: protocols(offer) },
    status: 101,
    echoes: 'metarhia-jstp',
  })),
  ...['chat, metarhia-jstp , other', 'metarhia-jstp ,other', 'chat,\tmetarhia-jstp\t,x'].map(
    (offer) => ({
      name: `blanks around an element: '${offer.replaceAll('\t', '\\t')}'`,
      request: { headers: protocols(offer) },
      status: 101,
      echoes: 'metarhia-jstp',
      upstream: { cites: 'Q44', status: 403 },
    }),
  ),
  {
    name: 'the subprotocol in the second of two header lines',
    request: { headers: protocols(['chat', 'metarhia-jstp']) },
    status: 101,
    echoes: 'metarhia-jstp',
  },
  {
    name: 'an offer of permessage-deflate is ignored',
    request: {
      headers: upgradeHeaders({
        'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits',
      }),
    },
    status: 101,
    echoes: 'metarhia-jstp',
  },
  {
    name: 'any origin, where none is asked for',
    request: { headers: upgradeHeaders({ Origin: 'http://anywhere.example' }) },
    status: 101,
    echoes: 'metarhia-jstp',
  },
];

const GOOD = 'http://good.example';
const originRows = [
  { name: 'the allowed origin', origin: GOOD, status: 101, echoes: 'metarhia-jstp' },
  { name: 'another origin', origin: 'http://bad.example', status: 403 },
  { name: 'an origin that begins like the allowed one', origin: `${GOOD}.evil`, status: 403 },
  { name: 'no origin', origin: null, status: 403 },
].map(({ origin, ...row }) => ({
  ...row,
  request: { headers: upgradeHeaders({ Origin: origin }) },
}));
originRows.push({
  name: 'the version is looked at before the origin',
  request: { headers: { ...version('12'), Origin: 'http://bad.example' } },
  status: 426,
});

async function check(port, row, expected) {
  const { status, headers, body, tcp } = await request(port, row.request);
  tcp.destroy();
  assert.equal(status, expected.status);
  assert.equal(body, '', 'the body is empty');
  assert.equal(headers['sec-websocket-protocol'], expected.echoes);
  assert.equal(headers['sec-websocket-extensions'], undefined);
  assert.equal(headers['sec-websocket-accept'], status === 101 ? ACCEPT : undefined);
  if (status === 426) assert.equal(headers['sec-websocket-version'], '13');
}

for (const kind of servers) {
  const title = (row) =>
    `${row.name} (${(kind.isUpstream && row.upstream?.cites) || 'protocol.md 1.1'})`;
  const expected = (row) => (kind.isUpstream && row.upstream) || row;

  describe(`HTTP at ${kind.name}`, () => {
    let server;
    before(async () => {
      server = await kind.start();
    });
    after(() => server?.stop());

    for (const row of rows) {
      test(title(row), () => check(server.port, row, expected(row)));
    }
  });

  describe(`HTTP at ${kind.name} with an allowed origin`, () => {
    let server;
    before(async () => {
      server = await kind.start('--origin', GOOD, '--origin', 'http://other.example');
    });
    after(() => server?.stop());

    for (const row of originRows) {
      test(title(row), () => check(server.port, row, expected(row)));
    }
  });

  // In a process of its own: at upstream the request ends up in the list of clients.
  test(`CONNECT at ${kind.name} (${kind.isUpstream ? 'Q41' : 'protocol.md 1.1'})`, async () => {
    const server = await kind.start();
    try {
      const connect = { method: 'CONNECT', path: 'localhost:80', headers: plain };
      if (kind.isUpstream) {
        const answer = await Promise.race([
          request(server.port, connect),
          new Promise((resolve) => void setTimeout(resolve, 300, 'nothing')),
        ]);
        assert.equal(answer, 'nothing');
      } else {
        const { status, body, tcp } = await request(server.port, connect);
        tcp.destroy();
        assert.deepEqual({ status, body }, { status: 400, body: '' });
      }
      await play(server.url, "> {call:[1,'calc'],answer:[]}\n< {callback:[1],ok:[24]}");
    } finally {
      await server.stop();
    }
  });
}
