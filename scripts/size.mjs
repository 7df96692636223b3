// Prints what the package weighs on the way to a page: raw, and compressed as servers do it. Fails when
// that is more than size-budget.json allows: bytes by brotli, of everything but inline-bytes.js.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const pkg = fileURLToPath(new URL('../pkg/', import.meta.url));
const names = (await readdir(pkg, { recursive: true }))
  .filter((name) => /\.(js|wasm)$/.test(name))
  .sort((a, b) => b.endsWith('.wasm') - a.endsWith('.wasm') || a.localeCompare(b));

const rows = await Promise.all(names.map(async (name) => {
  const bytes = await readFile(join(pkg, name));
  return [name, bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes).length];
}));
// A page loads the module or its bytes in JavaScript, never both; and one entry.
const usual = rows.filter(([name]) => !['inline-bytes.js', 'inline.js', 'slim.js'].includes(name));
const sum = (label, some) => [label, ...[1, 2, 3].map((i) => some.reduce((n, row) => n + row[i], 0))];
rows.push(
  sum('JavaScript without inline-bytes.js', usual.filter(([name]) => name.endsWith('.js'))),
  sum('all without inline-bytes.js', usual),
);
const { brotli: budget } = JSON.parse(await readFile(new URL('size-budget.json', import.meta.url), 'utf8'));
const [, , , brotli] = rows.at(-1);

const width = Math.max(...rows.map(([name]) => name.length));
const line = (name, ...cells) => `${name.padEnd(width)}${cells.map((cell) => String(cell).padStart(10)).join('')}`;
console.log(line('bytes', 'raw', 'gzip', 'brotli'));
for (const [name, ...cells] of rows) console.log(line(name, ...cells.map((n) => n.toLocaleString('en'))));
if (brotli > budget) {
  console.error(`size: ${brotli - budget} bytes above the budget of ${budget} (scripts/size-budget.json)`);
  process.exitCode = 1;
} else {
  console.log(`${budget - brotli} bytes below the budget of ${budget}`);
}
