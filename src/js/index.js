// jstp-wasm: streams the module from the file beside this one or, where a bundler or a runtime has lost
// that file, has it from bytes in a chunk of their own.

import clientOf from './client.js';

const client = clientOf(
  (compile) => compile(new URL('./jstp_wasm_bg.wasm', import.meta.url)),
  () => import('./inline-bytes.js'),
);

export const { init, ws } = client;
export * from './client.js';
export { client as default };
