// jstp-wasm/inline: the module's bytes are in the JavaScript.

import * as shared from './client.js';
import bytes from './inline-bytes.js';

const client = shared.default(shared, (compile) => compile(bytes()));

export const { init, ws } = client;
export * from './client.js';
export { client as default };
