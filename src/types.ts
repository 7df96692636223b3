/**
 * The types of the npm package, written by hand: what a page sees of jstp-wasm. Entries `jstp-wasm`,
 * `jstp-wasm/inline` and `jstp-wasm/slim` have all of it. "protocol.md" and "mdsf.md" are pages in docs/
 * of its repository.
 *
 * @module API
 */

// What an interface says of itself.

declare const events: unique symbol;
declare const results: unique symbol;

/**
 * The events of an interface, by name with their arguments:
 * `interface Chat extends Events<{ message: [from: string, text: string] }> { say(text: string): void }`.
 * Both those that come and those that a proxy's `emit` sends. An interface without it has any events.
 *
 * @category Describing interfaces
 */
export interface Events<Declared extends Record<keyof Declared, unknown[]>> {
  /** Exists for the type checker only. */
  readonly [events]?: Declared;
}

/**
 * What a method returns that answers with several results, or with none or one but says so by name:
 * `size(): Results<[width: number, height: number]>`. A promise is fulfilled with an array of
 * several, with the one result itself, or with undefined; a callback gets them one after another.
 *
 * @category Describing interfaces
 */
export interface Results<List extends unknown[]> {
  /** Exists for the type checker only. */
  readonly [results]: List;
}

type IsAny<T> = 0 extends 1 & T ? true : false;

/**
 * The events an interface declares, by name.
 *
 * @category Describing interfaces
 */
export type EventsOf<Interface> =
  IsAny<Interface> extends true
    ? {}
    : typeof events extends keyof Interface
      ? NonNullable<Interface[typeof events & keyof Interface]>
      : {};

type OtherEvents<Interface> =
  IsAny<Interface> extends true ? string : typeof events extends keyof Interface ? never : string;

type AnyFunction = (...args: any[]) => unknown;

/** What an answer holds, as a list. */
type ResultList<Result> =
  IsAny<Result> extends true
    ? any[]
    : [Result] extends [never]
      ? []
      : [Result] extends [Results<infer List>]
        ? List
        : [Result] extends [void]
          ? []
          : undefined extends Result
            ? [result?: Result]
            : [result: Result];

/** What a promise of an answer is fulfilled with. */
type Settled<Result> =
  IsAny<Result> extends true
    ? any
    : [Result] extends [never]
      ? never
      : [Result] extends [Results<infer List>]
        ? List extends []
          ? undefined
          : List extends [infer Only]
            ? Only
            : List
        : Result;

// Emitters.

/**
 * The arguments of an event: those declared for its name, or any.
 *
 * @category Calls and events
 */
export type EventArgs<Declared, Name> = Name extends keyof Declared
  ? Extract<Declared[Name], unknown[]>
  : any[];

/**
 * Emitter methods as known from Node, with its events `newListener` and `removeListener`. The listeners of an event run in turn; one that throws harms no
 * other, and its exception goes to `reportError` or the console. A listener that is not a function is
 * a TypeError.
 *
 * @category Calls and events
 */
export interface Emitter<Declared = {}, Other extends string = string> {
  /** Adds a listener after the others; adding it twice has it called twice. */
  on<Name extends (keyof Declared & string) | Other>(
    name: Name,
    listener: (...args: EventArgs<Declared, Name>) => void,
  ): this;
  /** The same as `on`. */
  addListener<Name extends (keyof Declared & string) | Other>(
    name: Name,
    listener: (...args: EventArgs<Declared, Name>) => void,
  ): this;
  /** Adds a listener before the others. */
  prependListener<Name extends (keyof Declared & string) | Other>(
    name: Name,
    listener: (...args: EventArgs<Declared, Name>) => void,
  ): this;
  /** Adds a listener that is removed before its first call. */
  once<Name extends (keyof Declared & string) | Other>(
    name: Name,
    listener: (...args: EventArgs<Declared, Name>) => void,
  ): this;
  /** `once`, before the others. */
  prependOnceListener<Name extends (keyof Declared & string) | Other>(
    name: Name,
    listener: (...args: EventArgs<Declared, Name>) => void,
  ): this;
  /** Removes a listener, the one added last first. One that is not there is no error. */
  off<Name extends (keyof Declared & string) | Other>(
    name: Name,
    listener: (...args: EventArgs<Declared, Name>) => void,
  ): this;
  /** The same as `off`. */
  removeListener<Name extends (keyof Declared & string) | Other>(
    name: Name,
    listener: (...args: EventArgs<Declared, Name>) => void,
  ): this;
  /** Removes the listeners of that name; without a name, all. */
  removeAllListeners(name?: (keyof Declared & string) | Other): this;
  /**
   * Calls the listeners of that name and returns whether there were any. An `error` that nobody
   * listens to goes to the console and is not thrown.
   */
  emit<Name extends (keyof Declared & string) | Other>(
    name: Name,
    ...args: EventArgs<Declared, Name>
  ): boolean;
  /** How many listeners that name has. */
  listenerCount(name: (keyof Declared & string) | Other): number;
  /** The listeners of that name in the order of their calls; a copy. */
  listeners<Name extends (keyof Declared & string) | Other>(
    name: Name,
  ): ((...args: EventArgs<Declared, Name>) => void)[];
  /** The same as `listeners`. */
  rawListeners<Name extends (keyof Declared & string) | Other>(
    name: Name,
  ): ((...args: EventArgs<Declared, Name>) => void)[];
  /** The names that have listeners. */
  eventNames(): ((keyof Declared & string) | Other)[];
  /** For code that calls it: nobody is warned of too many listeners here. */
  setMaxListeners(limit: number): this;
  /** What `setMaxListeners` was given. Default: 10. */
  getMaxListeners(): number;
}

// Calls.

/**
 * Hears of an outcome: `callback(null, ...results)`, or `callback(error)`, when results are undefined.
 *
 * @category Calls and events
 */
export type Callback<List extends unknown[] = any[]> = (
  error: Error | null,
  ...results: List
) => void;

/**
 * What may end the wait for an answer. An option that is not one of these types is a TypeError.
 *
 * @category Calls and events
 */
export interface CallOptions {
  /**
   * When it aborts, the call is rejected with the signal's reason. One that has not left is not sent;
   * one that has may run, and its answer is dropped. Default: none.
   */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds, at least 0, after which the call fails with ERR_TIMEOUT (-5), whether it has left or
   * not. Default: `client.callTimeout`. A RangeError for negative numbers and NaN.
   */
  timeout?: number | undefined;
  /**
   * Call again when the answer was lost with a transport: at least once in place of at most once; see
   * `callMethodWithResend` and protocol.md 4.5. Default: false.
   */
  resend?: boolean | undefined;
}

/** All that may be given of arguments of which the last are optional. */
type Given<Args extends unknown[], All extends unknown[] = Required<Args>> =
  number extends Args['length']
    ? Args
    : All['length'] extends Args['length']
      ? All | (All extends [...infer Fewer, unknown] ? Given<Args, Fewer> : never)
      : never;

/**
 * A method of a fixed number of arguments, which alone tells what follows them.
 *
 * @category Calls and events
 */
export interface FixedMethod<Args extends unknown[], Result> {
  /** With a callback and, when it is true, resent as by `callMethodWithResend`. */
  (...args: [...args: Args, callback: Callback<ResultList<Result>>, resend: boolean]): void;
  /** With a callback. */
  (...args: [...args: Args, callback: Callback<ResultList<Result>>]): void;
  /** The promise is settled as that of `connection.callMethod`. */
  (...args: Args): Promise<Settled<Result>>;
}

/**
 * A method that may be called with fewer or more arguments.
 *
 * @category Calls and events
 */
export interface VariadicMethod<Args extends unknown[], Result> {
  // First, or an argument of type any would be taken for a callback.
  (...args: Args): Promise<Settled<Result>>;
  /** With a callback and, when it is true, resent as by `callMethodWithResend`. */
  (...args: [...args: Given<Args>, callback: Callback<ResultList<Result>>, resend: boolean]): void;
  /** With a callback. */
  (...args: [...args: Given<Args>, callback: Callback<ResultList<Result>>]): void;
  // Last as well, for that is the one that `ReturnType` and whoever is given the method see.
  /** The promise is settled as that of `connection.callMethod`. */
  (...args: Args): Promise<Settled<Result>>;
}

/**
 * A method of an interface as a proxy has it: it returns a promise, or takes a callback behind its
 * arguments, and behind that whether to resend.
 *
 * @category Calls and events
 */
export type RemoteMethod<Method> = Method extends (...args: infer Args) => infer Result
  ? IsFixed<Args> extends true
    ? FixedMethod<Args, Awaited<Result>>
    : VariadicMethod<Args, Awaited<Result>>
  : never;

type IsFixed<Args extends unknown[]> =
  number extends Args['length'] ? false : Args['length'] extends Required<Args>['length'] ? true : false;

/** A proxy keeps what it has of its own, and a `then` would make a thenable of it. */
type Taken = keyof RemoteProxy | keyof Object | 'then';

type MethodName<Interface, Name extends keyof Interface> = Name extends string
  ? NonNullable<Interface[Name]> extends AnyFunction
    ? Name
    : never
  : never;

/**
 * The methods of an interface as its proxy has them; of one that is not described, any.
 *
 * @category Calls and events
 */
export type RemoteMethods<Interface = any> =
  IsAny<Interface> extends true
    ? {
        /** Any method, with or without a callback behind its arguments. */
        [method: string]: (...args: any[]) => Promise<any>;
      }
    : {
        [Name in keyof Interface as Exclude<MethodName<Interface, Name>, Taken>]: RemoteMethod<
          NonNullable<Interface[Name]>
        >;
      };

/**
 * The methods of an interface with options bound to them: all return promises.
 *
 * @category Calls and events
 */
export type BoundMethods<Interface = any> =
  IsAny<Interface> extends true
    ? {
        /** Any method. */
        [method: string]: (...args: any[]) => Promise<any>;
      }
    : {
        [Name in keyof Interface as Exclude<MethodName<Interface, Name>, Taken>]: NonNullable<
          Interface[Name]
        > extends (...args: infer Args) => infer Result
          ? (...args: Args) => Promise<Settled<Awaited<Result>>>
          : never;
      };

/**
 * The peer's interface: a method for each remote name that is free, and the interface's events. Names
 * that are not (`on`, `emit`, `events`, `then`, `toString`, …) are reached by `connection.callMethod`.
 * `ProxyOf` is a proxy with its methods (protocol.md 8).
 *
 * @category Calls and events
 */
export declare class RemoteProxy<Interface = any> {
  /** `connectAndInspect` and `inspectInterface` make proxies; one made by hand hears no events. */
  constructor(connection: Connection, interfaceName: string, methods?: readonly string[]);
  /**
   * Sends the event to the peer, then tells the local listeners, and returns whether there were any.
   * Throws a TypeError or RangeError for arguments that cannot be sent, and a RemoteError with
   * ERR_BUFFER_FULL (-4) when too many messages wait for delivery.
   */
  emit<Name extends (keyof EventsOf<Interface> & string) | OtherEvents<Interface>>(
    name: Name,
    ...args: EventArgs<EventsOf<Interface>, Name>
  ): boolean;
  /**
   * The arguments of each event of that name from now on. The iterator ends with its loop, when the signal
   * aborts and when the connection is closed for good, and fails with ERR_BUFFER_FULL (-4) when more than 1000 events wait to be looked at.
   * Throws a TypeError for options of a wrong type.
   */
  events<Name extends (keyof EventsOf<Interface> & string) | OtherEvents<Interface>>(
    name: Name,
    options?: { signal?: AbortSignal | undefined },
  ): AsyncIterableIterator<EventArgs<EventsOf<Interface>, Name>>;
  /**
   * The same methods, their calls bound to the options; those it has now, not those that a later
   * inspection brings. What is wrong with an option is told by the call; options that are no object are a TypeError.
   */
  withOptions(options: CallOptions): BoundMethods<Interface>;
}
export interface RemoteProxy<Interface = any>
  extends Emitter<EventsOf<Interface>, OtherEvents<Interface>> {}

/**
 * A proxy of an interface, with its methods.
 *
 * @category Calls and events
 */
export type ProxyOf<Interface = any> = RemoteProxy<Interface> & RemoteMethods<Interface>;

/**
 * Proxies by the names of their interfaces.
 *
 * @category Calls and events
 */
export type Proxies<Interfaces = any> =
  IsAny<Interfaces> extends true
    ? Record<string, ProxyOf>
    : { [Name in keyof Interfaces]: ProxyOf<Interfaces[Name]> };

type InterfaceName<Interfaces> =
  IsAny<Interfaces> extends true ? string : keyof Interfaces & string;

// Being called.

/**
 * Answers the peer: `callback(null, ...results)`, or `callback(error)` with a RemoteError, a code or an
 * array as it travels; whatever else is an error of code 1 with its text (protocol.md 9). The first
 * call counts.
 *
 * @category Being called
 */
export type Answer<List extends unknown[] = any[]> = (
  ...outcome:
    | [error: Error | number | string | unknown[], ...ignored: unknown[]]
    | [error: null | undefined, ...results: List]
) => void;

/**
 * A method that the peer may call: the connection, the arguments, and unless it is declared async a
 * callback. How many parameters it declares is how many arguments it takes; a call with another number
 * fails with ERR_INVALID_SIGNATURE (17).
 *
 * @category Being called
 */
export type Method = (connection: Connection, ...args: any[]) => any;

/**
 * A method with default or rest parameters, and the number of arguments it takes.
 *
 * @category Being called
 */
export interface MethodWithArity<Served = Method> {
  /** The arguments, without connection and callback. */
  arity: number;
  /** The method itself; an async one gets no callback. */
  method: Served;
}

/**
 * What may serve a method of an interface. An async function returns the result and leaves the callback
 * out; any other takes the callback, and may return a promise besides. A function that is not async and
 * returns its result as such is never right.
 *
 * @category Being called
 */
export type ServedMethod<Declared> = Declared extends (...args: infer Args) => infer Result
  ? (
      connection: Connection,
      ...args: [...args: Args, callback: Answer<ResultList<Awaited<Result>>>]
    ) => void | Promise<Awaited<Result> extends Results<unknown[]> ? never : Awaited<Result>>
  : never;

/**
 * Interfaces by name, each an object of methods.
 *
 * @category Being called
 */
export type Api<Interfaces = any> =
  IsAny<Interfaces> extends true
    ? Record<string, Record<string, Method | MethodWithArity>>
    : { [Name in keyof Interfaces]: ServedInterface<Interfaces[Name]> };

type ServedInterface<Interface> =
  IsAny<Interface> extends true
    ? Record<string, Method | MethodWithArity>
    : {
        [Name in keyof Interface as MethodName<Interface, Name>]:
          | ServedMethod<NonNullable<Interface[Name]>>
          | MethodWithArity<ServedMethod<NonNullable<Interface[Name]>>>;
      };

/**
 * Handlers of the peer's events by interface and event.
 *
 * @category Being called
 */
export type EventHandlers<Interfaces = any> =
  IsAny<Interfaces> extends true
    ? Record<string, Record<string, (connection: Connection, ...args: any[]) => void>>
    : { [Name in keyof Interfaces]?: InterfaceHandlers<Interfaces[Name]> };

type InterfaceHandlers<Interface> = [OtherEvents<Interface>] extends [never]
  ? {
      [Name in keyof EventsOf<Interface>]?: (
        connection: Connection,
        ...args: EventArgs<EventsOf<Interface>, Name>
      ) => void;
    }
  : Record<string, (connection: Connection, ...args: any[]) => void>;

/**
 * What a page exposes to the server. `Served` describes its interfaces, `Heard` those whose events it
 * handles, which are the same unless it says otherwise:
 * `new Application<{ dialog: DialogApi }>('page', { dialog: { … } })`.
 *
 * What a method or handler throws goes to `reportError` or the console, and for a method the peer gets
 * ERR_INTERNAL_API_ERROR (16). An async method that fails with a RemoteError, or with no Error at all,
 * answers with that instead (protocol.md 6).
 *
 * @category Being called
 */
export declare class Application<Served = any, Heard = Served> {
  /**
   * `name` may be `'name@version'`. `version` defaults to 1.0.0. Throws a TypeError for an empty name and
   * for a version that is not semver's.
   */
  constructor(
    name: string,
    api: Api<NoInfer<Served>>,
    eventHandlers?: EventHandlers<NoInfer<Heard>>,
    version?: string,
  );
  /** Without the version. */
  readonly name: string;
  /** As semver has it, such as `'1.0.0'`. */
  readonly version: string;
  /** The object that was given. */
  readonly api: Api<Served>;
  /** Default: none. */
  readonly eventHandlers: EventHandlers<Heard>;
  /** The names of an interface's methods in the order of definition, or undefined without such one. */
  getMethods(interfaceName: string): string[] | undefined;
  /** Calls a method as the peer would. The callback runs once, whatever the method does. */
  callMethod(
    connection: Connection,
    interfaceName: string,
    methodName: string,
    args: unknown[],
    callback: (error: unknown, ...results: unknown[]) => void,
  ): void;
  /** Tells the handler of an event, if there is one. */
  handleEvent(
    connection: Connection,
    interfaceName: string,
    eventName: string,
    args: unknown[],
  ): void;
}

// Connections.

/**
 * What a connection is doing: the WebSocket opens, the server is asked for a session, all is well, a
 * lost transport waits to be replaced, or there is none and none will be (protocol.md 3).
 *
 * @category Connections
 */
export type ConnectionState = 'connecting' | 'handshaking' | 'ready' | 'waiting' | 'closed';

/**
 * Why a connection's state changed.
 *
 * @category Connections
 */
export interface StateDetail {
  /** In a few words. */
  reason: string;
  /** What went wrong, where something did. */
  error?: Error;
  /** Milliseconds since the epoch, while waiting for an attempt whose time is known. */
  nextAttemptAt?: number;
}

/**
 * A connection's figures; bytes count UTF-16 units.
 *
 * @category Connections
 */
export interface ConnectionStats {
  /** Messages the server is not known to have. */
  unacknowledgedMessages: number;
  /** Their bytes. */
  unacknowledgedBytes: number;
  /** Calls, inspections and pings without an answer so far. */
  pendingCalls: number;
  /** Transports that were tried, from the first. */
  attempts: number;
  /** Messages that came, over all transports. */
  messagesIn: number;
  /** Messages that left, those sent again included. */
  messagesOut: number;
  /** Bytes that came. */
  bytesIn: number;
  /** Bytes that left. */
  bytesOut: number;
  /** `connection.rtt`. */
  rtt: number | undefined;
}

/**
 * The events of a connection. Those from `incomingMessage` on are for logging, made only while somebody
 * listens; these and `messageRejected` go to `client.logger` instead, where there is one (protocol.md 10).
 *
 * @category Connections
 */
export interface ConnectionEvents {
  /** A transport closed, for good or to be replaced; also that of an attempt that was refused. */
  close: [connection: Connection];
  /** What the peer or the network did that no call is told of. To the console if nobody listens. */
  error: [error: Error, connection: Connection];
  /** The reconnector makes an attempt, with the options as `connect` got them. */
  reconnectAttempt: [transport: 'ws', ...options: unknown[]];
  /** The outcome of such an attempt: null if it worked. */
  reconnect: [error: Error | null];
  /** The server does not know the session any more. What was pending has failed. */
  sessionLost: [error: Error, session: Session];
  /** The state is another. */
  stateChange: [state: ConnectionState, previous: ConnectionState, detail: StateDetail];
  /** A message of the peer's that the protocol has no place for, and that is ignored. */
  messageRejected: [message: unknown];
  /** A message came. */
  incomingMessage: [message: unknown];
  /** A message left. */
  outgoingMessage: [message: unknown];
  /** An empty message came: the peer's heartbeat. */
  heartbeat: [message: {}];
  /** The handshake was answered: an error as it travels, or the session's id or a resumed one's count. */
  handshake: [error: unknown[] | undefined, ok: string | number | undefined];
  /** The peer calls a method. */
  call: [interfaceName: string, methodName: string, args: unknown[]];
  /** The peer emitted an event. */
  event: [interfaceName: string, eventName: string, args: unknown[]];
  /** A call or inspection was answered: an error as it travels, or the results. */
  callback: [error: unknown[] | undefined, results: unknown[] | undefined];
  /** The peer inspects an interface. */
  inspect: [interfaceName: string];
}

/**
 * A strategy of the server's own, with any value as credentials.
 *
 * @category Connecting
 */
export interface CustomStrategy {
  /** The name the server knows it by; it must be free to stand in a message (protocol.md 2.5). */
  strategy: string;
  /** A TypeError or RangeError, naming the place, if it cannot be sent. */
  credentials: unknown;
}

/**
 * Who connects: a user's name, what the server has a strategy for, or a session to go on with: the
 * connection's own, or one from elsewhere, which takes its place.
 *
 * @category Connecting
 */
export type Login = string | Session | CustomStrategy | null | undefined;

// Written so that a library without these two symbols lacks the methods, and is not brought to have them.
type WellKnown<Name extends string> = SymbolConstructor extends { readonly [Key in Name]: infer Key extends symbol }
  ? Key
  : never;
type DisposedBy<Key extends symbol, Result> = { [Name in Key]: () => Result };

/**
 * A connection to a JSTP server, made by `ws.connect` (protocol.md 7.6). It has other events than the
 * `ConnectionEvents`, if a page emits some.
 *
 * @category Connections
 */
export declare class Connection {
  private constructor();
  /** Unique within the page. */
  readonly id: number;
  /** Always null: a page is never a server. */
  readonly server: null;
  /** The client object given to `connect`, or null. */
  readonly client: ClientOptions | null;
  /** What the server may call: the client's, or an application without interfaces. */
  readonly application: Application;
  /** Null before the first handshake, and once it is given up. */
  readonly session: Session | null;
  /** Set by a login. */
  readonly username: string | null;
  /** Proxies of the interfaces inspected so far, by name. */
  readonly remoteProxies: Record<string, ProxyOf>;
  /** Always undefined: a browser does not tell. */
  readonly remoteAddress: undefined;
  /** What the connection is doing; `stateChange` tells of each change. */
  readonly state: ConnectionState;
  /** The figures of this moment. */
  readonly stats: ConnectionStats;
  /** Milliseconds to the server and back, as the last ping measured; undefined before one has. */
  readonly rtt: number | undefined;
  /** Whether the state is `ready`. */
  readonly handshakeDone: boolean;
  /** Whether a handshake ever was. */
  readonly hasConnected: boolean;
  /** Whether `close` was called since the last handshake. */
  readonly closedIntentionally: boolean;

  /**
   * Sends the handshake; a connect policy's business. Fails with the server's RemoteError, such as
   * ERR_APP_NOT_FOUND (10) and ERR_AUTH_FAILED (11), with ERR_NO_HANDSHAKE_RESPONSE (-2) after
   * `client.handshakeTimeout`, and with an Error where a handshake has no place (protocol.md 2.5).
   */
  handshake(app: AppTarget, callback: Callback<[session?: Session]>): void;
  /** The same, for a login without a password, a session or a strategy. */
  handshake(app: AppTarget, login: Login, callback: Callback<[session?: Session]>): void;
  /** The same, for a login. */
  handshake(
    app: AppTarget,
    login: Login,
    password: string | null | undefined,
    callback: Callback<[session?: Session]>,
  ): void;
  /** The same, with a promise of the session. */
  handshake(
    app: AppTarget,
    login?: Login,
    password?: string | null,
  ): Promise<Session | undefined>;

  /**
   * Calls a method: at most once. The promise is fulfilled with the result: nothing gives undefined,
   * several give an array. It is rejected with a RemoteError: the peer's, or ERR_CALLBACK_LOST (-1) if
   * the answer was lost, ERR_CONNECTION_CLOSED (-3) after `close()`, ERR_BUFFER_FULL (-4) when too many
   * messages wait for delivery, ERR_TIMEOUT (-5); and with a TypeError or RangeError, naming the place,
   * for arguments that cannot be sent (mdsf.md 4.3). With a callback these two are thrown.
   */
  callMethod<Result = unknown>(
    interfaceName: string,
    methodName: string,
    args: readonly unknown[],
    options?: CallOptions | null,
  ): Promise<Result>;
  /** The same, with a callback in place of the promise. */
  callMethod<List extends unknown[] = any[]>(
    interfaceName: string,
    methodName: string,
    args: readonly unknown[],
    callback: Callback<List>,
  ): void;

  /**
   * Calls a method, and calls it again when the line broke after the peer had it and its answer was
   * lost: at least once. Only for methods that may run twice. Fails as `callMethod` does, but with -1
   * only when the session is lost. After `close()` it stays pending and leaves on a later `reconnect`; it
   * fails with -1 when the session is forgotten, or nobody holds the connection any more (protocol.md 4.5,
   * 4.6).
   */
  callMethodWithResend<Result = unknown>(
    interfaceName: string,
    methodName: string,
    args: readonly unknown[],
    options?: CallOptions | null,
  ): Promise<Result>;
  /** The same, with a callback in place of the promise. */
  callMethodWithResend<List extends unknown[] = any[]>(
    interfaceName: string,
    methodName: string,
    args: readonly unknown[],
    callback: Callback<List>,
  ): void;

  /**
   * Emits an event to the peer; while there is no transport it is kept (protocol.md 4.6). Throws a
   * TypeError or RangeError for arguments that cannot be sent, and a RemoteError with ERR_BUFFER_FULL
   * (-4) when too many messages wait for delivery.
   */
  emitRemoteEvent(interfaceName: string, eventName: string, args: readonly unknown[]): void;

  /**
   * Asks for an interface's methods. One proxy per interface: a second inspection updates it. Fails with
   * ERR_INTERFACE_NOT_FOUND (12), and as `callMethod` does.
   */
  inspectInterface<Interface = any>(interfaceName: string): Promise<ProxyOf<Interface>>;
  /** The same, with a callback in place of the promise. */
  inspectInterface<Interface = any>(
    interfaceName: string,
    callback: Callback<[proxy: ProxyOf<Interface>]>,
  ): void;

  /** Asks the peer for a sign of life, and measures `rtt`. Fails with -1 and -3 as `callMethod` does. */
  ping(): Promise<void>;
  /** The same, with a callback in place of the promise. */
  ping(callback: Callback<[]>): void;

  /**
   * Pings every so many milliseconds (protocol.md 7.6); silence for `client.heartbeatTimeout` drops the
   * transport. Throws a TypeError or RangeError for what is not a number above 0.
   */
  startHeartbeat(interval: number): void;
  /** Stops the heartbeat, also one that `client.heartbeatInterval` began. */
  stopHeartbeat(): void;

  /**
   * Closes for good: nothing reconnects by itself. What is pending fails with ERR_CALLBACK_LOST (-1), and
   * later calls with ERR_CONNECTION_CLOSED (-3), all but calls with resend, for which see
   * `callMethodWithResend`. Closing twice is no error.
   * `using connection = …` does the same at the end of its block, and `await using` waits for the `close`
   * event besides.
   */
  close(): void;

  /**
   * Closes, and gives the session up with all that waits in it: calls with resend fail as well, and a
   * later `reconnect` begins a new session.
   */
  forgetSession(): void;

  /** The browser's WebSocket, or null between two. */
  getTransport(): WebSocket | null;
}
export interface Connection
  extends Emitter<ConnectionEvents, string & {}>,
    DisposedBy<WellKnown<'dispose'>, void>,
    DisposedBy<WellKnown<'asyncDispose'>, Promise<void>> {}

/**
 * A session: its id, and a map for the page's own data, which is not sent (protocol.md 4). The
 * connection makes it; one of a page's own is for a connect policy of its own.
 *
 * @category Connections
 */
export declare class Session extends Map<unknown, unknown> {
  /** `sessionId` is the name by which the server knows the session. */
  constructor(connection: Connection | null, username?: string | null, sessionId?: string);
  /** As the server named it. */
  readonly id: string;
  /** Null for one that was read from a text and is not in use yet. */
  readonly connection: Connection | null;
  /** Who logged in, or null. */
  readonly username: string | null;
  /**
   * JSON to keep, in upstream's form (protocol.md 4.7): `client.session = Session.fromString(text)` goes
   * on with it.
   */
  toString(): string;
  /** Throws a SyntaxError for a text that is not JSON, and a TypeError for one that is not a session. */
  static fromString(text: string): Session;
}

/**
 * Authenticates a connection whose transport has opened: calls `connection.handshake`, then the callback
 * with its outcome (protocol.md 7.4). What it throws is the attempt's error.
 *
 * @category Connecting
 */
export type ConnectPolicy = (
  app: AppTarget,
  connection: Connection,
  session: Session | undefined,
  callback: (error: unknown, connection?: Connection, session?: Session) => void,
) => void;

/**
 * Resumes if there is a session, logs in if there is a name, else connects anonymously.
 *
 * @category Connecting
 */
export declare class SimpleConnectPolicy {
  constructor(login?: string, password?: string);
  /** Default: none, which is an anonymous connection. */
  login: string | undefined;
  /** Default: an empty one. */
  password: string | undefined;
  /** What `client.connectPolicy` may be, and calls with the policy as `this`. */
  connect: ConnectPolicy;
}

// Connecting.

/**
 * An application to connect to: `'name'`, `'name@range'` or both apart; without a range, the latest. An
 * empty name is a TypeError, a range that npm does not know an Error (protocol.md 5.3).
 *
 * @category Connecting
 */
export type AppTarget =
  | string
  | {
      /** Not empty. */
      name: string;
      /** A range as npm has them. Default: the latest version. */
      version?: string | undefined;
    };

/**
 * Settings of a client. The object is never changed and may serve several connections. A setting of
 * another type is a TypeError, a time below 0 and NaN a RangeError, before anything is opened. Times are
 * whole milliseconds, a part of one counting as one; `Infinity` is as long as a timer can wait, 24 days
 * (protocol.md 7.4).
 *
 * @category Connecting
 */
export interface ClientOptions {
  /** What the page exposes to the server. Default: an application without interfaces. */
  application?: Application<any, any> | null | undefined;
  /** Who connects. Default: `new SimpleConnectPolicy()`, which is nobody in particular. */
  connectPolicy?:
    | ConnectPolicy
    | {
        /** The policy; called with the object as `this`. */
        connect: ConnectPolicy;
      }
    | null
    | undefined;
  /** Gets the events for logging, and `messageRejected`, in place of the connection. Default: none. */
  logger?:
    | {
        /** Called with the name and the arguments of each of these events. */
        emit(name: string, ...args: any[]): unknown;
      }
    | null
    | undefined;
  /** A session to go on with, for example one that an earlier page kept; not a frozen one. Default: a new one. */
  session?: Session | null | undefined;
  /** Milliseconds to wait for the handshake's answer; then it fails with -2. Default: 10 000. */
  handshakeTimeout?: number | undefined;
  /**
   * Milliseconds after which a call or an inspection without an answer fails with ERR_TIMEOUT (-5), those of
   * `connectAndInspect` too. Default: none.
   */
  callTimeout?: number | undefined;
  /** Milliseconds between pings of our own; 0 is none. Default: none. */
  heartbeatInterval?: number | undefined;
  /**
   * Milliseconds of silence after which the transport is dead, while there is a heartbeat. Default: the
   * interval and 10 000.
   */
  heartbeatTimeout?: number | undefined;
  /**
   * Milliseconds that a resumed transport may stay silent before it is opened once more. Default: 2000.
   */
  resumeCheck?: number | undefined;
  /**
   * Milliseconds that a call whose answer was lost may still be answered after a resume, before it fails
   * with ERR_CALLBACK_LOST (-1) or, with resend, is made again; 0 does so at once. Default: 5000.
   */
  inDoubtTimeout?: number | undefined;
  /**
   * What may wait for delivery, each at least 1; beyond it calls and events fail with ERR_BUFFER_FULL (-4).
   * Default: 10 000 messages, 16 777 216 bytes (16 MiB).
   */
  bufferLimit?:
    | {
        /** Default: 10 000. */
        messages?: number | undefined;
        /** Default: 16 777 216. */
        bytes?: number | undefined;
      }
    | null
    | undefined;
  /** Called when the transport is lost. Default: see `Reconnector`. */
  reconnector?: Reconnector | null | undefined;
  /**
   * What follows when the server does not know the session any more: a new one, with every proxy brought
   * up to date (`'renew'`, the default), or the end of the connection (`'stop'`). A session that the first
   * connect is refused for is an error unless `'renew'` is given in so many words.
   */
  onSessionLost?: 'renew' | 'stop' | undefined;
}

/**
 * Decides whether and when to reconnect: each call of `reconnect` makes one attempt, over the last
 * transport's options or over those given. A failed attempt calls the reconnector again. After `close()` it
 * is called as well, with `closedIntentionally` set, and can open nothing. The default
 * waits 1, 2, 4, 8, 16, then 32 seconds, each with up to one second added, and sooner when the browser
 * comes online or the page is looked at again (protocol.md 7.5).
 *
 * @category Connections
 */
export type Reconnector = (connection: Connection, reconnect: Reconnect) => void;

/**
 * Makes an attempt, one at a time: during another it fails with an Error, and once the connection was closed
 * by its owner with ERR_CONNECTION_CLOSED (-3), which only the callback hears of. Without a callback it throws
 * a TypeError or RangeError for wrong arguments.
 *
 * @category Connections
 */
export interface Reconnect {
  /** Over a transport like the last. */
  (callback?: Reconnected): void;
  /** Over another. */
  (url: string | URL, callback?: Reconnected): void;
  /** Over another, with settings. */
  (config: WebSocketConfig | null | undefined, url: string | URL, callback?: Reconnected): void;
  /** With what `reconnectAttempt` told, and perhaps a callback. */
  (transport: 'ws' | 'wss', ...options: unknown[]): void;
}

/**
 * Settings of a transport (protocol.md 1); those that only upstream knows are accepted. Wrong ones are errors
 * as a client's.
 *
 * @category Connecting
 */
export interface WebSocketConfig {
  /** Milliseconds to wait for the WebSocket to open. Default: 10 000. */
  connectTimeout?: number | undefined;
  /** Milliseconds to wait for the peer's close; then the transport counts as closed. Default: 5000. */
  closeTimeout?: number | undefined;
  /** Bytes, at least 1; a larger message closes the transport with 4009. Default: 8 388 608, 8 MiB. */
  maxReceivedMessageSize?: number | undefined;
  /** Send NaN and the infinities, which peers on upstream's JavaScript parser cannot read. Default: false. */
  allowNonFinite?: boolean | undefined;
  /** Ask values for their `toMDSF`, as upstream does. Default: false. */
  honourToMDSF?: boolean | undefined;
  /** Offer servers to carry several messages in one of the WebSocket's; others notice nothing. Default: true. */
  batch?: boolean | undefined;
  /** A constructor to use instead of the global `WebSocket`. Without either, connecting is an Error. */
  WebSocket?: unknown;
  [upstream: string]: unknown;
}

/**
 * What `connectAndInspect` gives.
 *
 * @category Connecting
 */
export interface Inspected<Interfaces = any> {
  /** The connection, ready. */
  connection: Connection;
  /** By interface name; without a prototype. */
  proxies: Proxies<Interfaces>;
}

type Optional = ClientOptions | null | undefined;

/**
 * Hears of an attempt to reconnect; after an error the connection is there if the server was.
 *
 * @category Connections
 */
export type Reconnected = (error: Error | null, connection?: Connection) => void;

/**
 * Hears of `connect`; after an error the connection is there if the server was.
 *
 * @category Connecting
 */
export type Connected = (error: Error | null, connection?: Connection, session?: Session) => void;

/**
 * Hears of `connectAndInspect`; after an error the connection is there if the server was.
 *
 * @category Connecting
 */
export type ConnectedAndInspected<Interfaces = any> = (
  error: Error | null,
  connection?: Connection,
  proxies?: Proxies<Interfaces>,
) => void;

/**
 * WebSocket connections. The URL's `http:` and `https:` stand for `ws:` and `wss:`, and in a page it may be
 * relative; another scheme or a fragment is a TypeError.
 *
 * @namespace
 * @category Connecting
 */
export declare const ws: {
  /**
   * Opens a connection. Fails with the server's RemoteError, such as ERR_APP_NOT_FOUND (10) and
   * ERR_AUTH_FAILED (11); with ERR_NO_HANDSHAKE_RESPONSE (-2) if it closed or said nothing; with an
   * Error if it cannot be reached; with a TypeError or RangeError for wrong arguments. A rejection's
   * `error.connection` is the connection, where there is one: the server refused the handshake, or
   * closed before it answered (protocol.md 7.1).
   */
  connect(app: AppTarget, client: Optional, url: string | URL): Promise<Connection>;
  /** The same, with a callback in place of the promise. */
  connect(app: AppTarget, client: Optional, url: string | URL, callback: Connected): void;
  /** The same, with settings for the WebSocket. */
  connect(
    app: AppTarget,
    client: Optional,
    config: WebSocketConfig | null | undefined,
    url: string | URL,
  ): Promise<Connection>;
  /** The same, with settings and a callback. */
  connect(
    app: AppTarget,
    client: Optional,
    config: WebSocketConfig | null | undefined,
    url: string | URL,
    callback: Connected,
  ): void;

  /**
   * Opens a connection and inspects interfaces, all at once. Typed proxies by
   * `connectAndInspect<{ auth: AuthApi }>(…)`. Fails as `connect` and `inspectInterface` do, with the
   * first error (protocol.md 7.2); where that is an inspection's, `error.connection` is open and goes on.
   */
  connectAndInspect<Interfaces = any>(
    app: AppTarget,
    client: Optional,
    interfaces: readonly InterfaceName<NoInfer<Interfaces>>[],
    url: string | URL,
  ): Promise<Inspected<Interfaces>>;
  /** The same, with a callback in place of the promise. */
  connectAndInspect<Interfaces = any>(
    app: AppTarget,
    client: Optional,
    interfaces: readonly InterfaceName<NoInfer<Interfaces>>[],
    url: string | URL,
    callback: ConnectedAndInspected<NoInfer<Interfaces>>,
  ): void;
  /** The same, with settings for the WebSocket. */
  connectAndInspect<Interfaces = any>(
    app: AppTarget,
    client: Optional,
    interfaces: readonly InterfaceName<NoInfer<Interfaces>>[],
    config: WebSocketConfig | null | undefined,
    url: string | URL,
  ): Promise<Inspected<Interfaces>>;
  /** The same, with settings and a callback. */
  connectAndInspect<Interfaces = any>(
    app: AppTarget,
    client: Optional,
    interfaces: readonly InterfaceName<NoInfer<Interfaces>>[],
    config: WebSocketConfig | null | undefined,
    url: string | URL,
    callback: ConnectedAndInspected<NoInfer<Interfaces>>,
  ): void;

  /**
   * Reconnects by hand and goes on with the session; without one it is a new connection. Settings of the WebSocket
   * that are left out have their defaults again. Fails as `connect` does, and with an Error while another attempt
   * is under way (protocol.md 7.3). After a failure the default reconnector goes on.
   */
  reconnect(connection: Connection, url: string | URL): Promise<Connection>;
  /** The same, with a callback in place of the promise. */
  reconnect(connection: Connection, url: string | URL, callback: Reconnected): void;
  /** The same, with settings for the WebSocket. */
  reconnect(
    connection: Connection,
    config: WebSocketConfig | null | undefined,
    url: string | URL,
  ): Promise<Connection>;
  /** The same, with settings and a callback. */
  reconnect(
    connection: Connection,
    config: WebSocketConfig | null | undefined,
    url: string | URL,
    callback: Reconnected,
  ): void;
};

/**
 * Loads the module before the first connect, or from a source of one's own; without a call the first
 * connect does it. Loaded once: later calls, whatever their source, wait for the same module. Fails with an Error when
 * it cannot be fetched or compiled, or the page's Content-Security-Policy forbids WebAssembly, and may then be
 * repeated. `jstp-wasm/slim` has no module of its own, so there the source is required.
 *
 * @category Connecting
 */
export declare function init(
  source?: string | URL | Response | BufferSource | WebAssembly.Module,
): Promise<void>;

// Errors.

/**
 * An error that travels between peers; negative codes are this side's own (protocol.md 9).
 *
 * @category Errors
 */
export declare class RemoteError extends Error {
  /** Without a message it has the code's own, or the code as text. `info` defaults to null. */
  constructor(code: number, message?: string, info?: unknown[] | null);
  /** The messages of the standard codes. */
  static readonly defaultMessages: Readonly<Record<number, string>>;
  /** The error that `[code, message?, ...info]` stands for. */
  static fromJstpArray(array: readonly unknown[]): RemoteError;
  /** The array that travels for any value a handler may fail with. */
  static getJstpArrayFor(value: unknown): unknown[];
  /** The same for every code. */
  readonly name: 'RemoteError';
  /** Negative: this side's own; 1 and 10 to 17: protocol.md 9; others: the application's. */
  readonly code: number;
  /** What else the peer said. */
  readonly info: unknown[] | null;
  /** The array that travels for this error: a standard code goes alone. */
  toJSTP(): unknown[];
  /** @deprecated The name `toJSTP` had before. */
  toJstpArray(): unknown[];
}

/**
 * The answer is lost: with a broken link, a forgotten session, by `close()`, or because the module itself
 * has failed. The call may have run.
 *
 * @category Errors
 */
export declare const ERR_CALLBACK_LOST: -1;
/**
 * The server closed, or said nothing, before the connection was made.
 *
 * @category Errors
 */
export declare const ERR_NO_HANDSHAKE_RESPONSE: -2;
/**
 * The connection was closed before the call.
 *
 * @category Errors
 */
export declare const ERR_CONNECTION_CLOSED: -3;
/**
 * Too many messages wait for delivery, or events for a loop.
 *
 * @category Errors
 */
export declare const ERR_BUFFER_FULL: -4;
/**
 * No answer within the `timeout` of the call.
 *
 * @category Errors
 */
export declare const ERR_TIMEOUT: -5;
/**
 * No such application, or not in this version.
 *
 * @category Errors
 */
export declare const ERR_APP_NOT_FOUND: 10;
/**
 * Wrong credentials, or an unknown session.
 *
 * @category Errors
 */
export declare const ERR_AUTH_FAILED: 11;
/**
 * The application has no such interface.
 *
 * @category Errors
 */
export declare const ERR_INTERFACE_NOT_FOUND: 12;
/**
 * The interface is not as the caller expects it.
 *
 * @category Errors
 */
export declare const ERR_INTERFACE_INCOMPATIBLE: 13;
/**
 * The interface has no such method.
 *
 * @category Errors
 */
export declare const ERR_METHOD_NOT_FOUND: 14;
/**
 * The peer is not a server.
 *
 * @category Errors
 */
export declare const ERR_NOT_A_SERVER: 15;
/**
 * The method failed and does not say how.
 *
 * @category Errors
 */
export declare const ERR_INTERNAL_API_ERROR: 16;
/**
 * The method takes another number of arguments.
 *
 * @category Errors
 */
export declare const ERR_INVALID_SIGNATURE: 17;

/**
 * All of the package, as `import jstp from '@metarhia/jstp'` gives it.
 *
 * @category Connecting
 */
declare const jstp: {
  /** {@link ws} */
  ws: typeof ws;
  /** {@link init} */
  init: typeof init;
  /** {@link Application} */
  Application: typeof Application;
  /** {@link Connection} */
  Connection: typeof Connection;
  /** {@link RemoteError} */
  RemoteError: typeof RemoteError;
  /** {@link RemoteProxy} */
  RemoteProxy: typeof RemoteProxy;
  /** {@link Session} */
  Session: typeof Session;
  /** {@link SimpleConnectPolicy} */
  SimpleConnectPolicy: typeof SimpleConnectPolicy;
  /** {@link ERR_CALLBACK_LOST} */
  ERR_CALLBACK_LOST: -1;
  /** {@link ERR_NO_HANDSHAKE_RESPONSE} */
  ERR_NO_HANDSHAKE_RESPONSE: -2;
  /** {@link ERR_CONNECTION_CLOSED} */
  ERR_CONNECTION_CLOSED: -3;
  /** {@link ERR_BUFFER_FULL} */
  ERR_BUFFER_FULL: -4;
  /** {@link ERR_TIMEOUT} */
  ERR_TIMEOUT: -5;
  /** {@link ERR_APP_NOT_FOUND} */
  ERR_APP_NOT_FOUND: 10;
  /** {@link ERR_AUTH_FAILED} */
  ERR_AUTH_FAILED: 11;
  /** {@link ERR_INTERFACE_NOT_FOUND} */
  ERR_INTERFACE_NOT_FOUND: 12;
  /** {@link ERR_INTERFACE_INCOMPATIBLE} */
  ERR_INTERFACE_INCOMPATIBLE: 13;
  /** {@link ERR_METHOD_NOT_FOUND} */
  ERR_METHOD_NOT_FOUND: 14;
  /** {@link ERR_NOT_A_SERVER} */
  ERR_NOT_A_SERVER: 15;
  /** {@link ERR_INTERNAL_API_ERROR} */
  ERR_INTERNAL_API_ERROR: 16;
  /** {@link ERR_INVALID_SIGNATURE} */
  ERR_INVALID_SIGNATURE: 17;
};
export default jstp;
