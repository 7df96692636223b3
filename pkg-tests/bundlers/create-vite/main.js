import { ws } from 'jstp-wasm';

const server = new URLSearchParams(location.search).get('server');
const { connection, proxies } = await ws.connectAndInspect('fixture', null, ['calc', 'events'], server);
const { calc, events } = proxies;

events.on('tick', (index) => console.log(index));
document.querySelector('#app').textContent = `1 + 2 = ${await calc.add(1, 2)}`;
await events.flood(3, null);
connection.close();
