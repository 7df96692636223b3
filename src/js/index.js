// jstp-wasm: streams the module from the file beside this one or, where a bundler or a runtime has lost
// that file, has it from bytes in a chunk of their own.

import clientOf from './client.js';

const client = clientOf(async (compile) => {
  let cause;
  try {
    return await compile(new URL('./jstp_wasm_bg.wasm', import.meta.url));
  } catch (error) {
    cause = error;
  }
  const { default: bytes } = await import('./inline-bytes.js').catch(() => {
    throw new Error(`${cause.message}. Serve jstp_wasm_bg.wasm there, pass it to init(), or import jstp-wasm/inline`, { cause });
  });
  return compile(bytes());
});

export const { init, ws } = client;
export * from './client.js';
export default client;
