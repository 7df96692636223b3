// The packed package in fresh projects of every bundler and runtime: it is installed by npm, connects to a
// live server, calls a method and hears events.
//
// JSTP_MATRIX       `all`: every case of cases.mjs, else the short ones; or the beginning of a name
// JSTP_MATRIX_WRITE what is found becomes results.json, and so the README's table
// JSTP_SERVER_BIN   our server's binary; without it, cargo builds one

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { launch } from '../lib/browser.mjs';
import { build } from '../lib/cargo.mjs';
import { startServer } from '../lib/process.mjs';
import { cases } from './cases.mjs';
import { make, pack, tryIt } from './project.mjs';
import { RESULTS, withTable } from './table.mjs';

const wanted = process.env.JSTP_MATRIX ?? '';
const chosen = cases.filter(({ name, short }) =>
  wanted === 'all' || (wanted === '' ? short : name.startsWith(wanted)));
const results = JSON.parse(await readFile(RESULTS, 'utf8').catch(() => '{}'));
const found = {};

let folder;
let tarball;
let server;
let browser;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jstp-matrix-'));
  tarball = await pack(folder);
  const binary = process.env.JSTP_SERVER_BIN ?? (await build('jstp-server', ['--bin', 'jstp-server']));
  server = await startServer(binary, ['--fixture', '--listen', '127.0.0.1:0']);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
  if (process.env.JSTP_MATRIX_WRITE) {
    // In the order of the cases, and nothing of cases that are gone.
    const all = {};
    for (const { name, runs } of cases) {
      all[name] ??= {};
      for (const run of Object.keys(runs)) all[name][run] = found[name]?.[run] ?? results[name]?.[run] ?? {};
    }
    await writeFile(RESULTS, `${JSON.stringify(all, null, 2)}\n`);
  }
});

for (const [index, spec] of chosen.entries()) {
  describe(spec.name, () => {
    const project = () => join(folder, String(index));

    before(() => make(spec, project(), tarball), { timeout: 600_000 });

    after(() => rm(project(), { recursive: true, force: true }));

    for (const [run, steps] of Object.entries(spec.runs)) {
      test(run || 'runs', { timeout: 400_000 }, async () => {
        const places = await tryIt(spec, steps, project(), server.url, browser);
        found[spec.name] = { ...found[spec.name], [run]: places };
        assert.ok(Object.keys(places).length > 0);
        for (const [place, from] of Object.entries(places)) assert.match(from, /^(file|bytes)$/, place);
        if (!process.env.JSTP_MATRIX_WRITE) assert.deepEqual(places, results[spec.name]?.[run]);
      });
    }
  });
}

test('results.json is about all cases and no others', { skip: !!process.env.JSTP_MATRIX_WRITE }, () => {
  const named = {};
  for (const { name, runs } of cases) named[name] = [...(named[name] ?? []), ...Object.keys(runs)];
  const kept = Object.entries(results).map(([name, runs]) => [name, Object.keys(runs)]);
  assert.deepEqual(Object.fromEntries(kept), named);
});

test("the README's table is what results.json says", { skip: !!process.env.JSTP_MATRIX_WRITE }, async () => {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  assert.equal(readme, withTable(readme, results));
});
