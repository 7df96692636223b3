// Compiles the module on first use, and begins an instance of it: one for all who use the package.

import { instantiate } from './instance.js';

let compiled = null;
let running = null;
let loaded = null;

/**
 * Loads the module, once; a failed attempt may be repeated. A source is a URL, a Response, bytes, or a
 * compiled WebAssembly.Module; without one `find` gets it.
 */
export function load(find, source) {
  begin(find, source);
  return loaded;
}

/** The instance at work, or the first one after a failure. */
export function begin(find, source) {
  if (!running) {
    running = start(find, source).catch((error) => {
      running = null;
      throw error;
    });
    loaded = running.then(() => undefined);
    // Whoever asked for the instance hears of it.
    loaded.catch(() => {});
  }
  return running;
}

async function start(find, source) {
  compiled ??= await (source === undefined ? find(compile) : compile(source));
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
