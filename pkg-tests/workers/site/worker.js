// A module worker that connects for the page: it is told a server's URL and says what it learned.
import { ws } from '/pkg/index.js';

async function learn(url) {
  const { connection, proxies } = await ws.connectAndInspect('fixture', null, ['calc', 'events'], url);
  const ticks = [];
  proxies.events.on('tick', (index) => ticks.push(index));
  const flooded = await proxies.events.flood(3, null);
  const sum = await proxies.calc.add(1, 2);
  connection.close();
  return { scope: globalThis.constructor.name, sum, flooded, ticks };
}

const answer = (port) => async ({ data }) => {
  port.postMessage(await learn(data).catch((error) => ({ error: String(error) })));
};

if ('onconnect' in globalThis) {
  globalThis.onconnect = ({ ports: [port] }) => {
    port.onmessage = answer(port);
  };
} else {
  globalThis.onmessage = answer(globalThis);
}
