// Names that are short in the package (scripts/private-names.mjs) mean nothing to anybody else.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { inspect } from 'node:util';
import ts from 'typescript';

import * as jstp from '../pkg/index.js';
import { PRIVATE } from '../scripts/private-names.mjs';

const MODULES = new URL('../src/js/', import.meta.url);
const LIBRARY = new URL('node_modules/typescript/lib/', import.meta.url);
const TYPES = new URL('../src/types.ts', import.meta.url);

/** What `pick` makes of the nodes of a file that are names or texts, but for what it has nothing to say of. */
async function words(url, pick) {
  const source = ts.createSourceFile(url.pathname, await readFile(url, 'utf8'), ts.ScriptTarget.ESNext, true);
  const found = new Set();
  const visit = (node) => {
    if (ts.isIdentifier(node) || ts.isStringLiteralLike(node)) {
      if (pick(node)) found.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

const isName = ({ parent }) => ts.isTypeElement(parent) || ts.isClassElement(parent);
const known = await words(TYPES, () => true);

test('no name that is shortened is one of the package\'s types', () => {
  assert.ok(known.has('callMethod') && known.has('sessionLost'));
  assert.deepEqual(PRIVATE.filter((name) => known.has(name)), []);
});

test('no name that is shortened is one of the language\'s or of a browser\'s', async () => {
  const files = (await readdir(LIBRARY)).filter((name) => /^lib\..*\.d\.ts$/.test(name));
  const all = await Promise.all(files.map((name) => words(new URL(name, LIBRARY), isName)));
  const builtIn = new Set(all.flatMap((names) => [...names]));
  assert.ok(builtIn.has('onmessage') && builtIn.has('findLast'));
  assert.deepEqual(PRIVATE.filter((name) => builtIn.has(name)), []);
});

test('no name that is shortened is there as a text', async () => {
  for (const name of await readdir(MODULES)) {
    const texts = await words(new URL(name, MODULES), (node) => ts.isStringLiteralLike(node));
    assert.deepEqual(PRIVATE.filter((word) => texts.has(word)), [], name);
  }
});

test('a class is called what it is exported as, and so are its errors on a console', () => {
  for (const [name, value] of Object.entries(jstp)) {
    if (typeof value === 'function' && /^[A-Z]/.test(name)) assert.equal(value.name, name);
  }
  assert.match(inspect(new jstp.RemoteError(11)), /^RemoteError: Authentication failed\n/);
  class Own extends jstp.RemoteError {}
  assert.equal(Own.name, 'Own');
});

// A server's methods become properties of a proxy, and a page puts its own on a connection.
test('objects of the package have no property that its types do not know', () => {
  const { Application, Connection, RemoteError, RemoteProxy, Session, SimpleConnectPolicy } = jstp;
  const classes = [Application, Connection, RemoteError, RemoteProxy, Session, SimpleConnectPolicy];
  const prototypes = [...classes, Object.getPrototypeOf(RemoteProxy)].map(({ prototype }) => prototype);
  const objects = [
    new Application('app', {}),
    new Connection({}, {}),
    new RemoteError(1),
    new RemoteProxy({}, 'interface'),
    new Session(null, 'user', 'id'),
    new SimpleConnectPolicy('login', 'password'),
  ];
  const names = [...prototypes.flatMap(Object.getOwnPropertyNames), ...objects.flatMap(Object.keys)];
  assert.ok(names.includes('emitRemoteEvent') && names.includes('remoteProxies'));
  assert.deepEqual(names.filter((name) => name !== 'constructor' && !known.has(name)), []);
});
