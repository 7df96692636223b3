// Loads the JSTP library that the page's address asks for: this project's, or upstream's.

const LIBRARIES = {
  'jstp-wasm': async () => (await import('./pkg/index.js')).default,
  upstream: async () => {
    await runScript('./upstream/jstp.umd.js');
    return globalThis.api.jstp;
  },
};

const NAMES = { 'jstp-wasm': 'jstp-wasm', upstream: '@metarhia/jstp' };

/**
 * The library `?library=` names, how people call it, whether it goes on by itself when the line breaks,
 * and the address of this page with the other.
 */
export function chooseLibrary(address) {
  const page = new URL(address);
  const chosen = page.searchParams.get('library') === 'upstream' ? 'upstream' : 'jstp-wasm';
  const other = chosen === 'upstream' ? 'jstp-wasm' : 'upstream';
  page.searchParams.set('library', other);
  return {
    name: NAMES[chosen],
    load: LIBRARIES[chosen],
    resumes: chosen === 'jstp-wasm',
    other: NAMES[other],
    otherPage: page.href,
  };
}

/** Upstream's bundle is no module: it leaves what it exports in `globalThis.api`. */
function runScript(source) {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = source;
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${script.src} could not be loaded`));
    document.head.append(script);
  });
}
