// Short names for what the module imports and exports. wasm-bindgen calls each by a long name, often with a hash, once in
// the module and once or more in the glue, and hashes do not compress.

const HEADER = 8;
const IMPORT = 2;
const EXPORT = 7;

/** What others than the glue call by its name. */
const NAMED = ['memory', 'connect', 'connectAndInspect', '__wbindgen_externrefs', '__wbindgen_start'];

/** What only sockets and timers call, who have nothing to do with a failure of the module. */
const HEAR = 'link_hear';

/** The glue's name for itself, which it gives to nearly everything it hands to the module. */
const GLUE = './jstp_wasm_bg.js';

/**
 * Both with short names in the place of long ones. Those of the link's methods that a page's own calls lead to go
 * on beginning with `link_`, by which `instance.js` knows them.
 */
export function shortenNames(wasm, glue) {
  const [names, exported] = [new Map(), new Map()];
  const compiled = new WebAssembly.Module(wasm);
  for (const { name } of WebAssembly.Module.exports(compiled)) {
    // What the glue does not ask for is exported no more.
    if (NAMED.includes(name) || !glue.includes(`wasm.${name}`)) continue;
    const short = exported.size.toString(36);
    exported.set(name, name.startsWith('link_') && name !== HEAR ? `link_${short}` : `_${short}`);
  }
  for (const { module, name } of WebAssembly.Module.imports(compiled)) {
    const key = keyOf(module, name);
    if (names.has(key)) continue;
    const short = names.size.toString(36);
    names.set(key, short);
    glue = module === GLUE ? replaceKey(glue, name, short) : addImport(glue, module, name, short);
  }
  glue = replaceKey(glue, JSON.stringify(GLUE), MODULE);
  glue = glue.replace(/\bwasm\.(\w+)/g, (whole, name) => (exported.has(name) ? `wasm.${exported.get(name)}` : whole));
  return { wasm: rename(wasm, names, exported), glue };
}

/** What all is imported from. */
const MODULE = '0';

const keyOf = (module, name) => `${module} ${name}`;

/** The glue has each name as a key of an object, and nowhere else at the beginning of a line. */
function replaceKey(glue, long, short) {
  const parts = glue.split(`\n        ${long}: `);
  if (parts.length !== 2) throw new Error(`the glue has ${parts.length - 1} imports by the name of ${long}`);
  return parts.join(`\n        "${short}": `);
}

/**
 * What the module imports from elsewhere becomes an import from the glue, like all others. A whole namespace of
 * another file's would be an object with all that it exports.
 */
function addImport(glue, module, name, short) {
  const [, namespace] = glue.match(new RegExp(`^import \\* as (\\w+) from ["']${escape(module)}["']`, 'm')) ?? [];
  const own = '\n    const import0 = {\n        __proto__: null,\n';
  if (!namespace || glue.split(own).length !== 2) throw new Error(`the glue does not import ${module} as it used to`);
  return glue
    .replace(`\n        ${JSON.stringify(module)}: ${namespace},`, '')
    .replace(own, `${own}        "${short}": ${namespace}.${name},\n`);
}

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function rename(wasm, names, exported) {
  const parts = [wasm.subarray(0, HEADER)];
  for (let at = HEADER; at < wasm.length;) {
    const id = wasm[at];
    const [size, start] = readNumber(wasm, at + 1);
    const content = wasm.subarray(start, start + size);
    let renamed = content;
    if (id === IMPORT) renamed = importSection(content, names);
    if (id === EXPORT) renamed = exportSection(content, exported);
    parts.push(Buffer.from([id]), number(renamed.length), renamed);
    at = start + size;
  }
  return Buffer.concat(parts);
}

function importSection(content, names) {
  const decoder = new TextDecoder();
  let [count, at] = readNumber(content, 0);
  const parts = [number(count)];
  const text = () => {
    const [length, start] = readNumber(content, at);
    at = start + length;
    return decoder.decode(content.subarray(start, at));
  };
  for (; count > 0; count--) {
    const module = text();
    const name = text();
    const start = at;
    // All are functions: a kind, which is 0, and a type.
    if (content[at] !== 0) throw new Error(`${name} is imported and not a function`);
    at = readNumber(content, at + 1)[1];
    parts.push(word(MODULE), word(names.get(keyOf(module, name))), content.subarray(start, at));
  }
  return Buffer.concat(parts);
}

function exportSection(content, exported) {
  const decoder = new TextDecoder();
  let [count, at] = readNumber(content, 0);
  const parts = [];
  for (; count > 0; count--) {
    const [length, start] = readNumber(content, at);
    const name = decoder.decode(content.subarray(start, start + length));
    // A kind and an index.
    at = readNumber(content, start + length + 1)[1];
    const short = NAMED.includes(name) ? name : exported.get(name);
    if (short) parts.push(Buffer.concat([word(short), content.subarray(start + length, at)]));
  }
  return Buffer.concat([number(parts.length), ...parts]);
}

function word(text) {
  const bytes = Buffer.from(text);
  return Buffer.concat([number(bytes.length), bytes]);
}

/** The number at `at`, seven bits to a byte, and where it ends. */
function readNumber(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
  }
}

function number(value) {
  const bytes = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
}
