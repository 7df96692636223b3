// Upstream's Node client, with promises in place of callbacks.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Loads a package whose `mdsf` complains on the console that its native add-on is not built. */
function requireQuietly(name) {
  const { warn } = console;
  console.warn = () => {};
  try {
    return require(name);
  } finally {
    console.warn = warn;
  }
}

export const jstp = requireQuietly('@metarhia/jstp');

/** Without reconnection, so that a test decides itself when a connection is over. */
const once = (client = {}) => ({ reconnector: () => {}, ...client });

const WAIT_MS = 10_000;

/** A callback as a promise, which does not wait for ever. */
function settle(start) {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`no answer within ${WAIT_MS} ms`));
    const timer = setTimeout(late, WAIT_MS);
    start((error, ...results) => {
      clearTimeout(timer);
      if (!error) resolve(results);
      else if (error instanceof Error) reject(Object.assign(error, { connection: results[0] }));
      else reject(error);
    });
  });
}

/** `ws.connect`; resolves to the connection, rejects with the error a callback would get. */
export async function connect(url, app, client, config = {}) {
  const [connection] = await settle((done) => jstp.ws.connect(app, once(client), config, url, done));
  return quiet(connection);
}

/** `ws.connectAndInspect`; resolves to `{ connection, proxies }`. */
export async function connectAndInspect(url, app, interfaces, client) {
  const [connection, proxies] = await settle((done) =>
    jstp.ws.connectAndInspect(app, once(client), interfaces, {}, url, done),
  );
  return { connection: quiet(connection), proxies };
}

/** An `error` event nobody hears would be thrown (Q59). */
function quiet(connection) {
  connection.on('error', () => {});
  return connection;
}

/** Calls a method; resolves to the array of its results. */
export const call = (connection, iface, method, ...args) =>
  settle((done) => connection.callMethod(iface, method, args, done));

/** Calls a method through a proxy; resolves to the array of its results. */
export const callProxy = (proxy, method, ...args) =>
  settle((done) => proxy[method](...args, done));

/** Inspects an interface; resolves to its proxy. */
export const inspect = async (connection, iface) =>
  (await settle((done) => connection.inspectInterface(iface, done)))[0];

/** Resolves when the pong has arrived. */
export const ping = (connection) => settle((done) => connection.ping(done));

/** Closes the connection and resolves when its transport has closed. */
export function close(connection) {
  return new Promise((resolve) => {
    connection.once('close', resolve);
    connection.close();
  });
}
