// What `npm pack` would publish: the files that are meant, and nothing that leads nowhere.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { packageReadme } from '../scripts/readme.mjs';

const PKG = new URL('../pkg/', import.meta.url);

const manifest = JSON.parse(await readFile(new URL('package.json', PKG), 'utf8'));
const packed = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json'],
  { cwd: fileURLToPath(PKG), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))[0]
  .files.map(({ path }) => path).sort();

test('the tarball holds exactly what package.json lists', () => {
  assert.deepEqual(packed, [...manifest.files, 'package.json'].sort());
});

test('the tarball is what it should be', () => {
  assert.deepEqual(packed, [
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'client.js',
    'index.d.ts',
    'index.js',
    'inline-bytes.js',
    'inline.d.ts',
    'inline.js',
    'jstp_wasm_bg.wasm',
    'package.json',
    'slim.d.ts',
    'slim.js',
  ]);
});

test('every path that package.json exports is in the tarball', () => {
  const paths = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(paths));
  const { main, module, types, exports } = manifest;
  for (const path of [main, module, types, ...paths(exports)]) {
    assert.match(path, /^\.\//);
    assert.ok(packed.includes(path.slice(2)), `${path} is missing`);
  }
});

test("the README's links lead into the package, or to the repository where one is named", () => {
  const text = '[a](LICENSE) [b](docs/x.md#y) [c](src/types.ts) [d](#here) [e](https://example.com/)';
  const packed = new Set(['LICENSE', 'index.d.ts']);
  const known = '[a](LICENSE) [b](https://example.org/r/blob/v1.2.3/docs/x.md#y) [c](index.d.ts) [d](#here) [e](https://example.com/)';
  assert.equal(packageReadme(text, { packed, repository: 'https://example.org/r', version: '1.2.3' }), known);
  assert.equal(packageReadme(text, { packed, repository: null, version: '1.2.3' }),
    known.replace(/\[b\]\([^)]*\)/, 'b'));
});

test('every link of the README leads somewhere', async () => {
  const readme = await readFile(new URL('README.md', PKG), 'utf8');
  const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link);
  assert.ok(links.length > 0);
  for (const link of links) {
    assert.ok(/^(https:|#)/.test(link) || packed.includes(link), `${link} is not in the tarball`);
  }
});

test('package.json says what the package was made of', () => {
  assert.match(manifest.build.commit, /^[0-9a-f]{40}(, with changes)?$/);
  const versions = Object.entries(manifest.build.tools);
  assert.equal(versions.length, 7);
  for (const [tool, version] of versions) assert.match(version, /^\d+/, tool);
});

test('no name in the package depends on how the crate was compiled', () => {
  for (const path of packed) assert.doesNotMatch(path, /-[0-9a-f]{16}\b/);
});

test('the package has the version of the crate', async () => {
  const cargo = await readFile(new URL('../Cargo.toml', import.meta.url), 'utf8');
  const [, version] = /\[workspace\.package\][^[]*?\nversion = "([^"]+)"/.exec(cargo);
  assert.equal(manifest.version, version);
});

for (const [entry, imports, module] of [
  ['index.js', ['./client.js', './inline-bytes.js'], true],
  ['slim.js', ['./client.js'], false],
  ['inline.js', ['./client.js', './inline-bytes.js'], false],
  ['client.js', [], false],
]) {
  test(`${entry} brings what it needs and no more`, async () => {
    const text = await readFile(new URL(entry, PKG), 'utf8');
    const imported = text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])(.*?)\1/g);
    assert.deepEqual([...new Set([...imported].map(([, , path]) => path))].sort(), imports);
    // A bundler that finds the address puts the module beside the page.
    assert.equal(text.includes('import.meta.url'), module);
  });
}

test('the module imports and exports short names', async () => {
  const bytes = await readFile(new URL('jstp_wasm_bg.wasm', PKG));
  const compiled = new WebAssembly.Module(bytes);
  const imports = WebAssembly.Module.imports(compiled);
  const exports = WebAssembly.Module.exports(compiled);
  assert.ok(imports.length > 10 && exports.length > 10, `${imports.length} imports, ${exports.length} exports`);
  for (const { module, name } of imports) assert.doesNotMatch(module + name, /wb[ig]|[0-9a-f]{8}/);
  for (const { name } of exports) assert.match(name, /^(?:\w{1,8}|connect\w*|__wbindgen_(?:externrefs|start))$/);
});
