// What every place does with the package: connect, inspect, call, hear events.

/** Resolves to where the module came from: its `file`, or its copy in JavaScript, the `bytes`. */
export async function talk(ws, server, config) {
  let from = 'bytes';
  const { compileStreaming } = WebAssembly;
  WebAssembly.compileStreaming = async (...args) => {
    const module = await compileStreaming.apply(WebAssembly, args);
    from = 'file';
    return module;
  };
  const { connection, proxies } =
    await ws.connectAndInspect('fixture', null, ['calc', 'events'], config, server);
  const ticks = [];
  proxies.events.on('tick', (index) => ticks.push(index));
  await proxies.events.flood(3, null);
  const sum = await proxies.calc.add(1, 2);
  connection.close();
  if (sum !== 3 || String(ticks) !== '0,1,2') throw new Error(`1 + 2 is ${sum}, and ticks are ${ticks}`);
  return from;
}

const said = (error) => `error: ${error?.message ?? error}`;

/** In a worker of either kind: talks for whoever asks. */
export function answer(ws) {
  const listen = (port) => {
    port.onmessage = async ({ data }) => port.postMessage(await talk(ws, data).catch(said));
  };
  if ('onconnect' in globalThis) globalThis.onconnect = ({ ports: [port] }) => listen(port);
  else listen(globalThis);
}

/** Has a worker talk. */
export function ask(worker, server) {
  return new Promise((resolve, reject) => {
    const port = worker.port ?? worker;
    worker.onerror = (event) => reject(new Error(event.message ?? 'the worker does not start'));
    port.onmessage = ({ data }) => resolve(data);
    port.postMessage(server);
  });
}

/** Leaves what `run(server)` came to, place by place, where the driver looks. */
export async function report(run) {
  const server = new URLSearchParams(location.search).get('server');
  const results = {};
  for (const [place, talking] of Object.entries(run(server))) results[place] = await talking.catch(said);
  globalThis.results = results;
}
