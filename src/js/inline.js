// jstp-wasm/inline: the module's bytes are in the JavaScript.

import clientOf from './client.js';
import bytes from './inline-bytes.js';

const client = clientOf((compile) => compile(bytes()));

export const { init, ws } = client;
export * from './client.js';
export { client as default };
