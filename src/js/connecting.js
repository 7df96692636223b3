// Connecting: one attempt, and what a page's `connect` is made of.

import { Application } from './application.js';
import { Connection } from './connection.js';
import { readConnect, takeCallback } from './options.js';
import { Waiter } from './waiter.js';

/** What could not be done over a connection that there is. */
export class Failure {
  constructor(error, connection) {
    this.error = error;
    this.connection = connection;
  }

  /** Whatever was thrown, as one. */
  static of(thrown) {
    return thrown instanceof Failure ? thrown : new Failure(thrown);
  }
}

/** The arguments of `connect` or `connectAndInspect`, the callback left out. */
export function read(args, inspect) {
  const rest = [...args];
  takeCallback(rest);
  const settings = readConnect(rest, inspect);
  settings.application ??= new Application('jstp', {});
  return settings;
}

/**
 * Tells the callback among the arguments, or the promise that is returned in its place, what becomes of
 * `connected`, which resolves to the connection and to what a callback gets with it.
 */
export function tell(args, connected) {
  const callback = takeCallback([...args]);
  const waiter = new Waiter(callback);
  connected.then(
    ([connection, more, inspected]) => {
      if (callback) waiter.done([connection, more]);
      else waiter.done([inspected ? { connection, proxies: more } : connection]);
    },
    (thrown) => {
      const { error, connection } = Failure.of(thrown);
      if (connection) waiter.failed(error, connection);
      else waiter.failed(error);
    },
  );
  return waiter.promise;
}

/** Connects for the first time, over a link that has just been made; `over` is called after the attempt. */
export async function connect(connection, link, settings, over) {
  const { session, interfaces } = settings;
  if (session) Connection.adopt(connection, session);
  const created = await first(connection, link, settings).finally(over);
  if (!interfaces) return [connection, created];
  try {
    // All at once; the answers come in any order.
    const inspected = await Promise.all(interfaces.map((name) => connection.inspectInterface(name)));
    // No prototype, so even `__proto__` is a name like any other.
    const proxies = Object.create(null);
    interfaces.forEach((name, index) => {
      proxies[name] = inspected[index];
    });
    return [connection, proxies, true];
  } catch (error) {
    throw new Failure(error, connection);
  }
}

async function first(connection, link, settings) {
  try {
    try {
      return await attempt(connection, link, settings);
    } catch (thrown) {
      const { error } = Failure.of(thrown);
      if (!settings.renewsAtFirst || !link.sessionRefused(connection, error)) throw thrown;
      return await attempt(connection, link, settings);
    }
  } catch (thrown) {
    // A policy may report an error over a connection that works; it is the page's then.
    if (link.state !== 'ready') link.close();
    throw thrown;
  }
}

/** Opens a transport and agrees on a session; resolves to what the policy gave as session. */
export async function attempt(connection, link, { app, policy }) {
  const opened = new Waiter();
  // It may come to nothing twice: the link throws, and the module fails.
  opened.promise.catch(() => {});
  link.open(opened);
  await opened.promise;
  const answered = new Waiter();
  // Throws what a server that speaks first has ended it with.
  link.agree(answered);
  const session = link.sessionId === undefined ? undefined : connection.session;
  const answer = (...values) => answered.done([values]);
  try {
    const returned = Reflect.apply(policy.connect, policy.policy, [app.given, connection, session, answer]);
    // An async function that rejects has failed, whatever became of its callback.
    if (returned instanceof Promise) returned.catch((error) => answer(error));
  } catch (thrown) {
    answer();
    link.dropTransport();
    throw new Failure(thrown, connection);
  }
  const [error, , created] = await answered.promise;
  if (!error) return created;
  if (link.state !== 'ready') link.dropTransport();
  throw new Failure(error, connection);
}
