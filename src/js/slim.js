// jstp-wasm/slim: the page says where the module is.

import clientOf from './client.js';

const client = clientOf(async () => {
  throw new Error('jstp-wasm/slim brings no module: call init(source) before the first connect');
});

export const { init, ws } = client;
export * from './client.js';
export { client as default };
