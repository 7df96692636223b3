// Upstream's codec as its browser bundle has it: `mdsf`'s own build for browsers, the fallback parser.

const FOLDER = '/mdsf/dist/';

/** Loads the CommonJS modules with just what they ask of their surroundings. */
export async function loadUpstream() {
  const sources = new Map();
  for (const name of ['serde-fallback.js', 'stringify.js']) {
    const response = await fetch(FOLDER + name);
    if (!response.ok) throw new Error(`${name}: HTTP ${response.status}`);
    sources.set(name, await response.text());
  }
  // As in the package `buffer`, which upstream's bundle brings along.
  const Buffer = { isBuffer: (value) => value != null && value._isBuffer === true };
  const load = (name) => {
    const module = { exports: {} };
    const require = (path) => load(`${path.slice('./'.length)}.js`);
    new Function('module', 'exports', 'require', 'Buffer', sources.get(name))(
      module, module.exports, require, Buffer);
    return module.exports;
  };
  return load('serde-fallback.js');
}
