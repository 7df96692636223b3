// Connection: what a page holds of a connection; the work is done behind `link`, in Rust.

import { changed, Emitter, report } from './emitter.js';
import { ERR_INTERFACE_NOT_FOUND, ERR_INTERNAL_API_ERROR, RemoteError } from './remote-error.js';
import { RemoteProxy } from './remote-proxy.js';

// What a connection tells only while somebody listens (protocol.md 10); `messageRejected` it always
// tells.
const LOGGED = [
  'incomingMessage',
  'outgoingMessage',
  'heartbeat',
  'handshake',
  'call',
  'event',
  'callback',
  'inspect',
];

let nextId = 0;

export class Connection extends Emitter {
  #link;
  #told = 'closed';
  #isLogging = false;
  #streams = new Set();

  constructor(link, client, application) {
    super();
    this.#link = link;
    this.id = nextId++;
    this.server = null;
    this.client = client;
    this.application = application;
    this.session = null;
    this.username = null;
    this.remoteProxies = {};
    this.remoteAddress = undefined;
    this.hasConnected = false;
  }

  [changed]() {
    const isLogging = LOGGED.some((name) => this.listenerCount(name) > 0);
    if (this.#isLogging === isLogging) return;
    this.#isLogging = isLogging;
    this.#link.setLogging(isLogging);
  }

  get state() {
    return this.#link.state;
  }

  get stats() {
    return this.#link.stats;
  }

  get rtt() {
    return this.#link.rtt;
  }

  get handshakeDone() {
    return this.#link.state === 'ready';
  }

  get closedIntentionally() {
    return this.#link.closedIntentionally;
  }

  handshake(app, login, password, callback) {
    return this.#link.handshake(app, login, password, callback);
  }

  callMethod(interfaceName, methodName, args, callback) {
    return this.#link.callMethod(interfaceName, methodName, args, callback, false);
  }

  callMethodWithResend(interfaceName, methodName, args, callback) {
    return this.#link.callMethod(interfaceName, methodName, args, callback, true);
  }

  emitRemoteEvent(interfaceName, eventName, args) {
    this.#link.emitRemoteEvent(interfaceName, eventName, args);
  }

  inspectInterface(interfaceName, callback) {
    return this.#link.inspectInterface(interfaceName, callback);
  }

  ping(callback) {
    return this.#link.ping(callback);
  }

  startHeartbeat(interval) {
    this.#link.startHeartbeat(interval);
  }

  stopHeartbeat() {
    this.#link.stopHeartbeat();
  }

  forgetSession() {
    this.#link.forgetSession();
    this.session = null;
  }

  close() {
    this.#link.close();
  }

  getTransport() {
    return this.#link.transport;
  }

  // Not every engine has these two yet.
  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
    this.close();
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    this.close();
    if (this.getTransport()) await new Promise((resolve) => this.once('close', resolve));
  }

  get [Symbol.toStringTag]() {
    return 'Connection';
  }

  // What follows is called from Rust; statics, so that a page's `connection` shows none of it.

  /** Makes an attempt by hand: `(connection, [webSocketConfig,] requestUrl[, callback])`. */
  static reconnect(connection, ...args) {
    return connection.#link.reconnect(connection, args, false);
  }

  /** What a reconnector calls: `([transport,] [...options,] [callback])`. */
  static reconnectFunction(connection) {
    return (...args) => {
      // Whatever the name, the transport is a WebSocket; its URL says whether it is secure.
      const options = args[0] === 'ws' || args[0] === 'wss' ? args.slice(1) : args;
      // `delay.then(reconnect)` comes with an undefined that nobody meant.
      while (options.length > 0 && options.at(-1) === undefined) options.pop();
      // The connection's events tell of a failure; the promise is for nobody.
      connection.#link.reconnect(connection, options, true)?.catch(() => {});
    };
  }

  /** The session is a new one: what the proxies know of the peer is asked again. */
  static refreshProxies(connection) {
    for (const name of Object.keys(connection.remoteProxies)) {
      connection.inspectInterface(name).catch((error) => {
        Emitter.emitLocally(connection, 'error', [error, connection]);
      });
    }
  }

  /** The handshake is done. */
  static connected(connection, username, session) {
    connection.username = username ?? null;
    connection.session = session;
    connection.hasConnected = true;
  }

  /** An earlier session goes on; its user is this connection's (Q19). */
  static resumed(connection) {
    connection.username = connection.session?.username ?? null;
    connection.hasConnected = true;
  }

  /** The connection is closed for good: whoever waits for its events waits no longer. */
  static ended(connection) {
    for (const end of connection.#streams) end();
  }

  /** Has `end` called when the connection is closed, until what this returns is called; null if it is. */
  static untilEnded(connection, end) {
    if (connection.state === 'closed') return null;
    connection.#streams.add(end);
    return () => connection.#streams.delete(end);
  }

  /** Counts and buffer of the session at work, for those who keep it. */
  static sessionState(connection) {
    return connection.#link.sessionState();
  }

  /** The state is another than the page was told: `[state, previous, detail]`. */
  static changed(connection, args) {
    connection.#told = args[0];
    Emitter.emitLocally(connection, 'stateChange', args);
  }

  /** The module behind the connection has failed: nothing more comes of it. */
  static failed(connection, error) {
    const previous = connection.#told;
    connection.session = null;
    if (previous !== 'closed') {
      Connection.changed(connection, ['closed', previous, { reason: 'internal failure', error }]);
    }
    // Without listeners it would be told on the console, where it has been told already.
    if (connection.listenerCount('error') > 0) Emitter.emitLocally(connection, 'error', [error, connection]);
    Emitter.emitLocally(connection, 'close', [connection]);
    Connection.ended(connection);
  }

  /** Emits a logging event on the client's logger, or on the connection itself. */
  static log(connection, name, args) {
    const logger = connection.client?.logger;
    if (!logger) return Emitter.emitLocally(connection, name, args);
    try {
      return logger.emit(name, ...args);
    } catch (error) {
      report(error);
      return true;
    }
  }

  /** The peer calls a method of the page's application. */
  static called(connection, id, interfaceName, methodName, args) {
    const { session } = connection;
    const answer = (error, ...results) => {
      // A call of a session that was given up meanwhile: in the next one its id means nothing.
      if (connection.session === session) connection.#link.answer(id, error, results);
    };
    try {
      connection.application.callMethod(connection, interfaceName, methodName, args, answer);
    } catch (error) {
      report(error);
      answer(new RemoteError(ERR_INTERNAL_API_ERROR));
    }
  }

  /** The peer asks for the methods of an interface of the page's application. */
  static inspected(connection, id, interfaceName) {
    let methods;
    try {
      methods = connection.application.getMethods(interfaceName);
    } catch (error) {
      report(error);
    }
    if (methods) connection.#link.answer(id, null, [...methods]);
    else connection.#link.answer(id, new RemoteError(ERR_INTERFACE_NOT_FOUND), []);
  }

  /** The peer emitted an event: tells the interface's proxy, then the application's handler. */
  static remoteEvent(connection, interfaceName, name, args) {
    try {
      RemoteProxy.deliver(connection, interfaceName, name, args);
      connection.application.handleEvent(connection, interfaceName, name, args);
    } catch (error) {
      report(error);
    }
  }
}
