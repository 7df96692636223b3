// wasm-bindgen's glue, as the package has it: without what this package does not need, and as a function. The
// glue is not ours, so that whatever is there in another shape than it used to be is an error.

/**
 * What is left out, by what it is there for: a text that is in the glue if it is, and what is replaced by what. With
 * none of the first in the glue, there is nothing to leave out.
 */
const PIECES = [
  // line.js has one without asking.
  ['engines without FinalizationRegistry', "typeof FinalizationRegistry === 'undefined'", [[
    /\(typeof FinalizationRegistry === 'undefined'\)\s+\? \{ register: \(\) => \{\}, unregister: \(\) => \{\} \}\s+: /g, '',
  ]]],
  ['freeing a link by hand', '__destroy_into_raw', [
    [/ {4}__destroy_into_raw\(\) \{\n[^]*?\n {4}\}\n {4}free\(\) \{\n[^]*?\n {4}\}\n/g, ''],
    [/^if \(Symbol\.dispose\) .*\n/gm, ''],
    [/Finalization\.register\(obj, obj\.__wbg_ptr, obj\)/g, 'Finalization.register(obj, ptr)'],
  ]],
  ['a decoder of its own', 'function decodeText(', [[
    /^let cachedTextDecoder = [^]*?\nfunction decodeText\(bytes\) \{\n[^]*?\n\}\n/gm, '',
  ]]],
  ['objects without a prototype', '__proto__', [[/^ +__proto__: null,\n/gm, '']]],
  ['functions that could have a `this`', '        const ret = ', [
    [/: function(\([^()]*\)) \{\n/g, ': $1 => {\n'],
  ]],
];

/**
 * The glue as a function whose every call makes what one instance of the module needs. Whatever a failed
 * instance left behind, such as a timer, then never reaches the next. How an instance is loaded is ours, and so
 * is how texts are decoded.
 */
export function packedGlue(glue) {
  const imports = /^import .*$/gm;
  const names = [...glue.matchAll(/^export (?:class|function) (\w+)/gm)].map(([, name]) => name);
  const loading = glue.indexOf('\nlet wasmModule, wasmInstance, wasm;');
  if (loading < 0 || !/^export \{ initSync, __wbg_init as default \};$/m.test(glue)) {
    throw new Error('the glue does not load the module as it used to');
  }
  const body = trimmed(glue.slice(0, loading)).replace(imports, '').replace(/^export /gm, '');
  return `${(glue.match(imports) ?? []).join('\n')}
    import { decodeText } from './text.js';
    export default function glue() {
      let wasm;
      ${body}
      const start = (exports) => {
        wasm = exports;
        wasm.__wbindgen_start();
      };
      return { imports: __wbg_get_imports(), start, ${names.join(', ')} };
    }\n`;
}

function trimmed(glue) {
  for (const [what, mark, replaced] of PIECES) {
    if (!glue.includes(mark)) continue;
    for (const [from, to] of replaced) {
      if (glue.search(from) < 0) throw new Error(`the glue has another shape than it used to: ${what}`);
      glue = glue.replace(from, to);
    }
  }
  return glue;
}
