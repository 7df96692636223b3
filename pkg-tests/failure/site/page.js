// Stories with a module that fails when a message holds a certain word, or a call has it as a method.
import { ws } from '/pkg/index.js';

const WORD = 'trap-here';

const say = (error) =>
  [error.name, error.code, error.message].join(' ') + (error.cause ? ` (${error.cause.name})` : '');
const outcome = (promise) => promise.then((value) => `fine: ${value}`, say);
/** A callback, and what it was called with. */
function callback() {
  const heard = [];
  return { heard, call: (error) => heard.push(error ? say(error) : 'fine') };
}
const settled = () => new Promise((resolve) => setTimeout(resolve, 200));

const left = [];

window.fail = async (url) => {
  const events = [];
  const open = async (name) => {
    const connection = await ws.connect('fixture', null, url);
    connection.on('stateChange', (state, previous, { reason }) =>
      events.push(`${name}: ${previous} → ${state}, ${reason}`));
    connection.on('close', () => events.push(`${name}: close`));
    return connection;
  };
  const one = await open('one');
  const other = await open('other');
  left.push(one, other);
  one.on('error', (error) => events.push(`one: ${say(error)}`));
  const sockets = [one, other].map((connection) => connection.getTransport());

  const proxy = await one.inspectInterface('events');
  const loop = (async () => {
    let heard = 0;
    for await (const _ of proxy.events('tick')) heard++;
    return `ended after ${heard}`;
  })();
  await proxy.flood(2, null);

  const byCallback = callback();
  const ping = callback();
  const connecting = callback();
  ws.connect('fixture', { connectPolicy: () => {} }, url, connecting.call);
  // Once that one waits for its policy, nothing but its failure ends it.
  await settled();
  const call = outcome(one.callMethod('echo', 'never', []));
  other.callMethod('echo', 'never', [], byCallback.call);
  const fatal = outcome(one.callMethod('echo', 'one', [WORD]));
  const inspection = outcome(one.inspectInterface('calc'));
  one.ping(ping.call);

  const story = {
    call: await call,
    'call of the other, by callback': byCallback.heard,
    inspection: await inspection,
    ping: ping.heard,
    'a policy that never answers': connecting.heard,
    'the call that it failed on': await fatal,
    'a loop over events': await loop,
    events,
    states: [one.state, other.state],
  };
  await Promise.all(sockets.map(async (socket) => {
    while (socket.readyState !== WebSocket.CLOSED) await settled();
  }));
  return { ...story, transports: sockets.map((socket) => socket.readyState) };
};

window.useWhatIsLeft = async (url) => {
  const [one] = left;
  const byCallback = callback();
  const reconnecting = callback();
  one.callMethod('calc', 'add', [1, 2], byCallback.call);
  ws.reconnect(one, url, reconnecting.call);
  let emit;
  try {
    one.emitRemoteEvent('events', 'tick', []);
  } catch (error) {
    emit = say(error);
  }
  const story = {
    call: await outcome(one.callMethod('calc', 'add', [1, 2])),
    inspection: await outcome(one.inspectInterface('calc')),
    ping: await outcome(one.ping()),
    handshake: await outcome(one.handshake('fixture')),
    reconnect: await outcome(ws.reconnect(one, url)),
    emit,
    transport: one.getTransport(),
    session: one.session,
    stats: one.stats.pendingCalls,
    nothing: [one.close(), one.startHeartbeat(1000), one.stopHeartbeat(), one.forgetSession(), one.rtt].map(String),
  };
  await settled();
  return { ...story, callback: byCallback.heard, 'reconnect, by callback': reconnecting.heard };
};

window.afresh = async (url) => {
  const { connection, proxies } = await ws.connectAndInspect('fixture', null, ['calc'], url);
  const sum = await proxies.calc.add(1, 2);
  connection.close();
  const loads = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.wasm')).length;
  return { sum, loads };
};

window.failWithinCall = async (url) => {
  const connection = await ws.connect('fixture', null, url);
  let closes = 0;
  connection.on('close', () => closes++);
  const { heard, call } = callback();
  const waiting = outcome(connection.callMethod('echo', 'never', []));
  let thrown;
  try {
    connection.callMethod('echo', WORD, [], call);
  } catch (error) {
    thrown = say(error);
  }
  const story = { thrown, waiting: await waiting, callback: heard, state: connection.state };
  await settled();
  return { ...story, closes };
};
