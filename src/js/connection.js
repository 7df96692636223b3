// Connection: what a page holds of a connection; `line` leads to the core, in Rust.

import { CALL, CALL_WITH_RESEND, HEARTBEAT, INSPECT, PING } from './border.js';
import { changed, Emitter, quietly, report } from './emitter.js';
import { checkStrategy, inspection, target } from './heads.js';
import { readApp, readArgs, readAuth, readCall, readCallback, readInterval, readName, readTransport, takeCallback } from './options.js';
import { ERR_CONNECTION_CLOSED, ERR_INTERFACE_NOT_FOUND, ERR_INTERNAL_API_ERROR, RemoteError } from './remote-error.js';
import { Waiter } from './waiter.js';
import { write } from './write.js';

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

/** A caller with a callback has its mistake thrown at it, any other gets a rejection. */
function asked(callback, ask) {
  const isCallback = typeof callback === 'function';
  const waiter = new Waiter(isCallback ? callback : undefined);
  waiter.isAsking = true;
  try {
    readCallback(callback);
    ask(waiter);
  } catch (error) {
    if (isCallback) {
      waiter.cancel();
      throw error;
    }
    waiter.failed(error);
  } finally {
    waiter.isAsking = false;
  }
  return waiter.promise;
}

/** Ends a call when its signal says so. Who waits for that is not what keeps the connection. */
function obey(signal, waiter, line, call) {
  const reference = new WeakRef(line);
  const abort = () => reference.deref()?.endWait(call, signal.reason);
  // Page code has run meanwhile.
  if (signal.aborted) return abort();
  // One of the page's own that refuses listeners is one that never aborts.
  waiter.over = () => quietly(() => signal.removeEventListener('abort', abort));
  return quietly(() => signal.addEventListener('abort', abort));
}

export class Connection extends Emitter {
  static name = 'Connection';
  #line;
  #settings;
  #isLogging = false;
  #isFirst = false;
  #streams = new Set();
  /** Which of its sessions this is. The page's field may be anything. */
  #era = 0;

  constructor(line, settings) {
    const { client, application } = settings;
    super();
    line.connection = this;
    this.#line = line;
    this.#settings = settings;
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
    this.#line.setLogging(isLogging);
  }

  get state() {
    return this.#line.state;
  }

  get stats() {
    return this.#line.stats;
  }

  get rtt() {
    return this.#line.rtt;
  }

  get handshakeDone() {
    return this.#line.is.state === 'ready';
  }

  get closedIntentionally() {
    return this.#line.is.closedByOwner;
  }

  handshake(app, login, password, callback) {
    // A function ends the arguments wherever it stands (Q62).
    const asGiven = [login, password, callback];
    const found = asGiven.findIndex((value) => typeof value === 'function');
    const end = found < 0 ? 2 : found;
    const [who, secret] = asGiven.slice(0, end);
    return asked(asGiven[end], (waiter) => {
      const named = readApp(app);
      const auth = readAuth(who, secret, this.#line.sessionId);
      const { strategy } = auth;
      if (strategy !== undefined) checkStrategy(strategy);
      const text = strategy === undefined ? '' : this.#write(auth.credentials, 'credentials');
      this.#line.handshake(waiter, named, auth, text);
    });
  }

  callMethod(interfaceName, methodName, args, last) {
    return this.#call(interfaceName, methodName, args, last, false);
  }

  callMethodWithResend(interfaceName, methodName, args, last) {
    return this.#call(interfaceName, methodName, args, last, true);
  }

  #call(interfaceName, methodName, args, last, again) {
    const hasOptions = typeof last === 'object';
    return asked(hasOptions ? undefined : last, (waiter) => {
      readName(interfaceName, 'interfaceName');
      readName(methodName, 'methodName');
      const { timeout = this.#settings.callTimeout, signal, resend = false } = readCall(last);
      readArgs(args);
      const text = this.#write(args, 'args');
      if (signal?.aborted) return waiter.failed(signal.reason);
      const line = this.#line;
      const kind = again || resend ? CALL_WITH_RESEND : CALL;
      const body = target('call', 'method', interfaceName, methodName, text);
      const call = line.request(waiter, kind, body, timeout);
      if (signal && !waiter.isOver) obey(signal, waiter, line, call);
    });
  }

  emitRemoteEvent(interfaceName, eventName, args) {
    readName(interfaceName, 'interfaceName');
    readName(eventName, 'eventName');
    const text = this.#write(readArgs(args), 'args');
    this.#line.emit(target('event', 'event', interfaceName, eventName, text));
  }

  /** The text of a payload, as the transport may carry it. */
  #write(value, name) {
    return write(value, name, this.#settings.transport);
  }

  inspectInterface(interfaceName, callback) {
    return asked(callback, (waiter) => {
      readName(interfaceName, 'interfaceName');
      this.#line.request(waiter, INSPECT, inspection(interfaceName), this.#settings.callTimeout, interfaceName);
    });
  }

  ping(callback) {
    return asked(callback, (waiter) => this.#line.request(waiter, PING, ']'));
  }

  startHeartbeat(interval) {
    const millis = readInterval(interval);
    this.#line.have(HEARTBEAT, millis);
  }

  stopHeartbeat() {
    this.#line.have(HEARTBEAT, 0);
  }

  forgetSession() {
    this.#line.forget();
    this.#era++;
    // A frozen one shows what it has.
    quietly(() => { this.session = null; });
  }

  close() {
    this.#line.close();
  }

  getTransport() {
    return this.#line.transport ?? null;
  }

  // Not every engine has these two yet.
  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
    this.close();
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    this.close();
    if (!this.getTransport()) return;
    await new Promise((resolve) => {
      // First, since whoever hears of a new listener may end it all. And listeners can be removed.
      this.#streams.add(resolve);
      this.once('close', resolve);
    });
  }

  // Frameworks that wrap plain objects and collections, as Vue does, leave others alone; wrapped, it would lack
  // its private fields.
  get [Symbol.toStringTag]() {
    return 'Connection';
  }

  // What follows is for this package; statics, so that a page's `connection` shows none of it.

  /** Its first attempt to connect is under way, or over. */
  static setFirst(connection, isFirst) {
    connection.#isFirst = isFirst;
  }

  /** Makes an attempt by hand: `(connection, [webSocketConfig,] requestUrl[, callback])`. */
  static reconnect(connection, ...args) {
    return Connection.#reconnect(connection, args, false);
  }

  /** What a reconnector calls: `([transport,] [...options,] [callback])`. */
  static reconnectFunction(connection) {
    return (...args) => {
      // Whatever the name, the transport is a WebSocket; its URL says whether it is secure.
      const options = args[0] === 'ws' || args[0] === 'wss' ? args.slice(1) : args;
      // `delay.then(reconnect)` comes with an undefined that nobody meant.
      while (options.length > 0 && options.at(-1) === undefined) options.pop();
      // The connection's events tell of a failure; the promise is for nobody.
      Connection.#reconnect(connection, options, true)?.catch(() => {});
    };
  }

  /** `reports` is whether events tell of the attempt. */
  static #reconnect(connection, args, reports) {
    const { is, reconnecting } = connection.#line;
    const callback = takeCallback(args);
    const waiter = new Waiter(callback);
    // A callback never runs inside the call it was given to.
    const fail = (error) => {
      queueMicrotask(() => waiter.failed(error));
      return waiter.promise;
    };
    // What its owner has closed, its owner opens again, and no reconnector.
    if (reports && is.closedByOwner) return fail(new RemoteError(ERR_CONNECTION_CLOSED));
    // Its connect policy has the connection already; two attempts at once would be in each other's way.
    if (connection.#isFirst) return fail(new Error('the first attempt to connect is under way'));
    let transport;
    try {
      if (args.length > 0 || !reports) transport = readTransport(args);
    } catch (error) {
      // Nobody else would hear of it.
      if (reports && !callback) throw error;
      return fail(error);
    }
    reconnecting.attempt(waiter, reports, transport);
    return waiter.promise;
  }

  /** Goes on with a session from elsewhere. */
  static adopt(connection, session) {
    connection.#era++;
    session.connection = connection;
    connection.session = session;
  }

  /** The session is a new one: what the proxies know of the peer is asked again. */
  static refreshProxies(connection) {
    const failed = (error) => Emitter.emitLocally(connection, 'error', [error, connection]);
    try {
      for (const name of Object.keys(connection.remoteProxies)) {
        connection.inspectInterface(name).catch(failed);
      }
    } catch (error) {
      // The page has put something else in the place of either.
      failed(error);
    }
  }

  /** The handshake is done. */
  static connected(connection, username, session) {
    connection.#era++;
    // A frozen one shows what it has.
    quietly(() => {
      connection.username = username;
      connection.session = session;
      connection.hasConnected = true;
    });
  }

  /** The server does not know the session any more. */
  static sessionLost(connection, error) {
    let session;
    // The page may have made an accessor of it.
    quietly(() => ({ session } = connection));
    Emitter.emitLocally(connection, 'sessionLost', [error, session]);
  }

  /** An earlier session goes on; its user is this connection's (Q19). */
  static resumed(connection) {
    quietly(() => {
      connection.username = connection.session?.username ?? null;
      connection.hasConnected = true;
    });
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
    return connection.#line.sessionState();
  }

  /** The module behind the connection has failed: nothing more comes of it. */
  static failed(connection, previous, error) {
    quietly(() => { connection.session = null; });
    if (previous !== 'closed') {
      Emitter.emitLocally(connection, 'stateChange', ['closed', previous, { reason: 'internal failure', error }]);
    }
    // Without listeners it would be told on the console, where it has been told already.
    if (connection.listenerCount('error') > 0) Emitter.emitLocally(connection, 'error', [error, connection]);
    Emitter.emitLocally(connection, 'close', [connection]);
    Connection.ended(connection);
  }

  /** Emits a logging event on the client's logger, or on the connection itself. */
  static log(connection, name, args) {
    try {
      const logger = connection.client?.logger;
      if (!logger) return Emitter.emitLocally(connection, name, args);
      return logger.emit(name, ...args);
    } catch (error) {
      report(error);
      return true;
    }
  }

  /** Answers a call or an inspect of the peer's. */
  #answer(id, error, results) {
    let failed = Boolean(error);
    let text;
    try {
      text = failed
        ? this.#write(RemoteError.getJstpArrayFor(error), 'error')
        : this.#write(results, 'results');
    } catch (thrown) {
      report(thrown);
      failed = true;
      text = `[${ERR_INTERNAL_API_ERROR}]`;
    }
    this.#line.answer(id, failed, text);
  }

  /** The peer calls a method of the page's application. */
  static called(connection, id, interfaceName, methodName, args) {
    const era = connection.#era;
    let answered = false;
    const answer = (error, ...results) => {
      // An application of the page's own making may not count.
      if (answered) return;
      answered = true;
      // A call of a session that was given up meanwhile: in the next one its id means nothing.
      if (connection.#era === era) connection.#answer(id, error, results);
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
      const named = connection.application.getMethods(interfaceName);
      methods = named && [...named];
    } catch (error) {
      report(error);
    }
    if (methods) connection.#answer(id, null, methods);
    else connection.#answer(id, new RemoteError(ERR_INTERFACE_NOT_FOUND));
  }
}
