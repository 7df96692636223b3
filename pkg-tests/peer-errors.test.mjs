// Errors from a peer of which no text can be made: whoever waits hears of them, and the connection goes on.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ws } from '../pkg/index.js';
import { Peer } from './lib/peer.mjs';

/** What stands for an error after its code. */
const MESSAGES = ['{toString:1,valueOf:1}', '[{toString:1}]', '{toString:null,valueOf:null}', '{a:1}', 'true', '0', '[]'];

class Failing extends Peer {
  static message;

  call(text, id) {
    return text.includes('fail:') ? `{callback:[${id}],error:[5,${Failing.message}]}` : super.call(text, id);
  }
}

class Refusing extends Failing {
  handshake() {
    return `{handshake:[0],error:[5,${Failing.message}]}`;
  }
}

const dial = (WebSocket) => ws.connect('app', null, { WebSocket }, 'ws://localhost/');

for (const message of MESSAGES) {
  test(message, { timeout: 10_000 }, async () => {
    Failing.message = message;
    const isRemoteError = (error) => error.name === 'RemoteError' && error.code === 5 && typeof error.message === 'string';
    const connection = await dial(Failing);
    await assert.rejects(connection.callMethod('i', 'fail', []), isRemoteError);
    assert.equal(await connection.callMethod('i', 'm', []), 7);
    connection.close();
    await assert.rejects(dial(Refusing), isRemoteError);
  });
}
