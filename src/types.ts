// The types of the npm package, written by hand: what a page sees of jstp-wasm.

/** A function the peer answers with: `callback(error, ...results)`. */
export type Callback<Results extends unknown[] = unknown[]> = (
  error: Error | null,
  ...results: Results
) => void;

/** An application to connect to: `'name'`, `'name@range'` or both apart. */
export type AppTarget = string | { name: string; version?: string };

/** Emitter methods as known from Node. A listener that throws harms no other. */
export declare class Emitter {
  on(name: string, listener: (...args: any[]) => void): this;
  addListener(name: string, listener: (...args: any[]) => void): this;
  prependListener(name: string, listener: (...args: any[]) => void): this;
  once(name: string, listener: (...args: any[]) => void): this;
  prependOnceListener(name: string, listener: (...args: any[]) => void): this;
  off(name: string, listener: (...args: any[]) => void): this;
  removeListener(name: string, listener: (...args: any[]) => void): this;
  removeAllListeners(name?: string): this;
  emit(name: string, ...args: unknown[]): boolean;
  listenerCount(name: string): number;
  listeners(name: string): ((...args: any[]) => void)[];
  eventNames(): string[];
}

/** What a connection is doing. */
export type ConnectionState = 'connecting' | 'handshaking' | 'ready' | 'waiting' | 'closed';

/** Why a connection's state changed. */
export interface StateDetail {
  /** In a few words. */
  reason: string;
  error?: Error;
  /** Milliseconds since the epoch, while waiting for an attempt whose time is known. */
  nextAttemptAt?: number;
}

/** A connection's figures; bytes count UTF-16 units. */
export interface ConnectionStats {
  /** Messages the server is not known to have. */
  unacknowledgedMessages: number;
  unacknowledgedBytes: number;
  /** Calls, inspects and pings without an answer so far. */
  pendingCalls: number;
  /** Transports that were tried. */
  attempts: number;
  messagesIn: number;
  messagesOut: number;
  bytesIn: number;
  bytesOut: number;
}

/** A strategy of the server's own, with any value as credentials. */
export interface CustomStrategy {
  strategy: string;
  credentials: unknown;
}

/**
 * A connection to a JSTP server.
 *
 * Events: `close(connection)` for each transport that closes, `reconnectAttempt(transport, ...options)`
 * and `reconnect(errorOrNull)` around each attempt of the reconnector, `sessionLost(error, session)`
 * when the server does not know the session any more, `stateChange(state, previous, detail)` with a
 * `StateDetail`, `error(error, connection)` for what the peer
 * or the network did, `messageRejected(message)`. And while somebody listens, for logging:
 * `incomingMessage(message)`, `outgoingMessage(message)`, `heartbeat(message)`, `handshake(error, ok)`,
 * `call(interface, method, args)`, `event(interface, event, args)`, `callback(error, ok)` and
 * `inspect(interface)`.
 */
export declare class Connection extends Emitter {
  private constructor();
  /** Unique within the page. */
  readonly id: number;
  readonly server: null;
  /** The client object given to `connect`, or null. */
  readonly client: ClientOptions | null;
  readonly application: Application;
  readonly session: Session | null;
  /** Set by a login. */
  readonly username: string | null;
  /** Proxies of the interfaces inspected so far, by name. */
  readonly remoteProxies: Record<string, RemoteProxy>;
  /** Always undefined: a browser does not tell. */
  readonly remoteAddress: undefined;
  readonly state: ConnectionState;
  readonly stats: ConnectionStats;
  readonly handshakeDone: boolean;
  readonly hasConnected: boolean;
  readonly closedIntentionally: boolean;

  /** Sends the handshake; a connect policy's business. */
  handshake(
    app: AppTarget,
    login: string | CustomStrategy | null | undefined,
    password: string | null | undefined,
    callback: Callback<[session?: Session]>,
  ): void;
  handshake(app: AppTarget, callback: Callback<[session?: Session]>): void;
  handshake(
    app: AppTarget,
    login?: string | CustomStrategy | null,
    password?: string | null,
  ): Promise<Session | undefined>;

  /**
   * Calls a method. The promise is fulfilled with the result: nothing gives undefined, several give
   * an array. It is rejected with a RemoteError for the peer's answer or a lost connection, and with
   * a TypeError or RangeError, naming the place, for arguments that cannot be sent.
   */
  callMethod<Result = unknown>(
    interfaceName: string,
    methodName: string,
    args: readonly unknown[],
  ): Promise<Result>;
  callMethod<Result = unknown>(
    interfaceName: string,
    methodName: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<Result>;
  callMethod(
    interfaceName: string,
    methodName: string,
    args: readonly unknown[],
    callback: Callback<any[]>,
  ): void;

  /**
   * Calls a method, and calls it again when the line broke after the peer had it and its answer was
   * lost: at least once. Only for methods that may run twice.
   */
  callMethodWithResend<Result = unknown>(
    interfaceName: string,
    methodName: string,
    args: readonly unknown[],
  ): Promise<Result>;
  callMethodWithResend(
    interfaceName: string,
    methodName: string,
    args: readonly unknown[],
    callback: Callback<any[]>,
  ): void;

  /** Emits an event to the peer. */
  emitRemoteEvent(interfaceName: string, eventName: string, args: readonly unknown[]): void;

  /** Asks for an interface's methods. One proxy per interface: a second inspection updates it. */
  inspectInterface<Interface extends object = RemoteMethods>(
    interfaceName: string,
  ): Promise<RemoteProxy & Interface>;
  inspectInterface(interfaceName: string, callback: Callback<[proxy: RemoteProxy]>): void;

  ping(): Promise<void>;
  ping(callback: (error?: Error | null) => void): void;

  /** Pings every so many milliseconds while messages pass; silence drops the transport. */
  startHeartbeat(interval: number): void;
  stopHeartbeat(): void;

  /** Closes for good: what is pending fails, nothing reconnects by itself. */
  close(): void;

  /** The browser's WebSocket, or null between two. */
  getTransport(): WebSocket | null;
}

/** What may end the wait for an answer. */
export interface CallOptions {
  /** Rejects with the signal's reason. A call that has not left is not sent. */
  signal?: AbortSignal;
  /** Milliseconds, after which the call fails with ERR_TIMEOUT. Default: `client.callTimeout`. */
  timeout?: number;
  /** Call again when the answer was lost; see `callMethodWithResend`. */
  resend?: boolean;
}

/** What a proxy's methods are when nothing more is known of them. */
export interface RemoteMethods {
  [method: string]: (...args: any[]) => Promise<any>;
}

/**
 * The peer's interface: a method for each remote name that is free (not `on`, `emit`, `then`, … which
 * `connection.callMethod` reaches), and the interface's events.
 */
export declare class RemoteProxy extends Emitter {
  constructor(connection: Connection, interfaceName: string, methods?: readonly string[]);
  /** Sends the event to the peer, then tells the local listeners. */
  emit(name: string, ...args: unknown[]): boolean;
  /**
   * The arguments of each event of that name from now on. The iterator ends with its loop or when the
   * signal aborts, and fails with ERR_BUFFER_FULL when more than 1000 events wait to be looked at.
   */
  events<Args extends unknown[] = any[]>(
    name: string,
    options?: { signal?: AbortSignal },
  ): AsyncIterableIterator<Args>;
  /** The same methods, their calls bound to the options. */
  withOptions(options: CallOptions): RemoteMethods;
}

/** A method that the peer may call: the connection, the arguments, and unless async a callback. */
export type Method = (connection: Connection, ...args: any[]) => any;

/** Interfaces by name, each an object of methods. */
export type Api = Record<string, Record<string, Method | { arity: number; method: Method }>>;

/** Handlers of the peer's events by interface and event. */
export type EventHandlers = Record<
  string,
  Record<string, (connection: Connection, ...args: any[]) => void>
>;

/** What a page exposes to the server. */
export declare class Application {
  constructor(name: string, api: Api, eventHandlers?: EventHandlers, version?: string);
  readonly name: string;
  readonly version: string;
  readonly api: Api;
  readonly eventHandlers: EventHandlers;
  getMethods(interfaceName: string): string[] | undefined;
  callMethod(
    connection: Connection,
    interfaceName: string,
    methodName: string,
    args: unknown[],
    callback: (error: unknown, ...results: unknown[]) => void,
  ): void;
  handleEvent(
    connection: Connection,
    interfaceName: string,
    eventName: string,
    args: unknown[],
  ): void;
}

/** A session: its id, and a map for the page's own data. */
export declare class Session extends Map<unknown, unknown> {
  constructor(connection: Connection | null, username?: string | null, sessionId?: string);
  readonly id: string;
  readonly connection: Connection | null;
  readonly username: string | null;
  /** JSON to keep, in upstream's form: `client.session = Session.fromString(text)` goes on with it. */
  toString(): string;
  /** Throws a TypeError for a text that is not a stored session. */
  static fromString(text: string): Session;
}

/** Authenticates a connection whose transport has opened. */
export type ConnectPolicy = (
  app: AppTarget,
  connection: Connection,
  session: Session | undefined,
  callback: (error: unknown, connection?: Connection, session?: Session) => void,
) => void;

/** Logs in if there is a name, else connects anonymously. */
export declare class SimpleConnectPolicy {
  constructor(login?: string, password?: string);
  login: string | undefined;
  password: string | undefined;
  connect: ConnectPolicy;
}

/** Settings of a client. The object is never changed and may serve several connections. */
export interface ClientOptions {
  /** What the page exposes to the server. Default: an application without interfaces. */
  application?: Application;
  /** Default: `new SimpleConnectPolicy()`. */
  connectPolicy?: ConnectPolicy | { connect: ConnectPolicy };
  /** Gets the events for logging, and `messageRejected`, in place of the connection. */
  logger?: { emit(name: string, ...args: any[]): unknown };
  /** A session to go on with, for example one that an earlier page kept. */
  session?: Session;
  /** Milliseconds to wait for the handshake's answer. Default 10 000. */
  handshakeTimeout?: number;
  /** Milliseconds after which a call without an answer fails with ERR_TIMEOUT. Default: none. */
  callTimeout?: number;
  /** Milliseconds between pings of our own. Default: none. */
  heartbeatInterval?: number;
  /** Milliseconds of silence after which the transport is dead. Default: the interval and 10 000. */
  heartbeatTimeout?: number;
  /** Called when the transport is lost; see `Reconnector`. */
  reconnector?: Reconnector;
  /**
   * What follows when the server does not know the session any more: a new one, with every proxy
   * brought up to date (`'renew'`, the default), or the end of the connection (`'stop'`). A session
   * that the first connect is refused for is an error unless `'renew'` is given in so many words.
   */
  onSessionLost?: 'renew' | 'stop';
}

/**
 * Decides whether and when to reconnect: each call of `reconnect` makes one attempt, over the last
 * transport's options or over those given. A failed attempt calls the reconnector again. The default
 * waits 1, 2, 4, 8, 16, then 32 seconds, each with up to one second added, and sooner when the
 * browser comes online or the page is looked at again.
 */
export type Reconnector = (connection: Connection, reconnect: Reconnect) => void;

/** `([transport,] [[webSocketConfig,] url,] [callback])` */
export type Reconnect = (...args: any[]) => void;

/** Settings of a transport. */
export interface WebSocketConfig {
  /** Milliseconds to wait for the WebSocket to open. Default 10 000. */
  connectTimeout?: number;
  /** Milliseconds to wait for the peer's close. Default 5000. */
  closeTimeout?: number;
  /** Bytes; a larger message closes the transport with 4009. Default 8 MiB. */
  maxReceivedMessageSize?: number;
  /** Send NaN and the infinities, which peers on upstream's JavaScript parser cannot read. */
  allowNonFinite?: boolean;
  /** Ask values for their `toMDSF`, as upstream does. */
  honourToMDSF?: boolean;
  /** A constructor to use instead of the global `WebSocket`. */
  WebSocket?: unknown;
  [upstream: string]: unknown;
}

/** What `connectAndInspect` gives. */
export interface Inspected {
  connection: Connection;
  /** By interface name; without a prototype. */
  proxies: Record<string, RemoteProxy & RemoteMethods>;
}

type Optional = ClientOptions | null | undefined;
type Reconnected = (error: Error | null, connection?: Connection) => void;
type Connected = (error: Error | null, connection?: Connection, session?: Session) => void;
type ConnectedAndInspected = (
  error: Error | null,
  connection?: Connection,
  proxies?: Inspected['proxies'],
) => void;

/** WebSocket connections. */
export declare const ws: {
  /**
   * Opens a connection. A rejection's `error.connection` is the connection, where there is one: the
   * server refused the handshake, or closed before it answered.
   */
  connect(app: AppTarget, client: Optional, url: string | URL): Promise<Connection>;
  connect(app: AppTarget, client: Optional, url: string | URL, callback: Connected): void;
  connect(
    app: AppTarget,
    client: Optional,
    config: WebSocketConfig | null | undefined,
    url: string | URL,
  ): Promise<Connection>;
  connect(
    app: AppTarget,
    client: Optional,
    config: WebSocketConfig | null | undefined,
    url: string | URL,
    callback: Connected,
  ): void;

  /** Opens a connection and inspects interfaces, all at once. */
  connectAndInspect(
    app: AppTarget,
    client: Optional,
    interfaces: readonly string[],
    url: string | URL,
  ): Promise<Inspected>;
  connectAndInspect(
    app: AppTarget,
    client: Optional,
    interfaces: readonly string[],
    url: string | URL,
    callback: ConnectedAndInspected,
  ): void;
  connectAndInspect(
    app: AppTarget,
    client: Optional,
    interfaces: readonly string[],
    config: WebSocketConfig | null | undefined,
    url: string | URL,
  ): Promise<Inspected>;
  connectAndInspect(
    app: AppTarget,
    client: Optional,
    interfaces: readonly string[],
    config: WebSocketConfig | null | undefined,
    url: string | URL,
    callback: ConnectedAndInspected,
  ): void;

  /** Reconnects by hand and goes on with the session; without one it is a new connection. */
  reconnect(connection: Connection, url: string | URL): Promise<Connection>;
  reconnect(connection: Connection, url: string | URL, callback: Reconnected): void;
  reconnect(
    connection: Connection,
    config: WebSocketConfig | null | undefined,
    url: string | URL,
  ): Promise<Connection>;
  reconnect(
    connection: Connection,
    config: WebSocketConfig | null | undefined,
    url: string | URL,
    callback: Reconnected,
  ): void;
};

/**
 * Loads the module before the first connect, or from a source of one's own. Repeatable after a
 * failure; without a call the first connect does it.
 */
export declare function init(
  source?: string | URL | Response | BufferSource | WebAssembly.Module,
): Promise<void>;

/** An error that travels between peers; negative codes are this side's own. */
export declare class RemoteError extends Error {
  constructor(code: number, message?: string, info?: unknown[] | null);
  static readonly defaultMessages: Readonly<Record<number, string>>;
  static fromJstpArray(array: readonly unknown[]): RemoteError;
  static getJstpArrayFor(value: unknown): unknown[];
  readonly name: 'RemoteError';
  readonly code: number;
  readonly info: unknown[] | null;
  toJSTP(): unknown[];
  /** @deprecated The name `toJSTP` had before. */
  toJstpArray(): unknown[];
}

export declare const ERR_CALLBACK_LOST: -1;
export declare const ERR_NO_HANDSHAKE_RESPONSE: -2;
export declare const ERR_CONNECTION_CLOSED: -3;
export declare const ERR_BUFFER_FULL: -4;
export declare const ERR_TIMEOUT: -5;
export declare const ERR_APP_NOT_FOUND: 10;
export declare const ERR_AUTH_FAILED: 11;
export declare const ERR_INTERFACE_NOT_FOUND: 12;
export declare const ERR_INTERFACE_INCOMPATIBLE: 13;
export declare const ERR_METHOD_NOT_FOUND: 14;
export declare const ERR_NOT_A_SERVER: 15;
export declare const ERR_INTERNAL_API_ERROR: 16;
export declare const ERR_INVALID_SIGNATURE: 17;

declare const jstp: {
  ws: typeof ws;
  init: typeof init;
  Application: typeof Application;
  Connection: typeof Connection;
  RemoteError: typeof RemoteError;
  RemoteProxy: typeof RemoteProxy;
  Session: typeof Session;
  SimpleConnectPolicy: typeof SimpleConnectPolicy;
  ERR_CALLBACK_LOST: -1;
  ERR_NO_HANDSHAKE_RESPONSE: -2;
  ERR_CONNECTION_CLOSED: -3;
  ERR_BUFFER_FULL: -4;
  ERR_TIMEOUT: -5;
  ERR_APP_NOT_FOUND: 10;
  ERR_AUTH_FAILED: 11;
  ERR_INTERFACE_NOT_FOUND: 12;
  ERR_INTERFACE_INCOMPATIBLE: 13;
  ERR_METHOD_NOT_FOUND: 14;
  ERR_NOT_A_SERVER: 15;
  ERR_INTERNAL_API_ERROR: 16;
  ERR_INVALID_SIGNATURE: 17;
};
export default jstp;
