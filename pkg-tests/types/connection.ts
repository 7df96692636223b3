// A connection: events, handshake, options, reconnecting, errors.

import type {
  Callback,
  ClientOptions,
  ConnectionState,
  ConnectionStats,
  Reconnector,
  StateDetail,
} from 'jstp-wasm';
import jstp, {
  Connection,
  ERR_CALLBACK_LOST,
  ERR_TIMEOUT,
  RemoteError,
  Session,
  SimpleConnectPolicy,
  init,
  ws,
} from 'jstp-wasm';
import { expectType } from './expect.js';

const url = 'wss://localhost';
const connection = await ws.connect('app@^1', null, url);
expectType<Connection>()(connection);

// Events.
connection
  .on('close', (closed) => expectType<Connection>()(closed))
  .on('close', () => {})
  .on('error', (error, where) => {
    expectType<Error>()(error);
    expectType<Connection>()(where);
  })
  .on('reconnect', (error) => expectType<Error | null>()(error))
  .on('reconnectAttempt', (transport, ...options) => {
    expectType<'ws'>()(transport);
    expectType<unknown[]>()(options);
  })
  .on('sessionLost', (error, session) => {
    expectType<Error>()(error);
    expectType<Session>()(session);
  })
  .once('stateChange', (state, previous, detail) => {
    expectType<ConnectionState>()(state);
    expectType<ConnectionState>()(previous);
    expectType<StateDetail>()(detail);
    expectType<number | undefined>()(detail.nextAttemptAt);
  })
  .on('messageRejected', (message) => expectType<unknown>()(message))
  .on('call', (interfaceName, methodName, args) => {
    expectType<string>()(interfaceName + methodName);
    expectType<unknown[]>()(args);
  })
  .on('handshake', (error, ok) => {
    expectType<unknown[] | undefined>()(error);
    expectType<string | number | undefined>()(ok);
  })
  // An emitter takes other names too.
  .on('of the page', (first, ...more) => {
    expectType<any>()(first);
    expectType<any[]>()(more);
  });
connection.emit('of the page', 1, 2);
connection.removeAllListeners('of the page');
declare const name: string;
connection.on(name, (first) => expectType<any>()(first));
// @ts-expect-error: an argument of another type
connection.on('close', (closed: number) => closed);
// @ts-expect-error: more arguments than there are
connection.on('reconnect', (error, more) => [error, more]);
// @ts-expect-error: not a listener
connection.on('close', null);
// @ts-expect-error: an argument of another type
connection.emit('reconnect', 'error');

// What it shows.
expectType<ConnectionState>()(connection.state);
expectType<ConnectionStats>()(connection.stats);
expectType<Session | null>()(connection.session);
expectType<WebSocket | null>()(connection.getTransport());
expectType<number | undefined>()(connection.rtt);
// @ts-expect-error: there is no such state
connection.state === 'open';
// @ts-expect-error: it is for looking at
connection.session = null;
// @ts-expect-error: connect makes them
new Connection();

// Connecting.
ws.connect('app', null, url, (error, made, session) => {
  expectType<Error | null>()(error);
  expectType<Connection | undefined>()(made);
  expectType<Session | undefined>()(session);
});
ws.connect({ name: 'app', version: '^1.0.0' }, {}, { connectTimeout: 1000, upstreams: 'own' }, new URL(url));
// @ts-expect-error: no URL
ws.connect('app', null);
// @ts-expect-error: not milliseconds
ws.connect('app', { callTimeout: '1s' }, url);
// @ts-expect-error: not one of the two
ws.connect('app', { onSessionLost: 'forget' }, url);
// @ts-expect-error: not a number of messages
ws.connect('app', { bufferLimit: 100 }, url);
ws.connect('app', { bufferLimit: { messages: 100 }, inDoubtTimeout: 0, resumeCheck: Infinity }, url);
// @ts-expect-error: no such setting
ws.connect('app', { heartbeat: 1000 }, url);
// @ts-expect-error: a flag
ws.connect('app', null, { allowNonFinite: 'yes' }, url);
// @ts-expect-error: a name is needed
ws.connect({ version: '1' }, null, url);

// Reconnecting.
expectType<Promise<Connection>>()(ws.reconnect(connection, url));
ws.reconnect(connection, { closeTimeout: 5 }, url, (error, again) => {
  if (!error) expectType<Connection | undefined>()(again);
});
const reconnector: Reconnector = (lost, reconnect) => {
  expectType<Connection>()(lost);
  reconnect();
  reconnect(url);
  reconnect('wss', url);
  reconnect({ connectTimeout: 5 }, url, (error, again) => {
    if (!error) expectType<Connection | undefined>()(again);
  });
  reconnect('ws', {}, new URL(url), (error: Error | null) => error);
  reconnect((error) => expectType<Error | null>()(error));
  lost.on('reconnectAttempt', (transport, ...options) => reconnect(transport, ...options));
  // @ts-expect-error: no address
  reconnect(7);
};

// Policies.
const client: ClientOptions = {
  reconnector,
  logger: connection,
  session: Session.fromString('{}'),
  connectPolicy(app, opened, session, callback) {
    if (session) return opened.handshake(app, session, null, (error) => callback(error, opened));
    return opened.handshake(app, { strategy: 'token', credentials: ['a'] }, (error, made) =>
      callback(error, opened, made));
  },
};
ws.connect('app', client, url);
ws.connect('app', { connectPolicy: new SimpleConnectPolicy('ada', 'secret') }, url);
expectType<Session | undefined>()(await connection.handshake('app', 'ada', 'secret'));
connection.handshake('app', (error, session) => {
  if (!error) expectType<Session | undefined>()(session);
});
// @ts-expect-error: not a strategy
connection.handshake('app', { token: 'a' });

// The rest.
expectType<void>()(await connection.ping());
connection.ping((error) => expectType<Error | null>()(error));
connection.emitRemoteEvent('chat', 'typing', ['Ada']);
connection.startHeartbeat(15_000);
expectType<string>()(Session.fromString('{}').toString());
expectType<unknown>()(Session.fromString('{}').get('of the page'));
expectType<Promise<void>>()(init(new URL(url)));

const callback: Callback<[sum: number]> = (error, sum) => {
  if (!error) expectType<number>()(sum);
};
connection.callMethod('calculator', 'add', [1, 2], callback);
// @ts-expect-error: another result
const other: Callback<[text: string]> = callback;
expectType<Callback<[text: string]>>()(other);

// Errors.
try {
  await connection.ping();
} catch (error) {
  if (!(error instanceof RemoteError)) throw error;
  expectType<number>()(error.code);
  expectType<unknown[] | null>()(error.info);
  if (error.code === ERR_CALLBACK_LOST || error.code === ERR_TIMEOUT) console.warn(error.message);
}
expectType<-1>()(ERR_CALLBACK_LOST);
expectType<-1>()(jstp.ERR_CALLBACK_LOST);
expectType<typeof RemoteError>()(jstp.RemoteError);
// @ts-expect-error: a code comes first
new RemoteError('message');

// Without a library that has the symbol, the connection has no such method, and nobody gets the symbol.
// @ts-expect-error: es2022 and dom have none
connection[Symbol.dispose]();
