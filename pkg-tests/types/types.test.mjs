// The package's types: what must compile does, what must not does not, and they name what is there.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { publint } from 'publint';
import ts from 'typescript';

import * as runtime from '../../pkg/index.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** The oldest that is supported, and the newest. */
const COMPILERS = { 5.9: 'typescript', '7.0': 'typescript-newest' };
const PKG = fileURLToPath(new URL('../../pkg/', import.meta.url));
const TYPES = join(PKG, 'index.d.ts');
const ENTRIES = ['index', 'slim', 'inline'];

async function compile(compiler, config) {
  const tsc = fileURLToPath(new URL(`../node_modules/${compiler}/bin/tsc`, import.meta.url));
  try {
    await promisify(execFile)(process.execPath, [tsc, '--project', config, '--noEmit'], { cwd: HERE });
  } catch (error) {
    assert.fail(`tsc --project ${config}:\n${error.stdout}`);
  }
}

for (const [config, what] of [
  ['tsconfig.json', 'a strict page, with and without interfaces'],
  ['tsconfig.strictest.json', 'the strictest page, and modules compiled one by one'],
  ['tsconfig.worker.json', 'a worker'],
  ['tsconfig.dispose.json', 'a page with a library of disposables'],
]) {
  for (const [version, compiler] of Object.entries(COMPILERS)) {
    test(`types: ${what}, by TypeScript ${version}`, () => compile(compiler, config));
  }
}

for (const [version, compiler] of Object.entries(COMPILERS)) {
  test(`the compiler called ${version} is that`, async () => {
    const manifest = JSON.parse(await readFile(new URL(`../node_modules/${compiler}/package.json`, import.meta.url)));
    assert.ok(manifest.version.startsWith(`${version}.`), manifest.version);
  });
}

test('the types are well packed', async () => {
  // There is nothing for CommonJS in the package, so what its resolution finds is not looked at; and what it
  // is to import a .wasm file is for each bundler to say.
  const attw = fileURLToPath(new URL('../node_modules/@arethetypeswrong/cli/dist/index.js', import.meta.url));
  await promisify(execFile)(process.execPath,
    [attw, '--pack', PKG, '--profile', 'esm-only', '--exclude-entrypoints', './jstp_wasm_bg.wasm'])
    .catch((error) => assert.fail(error.stdout));
});

test('publint has nothing to say', async () => {
  const { messages } = await publint({ pkgDir: PKG, strict: true });
  assert.deepEqual(messages, []);
});

const program = ts.createProgram(ENTRIES.map((name) => join(PKG, `${name}.d.ts`)),
  { target: ts.ScriptTarget.ES2022, lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'], types: [] });
const checker = program.getTypeChecker();
const valuesOf = (path) => new Map(
  checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(path)))
    .map((symbol) => [symbol.name, symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol])
    .filter(([name, symbol]) => symbol.flags & ts.SymbolFlags.Value || name === 'default'));
const declared = valuesOf(TYPES);

const sorted = (names) => [...names].sort();
const typeOf = (symbol) => checker.getTypeOfSymbol(symbol);
const named = (properties) => properties.map(({ name }) => name).filter((name) => !name.startsWith('__@'));
const classes = Object.keys(runtime).filter((name) => /^class\b/.test(String(runtime[name])));

for (const name of ENTRIES) {
  test(`every export of ${name}.js has a type, and every typed value is exported`, async () => {
    const entry = await import(join(PKG, `${name}.js`));
    const typed = valuesOf(join(PKG, `${name}.d.ts`));
    assert.deepEqual(sorted(typed.keys()), sorted(Object.keys(entry)));
    assert.ok(typed.size > 20);
    assert.deepEqual(sorted(Object.keys(entry.default)), sorted(Object.keys(entry).filter((key) => key !== 'default')));
    for (const [key, value] of Object.entries(entry.default)) assert.equal(entry[key], value, key);
  });
}

test('the entries share their classes', async () => {
  for (const name of ENTRIES) assert.equal((await import(join(PKG, `${name}.js`))).Connection, runtime.Connection);
});

test('the default export has the types of what it holds', () => {
  const properties = typeOf(declared.get('default')).getProperties();
  assert.deepEqual(sorted(named(properties)), sorted(Object.keys(runtime.default)));
  for (const property of properties) {
    assert.equal(checker.typeToString(typeOf(property)), checker.typeToString(typeOf(declared.get(property.name))));
  }
});

test('every function of ws has a type, and the other way round', () => {
  assert.deepEqual(sorted(named(typeOf(declared.get('ws')).getProperties())), sorted(Object.keys(runtime.ws)));
});

test('every code has the value that its type says', () => {
  const codes = Object.keys(runtime).filter((name) => name.startsWith('ERR_'));
  assert.ok(codes.length > 10);
  for (const name of codes) {
    assert.equal(checker.typeToString(typeOf(declared.get(name))), String(runtime[name]), name);
  }
});

test('there are classes to look into', () => {
  assert.deepEqual(sorted(classes),
    ['Application', 'Connection', 'RemoteError', 'RemoteProxy', 'Session', 'SimpleConnectPolicy']);
});

for (const name of classes) {
  test(`every method and accessor of ${name} has a type, and every typed method is there`, () => {
    const typed = checker.getDeclaredTypeOfSymbol(declared.get(name)).getProperties();
    const { prototype } = runtime[name];
    const methods = named(typed.filter((property) => property.flags & ts.SymbolFlags.Method));
    for (const method of methods) assert.equal(typeof prototype[method], 'function', method);
    const known = new Set(named(typed));
    for (const member of members(prototype)) assert.ok(known.has(member), `${member} has no type`);
  });

  test(`every typed static of ${name} is there`, () => {
    const statics = named(typeOf(declared.get(name)).getProperties()).filter((member) => member !== 'prototype');
    for (const member of statics) assert.ok(member in runtime[name], member);
  });
}

/** The names a class of the package gives its objects, those it inherits from another of them included. */
function members(prototype) {
  const names = [];
  const foreign = new Set([Object.prototype, Error.prototype, Map.prototype]);
  for (let at = prototype; at && !foreign.has(at); at = Object.getPrototypeOf(at)) {
    names.push(...Object.getOwnPropertyNames(at).filter((name) => name !== 'constructor'));
  }
  return names;
}

test('a described connection has the fields that a real one has', () => {
  const line = { state: 'closed', stats: {}, is: { state: 'closed', closedByOwner: false } };
  const connection = new runtime.Connection(line, { client: null, application: null });
  const typed = checker.getDeclaredTypeOfSymbol(declared.get('Connection')).getProperties();
  for (const field of named(typed)) assert.ok(field in connection, field);
  for (const field of Object.keys(connection)) assert.ok(named(typed).includes(field), `${field} has no type`);
});
