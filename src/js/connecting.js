// Connecting: one attempt, and what a page's `connect` is made of.

import { Application } from './application.js';
import { Connection } from './connection.js';
import { Line } from './line.js';
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

/**
 * What a page's `connect` or `connectAndInspect` is, with a link that has just been made: tells the callback
 * among the arguments, or the promise that is returned in its place.
 */
export function begin(link, args, inspect) {
  const rest = [...args];
  const callback = takeCallback(rest);
  const waiter = new Waiter(callback);
  connect(link, rest, inspect).then(
    ([connection, more, inspected]) => {
      if (callback) waiter.done([connection, more]);
      else waiter.done([inspected ? { connection, proxies: more } : connection]);
    },
    (thrown) => {
      const { error, connection } = Failure.of(thrown);
      waiter.failed(error, connection);
    },
  );
  return waiter.promise;
}

/** Resolves to the connection, to what a callback gets with it, and to whether that is what was inspected. */
async function connect(link, args, inspect) {
  const settings = readConnect(args, inspect);
  settings.application ??= new Application('jstp', {});
  const { session, interfaces } = settings;
  const line = new Line(link, settings);
  const connection = new Connection(line, settings);
  line.attach();
  if (session) line.resume(session);
  Connection.setFirst(connection, true);
  const created = await first(connection, line, settings).finally(() => Connection.setFirst(connection, false));
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

async function first(connection, line, settings) {
  try {
    try {
      return await attempt(connection, line, settings);
    } catch (thrown) {
      const { error } = Failure.of(thrown);
      if (!settings.renewsAtFirst || !line.reconnecting.sessionRefused(error)) throw thrown;
      const created = await attempt(connection, line, settings);
      line.reconnecting.renewed();
      return created;
    }
  } catch (thrown) {
    // A policy may report an error over a connection that works; it is the page's then.
    if (line.is.state !== 'ready') line.close();
    throw thrown;
  }
}

/** What a policy has failed with; a callback would take nothing for success. */
const reason = (thrown) => thrown || new Error(`the connect policy failed with ${thrown}`);

/** Opens a transport and agrees on a session; resolves to what the policy gave as session. */
export async function attempt(connection, line, { app, policy }) {
  const opened = new Waiter();
  // It may come to nothing twice: the line throws, and the module fails.
  opened.promise.catch(() => {});
  line.open(opened);
  await opened.promise;
  let answered;
  const outcome = new Promise((resolve) => {
    answered = new Waiter((...values) => resolve(values));
  });
  // Throws what a server that speaks first has ended it with.
  line.agree(answered);
  const answer = (...values) => answered.done([values]);
  try {
    const session = line.is.hasSession ? connection.session : undefined;
    const returned = Reflect.apply(policy.connect, policy.policy, [app.given, connection, session, answer]);
    // An async function that rejects has failed, whatever became of its callback.
    if (returned instanceof Promise) returned.catch((thrown) => answer(reason(thrown)));
  } catch (thrown) {
    answer();
    line.dropTransport();
    throw new Failure(reason(thrown), connection);
  }
  const [failure, values] = await outcome;
  // Over a connection that there is, or before.
  if (failure) throw new Failure(failure, values);
  const [error, , created] = values;
  if (!error) return created;
  if (line.is.state !== 'ready') line.dropTransport();
  throw new Failure(error, connection);
}
