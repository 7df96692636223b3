// Arguments and options as a page gives them, checked before anything is opened. In JavaScript, where
// asking values what they are takes a fifth of the code.

import { isRange } from './range.js';
import { Session } from './session.js';
import { SimpleConnectPolicy } from './simple-connect-policy.js';

/** As long as a timer can wait. */
const LONGEST = 2 ** 31 - 1;

const isObject = (value) => typeof value === 'object' && value !== null;

/** A value in a few words: what it is, not all it holds. */
function describe(value) {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'string') return `'${value.slice(0, 40)}'`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** What something was thrown for. */
export function why(thrown) {
  return thrown instanceof Error ? thrown.message : describe(thrown);
}

function wrongType(what, wanted, got) {
  return new TypeError(`${what} must be ${wanted}, got ${describe(got)}`);
}

/** The value, if it is what is wanted or has been left out. */
function optional(value, is, what, wanted) {
  if (value === undefined || value === null) return undefined;
  if (!is(value)) throw wrongType(what, wanted, value);
  return value;
}

const isFunction = (value) => typeof value === 'function';

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
  if (typeof value !== 'string') throw wrongType(what, 'a string', value);
  return value;
}

/** The arguments of a call or an event. */
export function readArgs(value) {
  if (!Array.isArray(value)) throw wrongType('args', 'an array', value);
  return value;
}

function readFlag(object, name, key, usual = false) {
  const { [key]: value = usual } = object;
  if (typeof value !== 'boolean') throw wrongType(`${name}.${key}`, 'a boolean', value);
  return value;
}

function readNumber(object, name, key) {
  const value = object[key];
  if (value !== undefined && typeof value !== 'number') throw wrongType(`${name}.${key}`, 'a number', value);
  if (Number.isNaN(value)) throw new RangeError(`${name}.${key} must not be NaN`);
  return value;
}

/** A time in milliseconds; `Infinity` means as long as a timer can wait. */
function readMillis(object, name, key) {
  const millis = readNumber(object, name, key);
  if (millis < 0) throw new RangeError(`${name}.${key} must be a number of milliseconds, at least 0`);
  return millis && Math.min(millis, LONGEST);
}

/** An interval that is an argument of its own. */
export function readInterval(value) {
  if (typeof value !== 'number') throw wrongType('interval', 'a number', value);
  if (!(value > 0)) throw new RangeError('interval must be a number of milliseconds above 0');
  return Math.ceil(Math.min(value, LONGEST));
}

/** Options that may be left out; what is in them is read where it is needed. */
export function readOptions(value) {
  return optional(value, isObject, 'options', 'an object') ?? {};
}

export function readSignal(options) {
  const isSignal = (value) => isObject(value) && 'aborted' in value && 'addEventListener' in value;
  return optional(options.signal, isSignal, 'options.signal', 'an AbortSignal');
}

/** Reads what stands last in a call: a callback, options, or nothing. */
export function readCall(last) {
  if (!isObject(last)) return { callback: readCallback(last) };
  return {
    signal: readSignal(last),
    timeout: readMillis(last, 'options', 'timeout'),
    resend: readFlag(last, 'options', 'resend'),
  };
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
  if (typeof given === 'string') {
    if (given === '') throw new TypeError('app: the application name is empty');
    const at = given.lastIndexOf('@');
    // An `@` at the start belongs to the name: `@scope/app` (Q28).
    if (at < 1) return { given, name: given };
    return { given, name: given.slice(0, at), range: given.slice(at + 1) || undefined };
  }
  if (!isObject(given)) throw wrongType('app', 'a string or { name, version }', given);
  const { name, version } = given;
  if (typeof name !== 'string' || name === '') throw wrongType('app.name', 'a string that is not empty', name);
  const isText = (value) => typeof value === 'string';
  return { given, name, range: optional(version, isText, 'app.version', 'a string') || undefined };
}

/** Reads who a handshake is for: a strategy with its credentials, or a session to go on with. */
export function readAuth(login, password, sessionId) {
  if (typeof login === 'string') {
    const isText = (value) => typeof value === 'string';
    // An empty password is a password (Q29).
    const secret = optional(password, isText, 'password', 'a string') ?? '';
    return { strategy: 'login', credentials: [login, secret], username: login };
  }
  if (login === undefined || login === null) return {};
  if (isObject(login)) {
    if (login.id !== undefined && login.id === sessionId) return { resume: true };
    if (Session.is(login)) return { session: login };
    const { strategy, credentials } = login;
    if (typeof strategy === 'string') return { strategy, credentials };
  }
  throw wrongType('login', "a user's name, a Session, or { strategy, credentials }", login);
}

/** Reads `(app, client, [interfaces,] [webSocketConfig,] requestUrl)`; the callback has been taken off. */
export function readConnect(args, withInterfaces) {
  const [given, client, ...rest] = args;
  const app = readApp(given);
  const settings = readClient(client);
  const interfaces = withInterfaces ? readInterfaces(rest.shift()) : undefined;
  const transport = readTransport(rest);
  return { ...settings, app, interfaces, transport, limits: limitsOf(settings.limits, transport.limits) };
}

/** Limits and times by the numbers that src/settings.rs has for them; those that have been left out are undefined. */
function limitsOf(client, { connectTimeout, closeTimeout, maxReceivedMessageSize }) {
  const { handshakeTimeout, resumeCheck, inDoubtTimeout, heartbeatInterval, heartbeatTimeout, messages, bytes } = client;
  return [
    handshakeTimeout, resumeCheck, inDoubtTimeout, connectTimeout, closeTimeout, heartbeatInterval, heartbeatTimeout,
    messages, bytes, maxReceivedMessageSize,
  ];
}

function readInterfaces(given) {
  if (!Array.isArray(given)) throw wrongType('interfaces', 'an array of interface names', given);
  return Array.from(given, (name, index) => {
    if (typeof name === 'string' && name !== '') return name;
    throw wrongType(`interfaces[${index}]`, 'a string that is not empty', name);
  });
}

function readClient(given) {
  const client = given ?? {};
  if (!isObject(client) || Array.isArray(client)) throw wrongType('client', 'an object, null or undefined', given);
  const isApplication = (value) =>
    isObject(value) && ['callMethod', 'getMethods', 'handleEvent'].every((name) => isFunction(value[name]));
  const application = optional(client.application, isApplication, 'client.application', 'an Application');
  const policy = readPolicy(client.connectPolicy ?? new SimpleConnectPolicy());
  const millis = (key) => readMillis(client, 'client', key);
  const handshakeTimeout = millis('handshakeTimeout');
  const callTimeout = millis('callTimeout');
  // As upstream: zero is no heartbeat.
  const heartbeatInterval = millis('heartbeatInterval') || undefined;
  const heartbeatTimeout = millis('heartbeatTimeout');
  const resumeCheck = millis('resumeCheck');
  const inDoubtTimeout = millis('inDoubtTimeout');
  const [messages, bytes] = readBufferLimit(client.bufferLimit);
  const reconnector = optional(client.reconnector, isFunction, 'client.reconnector', 'a function');
  const { onSessionLost } = client;
  if (onSessionLost !== undefined && onSessionLost !== 'renew' && onSessionLost !== 'stop') {
    throw wrongType('client.onSessionLost', "'renew' or 'stop'", onSessionLost);
  }
  const logger = optional(client.logger, (value) => isFunction(value.emit), 'client.logger', 'an emitter');
  const session = optional(client.session, Session.is, 'client.session', 'a Session');
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
    // Those of the transport come in between; see `limitsOf`.
    limits: { handshakeTimeout, resumeCheck, inDoubtTimeout, messages, bytes, heartbeatInterval, heartbeatTimeout },
  };
}

/** Reads `{ messages, bytes }`, either of which may be left out, as an array. */
function readBufferLimit(limit) {
  if (limit === undefined || limit === null) return [];
  if (!isObject(limit)) throw wrongType('client.bufferLimit', 'an object', limit);
  const read = (key) => {
    const count = readNumber(limit, 'client.bufferLimit', key);
    if (count < 1) throw new RangeError(`client.bufferLimit.${key} must be at least 1`);
    return count;
  };
  return [read('messages'), read('bytes')];
}

/** What is called to agree on a session, and on what. */
function readPolicy(policy) {
  if (isFunction(policy)) return { connect: policy };
  const connect = isObject(policy) && policy.connect;
  if (isFunction(connect)) return { connect, policy };
  throw wrongType('client.connectPolicy', 'a function or an object with a method `connect`', policy);
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
    throw wrongType('requestUrl', 'a string or a URL', before ? second : first);
  }
  // Upstream's long form goes on with origin, headers and request options, on which a browser has no say.
  nothingMore(args.slice(5));
  return transportOf(first, url, [first, second]);
}

function transportOf(given, address, args) {
  const url = checkUrl(address);
  const config = given ?? {};
  const name = 'webSocketConfig';
  if (!isObject(config) || Array.isArray(config)) throw wrongType(name, 'an object', given);
  const transport = {
    given: args,
    url,
    construct: optional(config.WebSocket, isFunction, `${name}.WebSocket`, 'a constructor'),
    allowNonFinite: readFlag(config, name, 'allowNonFinite'),
    honourToMDSF: readFlag(config, name, 'honourToMDSF'),
    batch: readFlag(config, name, 'batch', true),
    limits: {
      connectTimeout: readMillis(config, name, 'connectTimeout'),
      closeTimeout: readMillis(config, name, 'closeTimeout'),
      maxReceivedMessageSize: readNumber(config, name, 'maxReceivedMessageSize'),
    },
  };
  if (transport.limits.maxReceivedMessageSize < 1) {
    throw new RangeError(`${name}.maxReceivedMessageSize must be a number of bytes, at least 1`);
  }
  if (!transport.construct && !isFunction(globalThis.WebSocket)) {
    throw new Error(
      'there is no WebSocket here: pass a constructor as webSocketConfig.WebSocket, '
        + 'for example the default export of the package `ws`; Node.js has its own from 22 on',
    );
  }
  return transport;
}

function nothingMore(args) {
  for (const extra of args) readNothing(extra);
}

function readNothing(extra) {
  optional(extra, () => false, 'callback', 'a function');
}

/** The text of a string or of a URL object. */
function urlText(value) {
  if (typeof value === 'string') return value;
  const href = isObject(value) ? value.href : undefined;
  return typeof href === 'string' ? href : undefined;
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
