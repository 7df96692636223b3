// RemoteProxy: a method per remote name, and the interface's events (protocol.md 8).

import { Connection } from './connection.js';
import { Emitter } from './emitter.js';
import { eventStream } from './event-stream.js';
import { readOptions } from './options.js';

export class RemoteProxy extends Emitter {
  static name = 'RemoteProxy';
  #connection;
  #interface;
  #exposed = new Set();

  constructor(connection, interfaceName, methods = []) {
    super();
    this.#connection = connection;
    this.#interface = interfaceName;
    this.#expose(methods);
  }

  /** Sends the event to the peer, then tells the local listeners. */
  emit(name, ...args) {
    this.#connection.emitRemoteEvent(this.#interface, name, args);
    return Emitter.emitLocally(this, name, args);
  }

  /** The arguments of each event of that name from now on, as an async iterator. */
  events(name, options) {
    return eventStream(this, name, (end) => Connection.untilEnded(this.#connection, end), options);
  }

  /** The same methods, their calls bound to `{ signal, timeout, resend }`. */
  withOptions(options) {
    readOptions(options);
    const methods = Object.create(null);
    for (const name of this.#exposed) {
      methods[name] = (...args) =>
        this.#connection.callMethod(this.#interface, name, args, options);
    }
    return methods;
  }

  // For the reason a Connection has one.
  get [Symbol.toStringTag]() {
    return 'RemoteProxy';
  }

  #expose(methods) {
    const names = new Set(methods);
    for (const name of this.#exposed) {
      if (!names.has(name)) {
        delete this[name];
        this.#exposed.delete(name);
      }
    }
    for (const name of names) {
      // What a proxy has of its own stays what it is. `then` would make every proxy a thenable,
      // and awaiting one a remote call.
      if (typeof name !== 'string' || name in this || name === 'then') continue;
      this[name] = (...args) => this.#call(name, args);
      this.#exposed.add(name);
    }
  }

  #call(name, args) {
    const last = args.at(-1);
    const beforeLast = args.at(-2);
    if (typeof beforeLast === 'function' && typeof last === 'boolean') {
      const method = last ? 'callMethodWithResend' : 'callMethod';
      return this.#connection[method](this.#interface, name, args.slice(0, -2), beforeLast);
    }
    if (typeof last === 'function') {
      return this.#connection.callMethod(this.#interface, name, args.slice(0, -1), last);
    }
    return this.#connection.callMethod(this.#interface, name, args);
  }

  /**
   * The connection's proxy for an interface that was just inspected: the one it has, with its
   * methods brought up to date, or a new one. Listeners survive a second inspection (Q58).
   */
  static inspected(connection, interfaceName, methods) {
    const proxies = connection.remoteProxies;
    const known = Object.hasOwn(proxies, interfaceName) ? proxies[interfaceName] : undefined;
    if (known instanceof RemoteProxy) {
      known.#expose(methods);
      return known;
    }
    const proxy = new RemoteProxy(connection, interfaceName, methods);
    // Defined, not assigned: an interface may be called `__proto__`.
    Object.defineProperty(proxies, interfaceName, {
      value: proxy,
      configurable: true,
      enumerable: true,
      writable: true,
    });
    return proxy;
  }

  /** Tells the listeners of an interface's proxy, if there is one, of an event from the peer. */
  static deliver(connection, interfaceName, name, args) {
    const proxies = connection.remoteProxies;
    if (!Object.hasOwn(proxies, interfaceName)) return;
    const proxy = proxies[interfaceName];
    if (proxy instanceof RemoteProxy) Emitter.emitLocally(proxy, name, args);
  }
}
