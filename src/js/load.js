// Compiles the module on first use: streamed from the file beside this one, or, where a bundler or a
// runtime has lost that file, from bytes in a chunk of their own.

import start from './jstp_wasm.js';

let loading = null;

/**
 * Loads the module, once; a failed attempt may be repeated. Without a source it finds its own; a
 * source is a URL, a Response, bytes, or a compiled WebAssembly.Module.
 */
export function init(source) {
  loading ??= load(source).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load(source) {
  if (source !== undefined && !isAddress(source)) {
    await start({ module_or_path: source });
    return;
  }
  if (source !== undefined) {
    await start({ module_or_path: await fetchModule(source) });
    return;
  }
  let response;
  try {
    response = await fetchModule(new URL('./jstp_wasm_bg.wasm', import.meta.url));
  } catch {
    const { default: bytes } = await import('./inline-bytes.js');
    response = bytes();
  }
  await start({ module_or_path: response });
}

function isAddress(source) {
  return typeof source === 'string' || source instanceof URL;
}

/** A response that is the module: some servers answer a page to any address. */
async function fetchModule(url) {
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`cannot load ${url}: the server answered ${response.status}`);
  }
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('application/wasm')) return response;
  // Not labelled, but perhaps the module all the same: its first four bytes tell.
  const bytes = await response.arrayBuffer();
  const magic = new Uint8Array(bytes, 0, Math.min(4, bytes.byteLength));
  if (String.fromCharCode(...magic) === '\0asm') return bytes;
  throw new Error(`cannot load ${url}: the server answered ${type || 'something else'}`);
}
