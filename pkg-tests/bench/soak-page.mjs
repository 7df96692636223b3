// Runs in the page: many calls and events over one connection, and many connections one after another.

// What the module is made of is no page's business otherwise, so it is caught as it is made.
const made = [];
for (const name of ['instantiate', 'instantiateStreaming']) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (...args) => {
    const result = await original.apply(WebAssembly, args);
    made.push((result.instance ?? result).exports);
    return result;
  };
}
const { Connection, RemoteProxy, Session, ws } = await import('/pkg/index.js');

/** What nothing may be left of once the connections are closed. */
export const classes = { Connection, RemoteProxy, Session, WebSocket };

/** So many are under way at a time: enough to keep both ends busy, and far below the buffer's limit. */
const BATCH = 500;

let connection;

/** Bytes of linear memory, and places for JavaScript values in the module's tables. */
export function wasm() {
  const all = made.flatMap(Object.values);
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
  return {
    memory: sum(all.filter((one) => one instanceof WebAssembly.Memory).map((one) => one.buffer.byteLength)),
    places: sum(all.filter((one) => one instanceof WebAssembly.Table).map((one) => one.length)),
  };
}

export async function open(url) {
  connection = await ws.connect('fixture', null, url);
}

/** Closes and says what is left of the connection's work. */
export async function close() {
  const { pendingCalls } = connection.stats;
  const closed = new Promise((resolve) => connection.once('close', () => resolve()));
  connection.close();
  await closed;
  connection = undefined;
  return pendingCalls;
}

/** Makes calls with numbers from `first` on; each answer is the number it asked for. */
export async function calls(first, count) {
  for (let done = 0; done < count; done += BATCH) {
    const numbers = range(first + done, Math.min(BATCH, count - done));
    const answers = await Promise.all(
      numbers.map((number) => connection.callMethod('echo', 'one', [number])),
    );
    numbers.forEach((number, index) => {
      if (answers[index] !== number) throw new Error(`call ${number} was answered with ${answers[index]}`);
    });
  }
}

/** Emits events; the server answers each with one of its own, once and in order. */
export async function events(first, count) {
  const proxy = await connection.inspectInterface('events');
  let expected = first;
  let reached = first;
  let settle;
  const heard = (name, [number]) => {
    if (number !== expected) settle.reject(new Error(`event ${number} came in the place of ${expected}`));
    expected += 1;
    if (expected === reached) settle.resolve();
  };
  proxy.on('got', heard);
  for (let done = 0; done < count; done += BATCH) {
    const numbers = range(first + done, Math.min(BATCH, count - done));
    reached += numbers.length;
    const all = new Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    for (const number of numbers) connection.emitRemoteEvent('events', 'soak', [number]);
    await all;
  }
  proxy.off('got', heard);
}

/** Connects, calls and closes, so many times. */
export async function connects(first, count, url) {
  for (const number of range(first, count)) {
    const one = await ws.connect('fixture', { heartbeatInterval: 60_000 }, url);
    const closed = new Promise((resolve) => one.once('close', resolve));
    const answer = await one.callMethod('echo', 'one', [number]);
    if (answer !== number) throw new Error(`call ${number} was answered with ${answer}`);
    one.close();
    await closed;
    if (one.state !== 'closed') throw new Error(`connection ${number} is ${one.state} after its close`);
  }
}

const range = (first, count) => Array.from({ length: count }, (_, index) => first + index);
