// What the entries of the package share: upstream's names, and a client that loads itself on the first
// connect. The entries differ in where they find the module.

import { Connection } from './connection.js';
import { begin, load } from './load.js';
import * as names from './names.js';
import { takeCallback } from './options.js';
import { Waiter } from './waiter.js';

/** All that an entry exports. `ways` are those to the module when the page names no source; see `begin`. */
export default function clientOf(...ways) {
  const lazily = (name) => (...args) => {
    const begun = begin(ways).then((instance) => instance[name](args));
    const callback = args.at(-1);
    if (typeof callback !== 'function') return begun;
    // Whatever happens after the module is there reaches the callback from there.
    begun.catch((error) => new Waiter(callback).failed(error));
    return undefined;
  };
  const ws = Object.freeze({
    connect: lazily('connect'),
    connectAndInspect: lazily('connectAndInspect'),
    reconnect,
  });
  return Object.freeze({ ...names, init: (source) => load(ways, source), ws });
}

function reconnect(connection, ...args) {
  if (connection instanceof Connection) return Connection.reconnect(connection, ...args);
  const error = new TypeError('connection must be a Connection');
  const waiter = new Waiter(takeCallback(args));
  queueMicrotask(() => waiter.failed(error));
  return waiter.promise;
}

export * from './names.js';
