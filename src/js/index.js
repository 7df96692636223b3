// The package's entry: upstream's names, and a client that loads itself on the first connect.

import { Application } from './application.js';
import { Connection } from './connection.js';
import { init } from './load.js';
import * as errors from './remote-error.js';
import { RemoteError } from './remote-error.js';
import { RemoteProxy } from './remote-proxy.js';
import { Session } from './session.js';
import { SimpleConnectPolicy } from './simple-connect-policy.js';
import { connect, connectAndInspect } from './jstp_wasm.js';

function lazily(begin) {
  return (...args) => {
    const begun = init().then(() => begin(args));
    const callback = args.at(-1);
    if (typeof callback !== 'function') return begun;
    // Whatever happens after the module is there reaches the callback from there.
    begun.catch(callback);
    return undefined;
  };
}

function reconnect(connection, ...args) {
  if (connection instanceof Connection) return Connection.reconnect(connection, ...args);
  const error = new TypeError('connection must be a Connection');
  const callback = args.at(-1);
  if (typeof callback !== 'function') return Promise.reject(error);
  queueMicrotask(() => callback(error));
  return undefined;
}

const ws = Object.freeze({
  connect: lazily(connect),
  connectAndInspect: lazily(connectAndInspect),
  reconnect,
});

const { RemoteError: _, ...codes } = errors;

export { Application, Connection, RemoteError, RemoteProxy, Session, SimpleConnectPolicy, init, ws };
export * from './remote-error.js';
export default Object.freeze({
  ...codes,
  Application,
  Connection,
  RemoteError,
  RemoteProxy,
  Session,
  SimpleConnectPolicy,
  init,
  ws,
});
