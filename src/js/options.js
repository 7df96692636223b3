// Arguments and options as a page gives them, checked before anything is opened. In JavaScript, where
// asking values what they are takes a fifth of the code.

import { isRange } from './range.js';
import { Session } from './session.js';
import { SimpleConnectPolicy } from './simple-connect-policy.js';

/** As long as a timer can wait; so long is `Infinity`. */
const LONGEST = 2 ** 31 - 1;

/** Whole milliseconds, which is what the core counts: a part of one is one, not none. */
const whole = (millis) => Math.ceil(Math.min(millis, LONGEST));

const NAME = 'a string that is not empty';

const { isArray } = Array;
const isObject = (value) => typeof value === 'object' && value !== null;
const isFunction = (value) => typeof value === 'function';
const isText = (value) => typeof value === 'string';
const isName = (value) => isText(value) && value !== '';
const isRecord = (value) => isObject(value) && !isArray(value);
const never = () => false;

/** A value in a few words: what it is, not all it holds. */
function describe(value) {
  if (value === null || value === undefined) return String(value);
  if (isArray(value)) return 'an array';
  if (isText(value)) return `'${value.slice(0, 40)}'`;
  return isObject(value) ? 'an object' : `a ${typeof value}`;
}

/** What something was thrown for. */
export function why(thrown) {
  return thrown instanceof Error ? thrown.message : describe(thrown);
}

/** The value, if it is what is wanted. */
function required(value, is, what, wanted) {
  if (!is(value)) throw new TypeError(`${what} must be ${wanted}, got ${describe(value)}`);
  return value;
}

/** Likewise, or undefined if it has been left out. */
function optional(value, is, what, wanted) {
  return value === undefined || value === null ? undefined : required(value, is, what, wanted);
}

/** The members of an object that an error calls `name`, each read when it is asked for. */
class Members {
  #object;
  #name;

  constructor(object, name) {
    this.#object = object;
    this.#name = name;
  }

  optional(key, is, wanted) {
    return optional(this.#object[key], is, `${this.#name}.${key}`, wanted);
  }

  flag(key, usual = false) {
    const { [key]: value = usual } = this.#object;
    return required(value, (flag) => typeof flag === 'boolean', `${this.#name}.${key}`, 'a boolean');
  }

  number(key, least, unit = '') {
    const value = this.#object[key];
    if (value === undefined) return value;
    const what = `${this.#name}.${key}`;
    required(value, (number) => typeof number === 'number', what, 'a number');
    if (Number.isNaN(value)) throw new RangeError(`${what} must not be NaN`);
    if (value < least) throw new RangeError(`${what} must be ${unit}at least ${least}`);
    return value;
  }

  /** A time in milliseconds. */
  millis(key) {
    const millis = this.number(key, 0, 'a number of milliseconds, ');
    return millis && whole(millis);
  }
}

/** A callback that may be left out. */
export function readCallback(value) {
  return optional(value, isFunction, 'callback', 'a function');
}

/** Takes the callback off the arguments: the last one, if it is a function. */
export function takeCallback(args) {
  return isFunction(args.at(-1)) ? args.pop() : undefined;
}

/** A name that a message carries. */
export function readName(value, what) {
  return required(value, isText, what, 'a string');
}

/** The arguments of a call or an event. */
export function readArgs(value) {
  return required(value, isArray, 'args', 'an array');
}

/** An interval that is an argument of its own. */
export function readInterval(value) {
  required(value, (number) => typeof number === 'number', 'interval', 'a number');
  if (!(value > 0)) throw new RangeError('interval must be a number of milliseconds above 0');
  return whole(value);
}

/** Options that may be left out; what is in them is read where it is needed. */
export function readOptions(value) {
  return optional(value, isObject, 'options', 'an object') ?? {};
}

export function readSignal(options) {
  const isSignal = (value) => isObject(value) && 'aborted' in value && 'addEventListener' in value;
  return new Members(options, 'options').optional('signal', isSignal, 'an AbortSignal');
}

/** Reads what stands last in a call: a callback, options, or nothing. */
export function readCall(last) {
  if (!isObject(last)) return { callback: readCallback(last) };
  const members = new Members(last, 'options');
  return { signal: readSignal(last), timeout: members.millis('timeout'), resend: members.flag('resend') };
}

/** Reads `'name'`, `'name@range'` or `{ name, version }`. */
export function readApp(given) {
  const app = appOf(given);
  if (app.range !== undefined && !isRange(app.range)) {
    throw new Error(`Invalid semver version range: app asks for '${app.range}'`);
  }
  return app;
}

function appOf(given) {
  if (isText(given)) {
    if (given === '') throw new TypeError('app: the application name is empty');
    const at = given.lastIndexOf('@');
    // An `@` at the start belongs to the name: `@scope/app` (Q28).
    if (at < 1) return { given, name: given };
    return { given, name: given.slice(0, at), range: given.slice(at + 1) || undefined };
  }
  const { name, version } = required(given, isObject, 'app', 'a string or { name, version }');
  return {
    given,
    name: required(name, isName, 'app.name', NAME),
    range: optional(version, isText, 'app.version', 'a string') || undefined,
  };
}

/** Reads who a handshake is for: a strategy with its credentials, or a session to go on with. */
export function readAuth(login, password, sessionId) {
  if (isText(login)) {
    // An empty password is a password (Q29).
    const secret = optional(password, isText, 'password', 'a string') ?? '';
    return { strategy: 'login', credentials: [login, secret], username: login };
  }
  if (login === undefined || login === null) return {};
  if (isObject(login)) {
    if (login.id !== undefined && login.id === sessionId) return { resume: true };
    if (Session.is(login)) return { session: login };
    const { strategy, credentials } = login;
    if (isText(strategy)) return { strategy, credentials };
  }
  return required(login, never, 'login', "a user's name, a Session, or { strategy, credentials }");
}

/** Reads `(app, client, [interfaces,] [webSocketConfig,] requestUrl)`; the callback has been taken off. */
export function readConnect(args, withInterfaces) {
  const [given, client, ...rest] = args;
  const app = readApp(given);
  const settings = readClient(client);
  const interfaces = withInterfaces ? readInterfaces(rest.shift()) : undefined;
  return { ...settings, app, interfaces, transport: readTransport(rest) };
}

function readInterfaces(given) {
  required(given, isArray, 'interfaces', 'an array of interface names');
  return Array.from(given, (name, index) => required(name, isName, `interfaces[${index}]`, NAME));
}

function readClient(given) {
  const client = given ?? {};
  const members = new Members(required(client, isRecord, 'client', 'an object, null or undefined'), 'client');
  const isApplication = (value) =>
    isObject(value) && ['callMethod', 'getMethods', 'handleEvent'].every((name) => isFunction(value[name]));
  const application = members.optional('application', isApplication, 'an Application');
  const policy = readPolicy(client.connectPolicy ?? new SimpleConnectPolicy());
  const callTimeout = members.millis('callTimeout');
  const limits = ['handshakeTimeout', 'resumeCheck', 'inDoubtTimeout', 'heartbeatTimeout', 'heartbeatInterval']
    .map((key) => members.millis(key));
  // As upstream: zero is no heartbeat.
  limits[4] ||= undefined;
  const buffer = new Members(members.optional('bufferLimit', isObject, 'an object') ?? {}, 'client.bufferLimit');
  limits.push(buffer.number('messages', 1), buffer.number('bytes', 1));
  const reconnector = members.optional('reconnector', isFunction, 'a function');
  const { onSessionLost } = client;
  if (onSessionLost !== undefined) {
    required(onSessionLost, (value) => value === 'renew' || value === 'stop', 'client.onSessionLost', "'renew' or 'stop'");
  }
  const logger = members.optional('logger', (value) => isFunction(value.emit), 'an emitter');
  const session = members.optional('session', Session.is, 'an extensible Session');
  return {
    client: given ?? null,
    application,
    policy,
    callTimeout,
    reconnector,
    session,
    renews: onSessionLost !== 'stop',
    // On the first connect only for a page that asks for it.
    renewsAtFirst: onSessionLost === 'renew',
    logs: logger !== undefined,
    /** By the numbers that src/settings.rs has for them, from 0 on. */
    limits,
  };
}

/** What is called to agree on a session, and on what. */
function readPolicy(policy) {
  if (isFunction(policy)) return { connect: policy };
  const connect = isObject(policy) && policy.connect;
  required(policy, () => isFunction(connect), 'client.connectPolicy', 'a function or an object with a method `connect`');
  return { connect, policy };
}

/**
 * Reads `[webSocketConfig,] requestUrl` and what may follow: a string or URL in the place of the
 * configuration means the short form.
 */
export function readTransport(args) {
  const [first, second] = args;
  const short = urlText(first);
  if (short !== undefined) {
    nothingMore(args.slice(1));
    return transportOf(undefined, short, [first]);
  }
  const url = urlText(second);
  if (url === undefined) {
    // What stands first is the URL, or the configuration before it.
    const before = isObject(first) || first === undefined || first === null;
    required(before ? second : first, never, 'requestUrl', 'a string or a URL');
  }
  // Upstream's long form goes on with origin, headers and request options, on which a browser has no say.
  nothingMore(args.slice(5));
  return transportOf(first, url, [first, second]);
}

function transportOf(given, address, args) {
  const url = checkUrl(address);
  const name = 'webSocketConfig';
  const members = new Members(required(given ?? {}, isRecord, name, 'an object'), name);
  const transport = {
    given: args,
    url,
    construct: members.optional('WebSocket', isFunction, 'a constructor'),
    allowNonFinite: members.flag('allowNonFinite'),
    honourToMDSF: members.flag('honourToMDSF'),
    batch: members.flag('batch', true),
    /** Those that follow the client's. The usual ones are the core's too, but an earlier attempt may have had others. */
    limits: [
      members.millis('connectTimeout') ?? 10_000,
      members.millis('closeTimeout') ?? 5000,
      members.number('maxReceivedMessageSize', 1, 'a number of bytes, ') ?? 2 ** 23,
    ],
  };
  if (!transport.construct && !isFunction(globalThis.WebSocket)) {
    throw new Error(
      'there is no WebSocket here: pass a constructor as webSocketConfig.WebSocket, '
        + 'for example the default export of the package `ws`; Node.js has its own from 22 on',
    );
  }
  return transport;
}

function nothingMore(args) {
  for (const extra of args) optional(extra, never, 'callback', 'a function');
}

/** The text of a string or of a URL object. */
function urlText(value) {
  if (isText(value)) return value;
  const href = isObject(value) ? value.href : undefined;
  return isText(href) ? href : undefined;
}

/** The URL in full, if a WebSocket can be opened there. */
function checkUrl(text) {
  let url;
  try {
    url = new URL(text, globalThis.location?.href);
  } catch {
    throw new TypeError(`requestUrl '${text}' is not a URL`);
  }
  const { protocol } = url;
  if (/^https?:$/.test(protocol)) url.protocol = protocol.replace('http', 'ws');
  else if (!/^wss?:$/.test(protocol)) {
    throw new TypeError(`requestUrl '${text}' must begin with ws: or wss:, not ${protocol}`);
  }
  if (url.hash !== '') throw new TypeError(`requestUrl '${text}' must not have a fragment`);
  return url.href;
}
