// What `npm pack` would publish: the files that are meant, and nothing that leads nowhere.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PKG = new URL('../pkg/', import.meta.url);

const manifest = JSON.parse(await readFile(new URL('package.json', PKG), 'utf8'));
const packed = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json'],
  { cwd: fileURLToPath(PKG), encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))[0]
  .files.map(({ path }) => path).sort();

test('the tarball holds exactly what package.json lists', () => {
  assert.deepEqual(packed, [...manifest.files, 'package.json'].sort());
});

test('readme, license, types, entry and module are in the tarball', () => {
  for (const name of ['README.md', 'LICENSE', 'index.d.ts', 'index.js', 'jstp_wasm_bg.wasm']) {
    assert.ok(packed.includes(name), `${name} is missing`);
  }
});

test('every path that package.json exports is in the tarball', () => {
  const paths = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(paths));
  const { main, module, types, exports } = manifest;
  for (const path of [main, module, types, ...paths(exports)]) {
    assert.match(path, /^\.\//);
    assert.ok(packed.includes(path.slice(2)), `${path} is missing`);
  }
});

test('no name in the package depends on how the crate was compiled', () => {
  for (const path of packed) assert.doesNotMatch(path, /-[0-9a-f]{16}\b/);
});

test('the package has the version of the crate', async () => {
  const cargo = await readFile(new URL('../Cargo.toml', import.meta.url), 'utf8');
  const [, version] = /\[workspace\.package\][^[]*?\nversion = "([^"]+)"/.exec(cargo);
  assert.equal(manifest.version, version);
});

test('the entry brings all it needs but the bytes that stand in for the module', async () => {
  const entry = await readFile(new URL('index.js', PKG), 'utf8');
  const imported = [...entry.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])(.*?)\1/g)].map(([, , path]) => path);
  assert.deepEqual(imported, ['./inline-bytes.js']);
  assert.ok(entry.includes('./jstp_wasm_bg.wasm'), 'it loads the module beside it');
});

test('the module imports short names', async () => {
  const bytes = await readFile(new URL('jstp_wasm_bg.wasm', PKG));
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
  assert.ok(imports.length > 50);
  for (const { module, name } of imports) assert.doesNotMatch(module + name, /wb[ig]|[0-9a-f]{8}/);
});
