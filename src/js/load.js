// Compiles the module on first use, and begins an instance of it: one for all who use the package.

import { instantiate } from './instance.js';

let compiled = null;
let running = null;

/**
 * Loads the module, once; a failed attempt may be repeated. A source is a URL, a Response, bytes, or a
 * compiled WebAssembly.Module; without one it is found as `begin` says.
 */
export function load(ways, source) {
  const loaded = begin(ways, source).then(() => undefined);
  // Whoever connects hears of it.
  loaded.catch(() => {});
  return loaded;
}

/**
 * The instance at work, or the first one after a failure. `ways` are those to the module: a function that has it
 * compiled and, where that may come to nothing, one that imports its bytes.
 */
export function begin(ways, source) {
  running ??= start(ways, source).catch((error) => {
    running = null;
    throw error;
  });
  return running;
}

async function start(ways, source) {
  compiled ??= await (source === undefined ? find(...ways) : compile(source));
  try {
    return await instantiate(compiled, () => {
      running = null;
    });
  } catch (error) {
    // It may be none of ours; and WebKit compiles what it then does not run.
    compiled = null;
    throw explained(error);
  }
}

async function find(compiledBy, importBytes) {
  try {
    return await compiledBy(compile);
  } catch (cause) {
    if (!importBytes) throw cause;
    const { default: bytes } = await importBytes().catch(() => {
      throw new Error(`${cause.message}. Serve jstp_wasm_bg.wasm there, pass it to init(), or import jstp-wasm/inline`, { cause });
    });
    return compile(bytes());
  }
}

function explained(cause, source = 'the WebAssembly module') {
  const isForbidden = /unsafe-eval|content security|\bCSP\b/i.test(cause.message);
  return new Error(
    isForbidden
      ? "the Content-Security-Policy of this page forbids WebAssembly: add 'wasm-unsafe-eval' to its script-src"
      : `cannot load ${source}: ${cause.message}`,
    { cause },
  );
}

/** A compiled module from whatever holds it. */
export async function compile(source) {
  if (source instanceof WebAssembly.Module) return source;
  const isAddress = typeof source === 'string' || source instanceof URL;
  try {
    const response = isAddress ? await fetch(source) : source;
    if (!(response instanceof Response)) return await WebAssembly.compile(response);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const type = response.headers.get('content-type') ?? '';
    if (type.startsWith('application/wasm')) return await WebAssembly.compileStreaming(response);
    // Not labelled, but perhaps the module all the same: its first four bytes tell. Some servers answer a
    // page to any address.
    const bytes = await response.arrayBuffer();
    const magic = new Uint8Array(bytes, 0, Math.min(4, bytes.byteLength));
    if (String.fromCharCode(...magic) === '\0asm') return await WebAssembly.compile(bytes);
    throw new Error(`the server answered ${type || 'something else'}`);
  } catch (error) {
    throw explained(error, isAddress ? source : undefined);
  }
}
