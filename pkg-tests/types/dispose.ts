// Where the library has them, a connection is disposable; where not, as in the other tests, it is not.

import { ws } from 'jstp-wasm';
import { expectType } from './expect.js';

const connection = await ws.connect('app', null, 'ws://localhost');
expectType<void>()(connection[Symbol.dispose]());
expectType<Promise<void>>()(connection[Symbol.asyncDispose]());
const disposables: [Disposable, AsyncDisposable] = [connection, connection];
expectType<number>()(disposables.length as number);

async function blocks() {
  using closed = await ws.connect('app', null, 'ws://localhost');
  await using waited = await ws.connect('app', null, 'ws://localhost');
  expectType<string>()(closed.state + waited.state);
}
await blocks();
