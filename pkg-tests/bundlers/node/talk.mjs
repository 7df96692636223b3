// Where there is no page: says on standard output what the page would leave.
import { ws } from 'jstp-wasm';
import { talk } from './src/talk.js';

const [server, needsWebSocket] = process.argv.slice(2);
let config;
if (needsWebSocket) {
  // Without one it says what is missing.
  const error = await talk(ws, server).catch((failure) => failure);
  if (!/webSocketConfig\.WebSocket.*`ws`/.test(error.message)) throw new Error(`it said ${error.message ?? error}`);
  const { WebSocket } = await import('ws');
  config = { WebSocket };
}
console.log(JSON.stringify({ page: await talk(ws, server, config) }));
