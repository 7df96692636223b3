// A service worker may not import later on, so the bytes come at once.
import { ws } from '/node_modules/jstp-wasm/inline.js';
import { talk } from './src/talk.js';

globalThis.onmessage = (event) => {
  const talking = talk(ws, event.data).catch((error) => `error: ${error.message}`);
  event.waitUntil(talking.then((result) => event.ports[0].postMessage(result)));
};
