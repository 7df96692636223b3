// The README's table of where the package works, made of results.json:
//   node pkg-tests/bundlers/table.mjs          says whether it is as it should be
//   node pkg-tests/bundlers/table.mjs --write  writes it

import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const README = new URL('../../README.md', import.meta.url);
export const RESULTS = new URL('results.json', import.meta.url);

const BEGIN = '<!-- table of bundlers: written by pkg-tests/bundlers/table.mjs -->';
const END = '<!-- end of table -->';
const PLACES = { page: 'Page or program', worker: 'Module worker', shared: 'Shared worker', service: 'Service worker' };

/** `{ name: { run: { place: 'file' | 'bytes' } } }` as rows; what was not tried has no word. */
export function table(results) {
  const rows = Object.entries(results).flatMap(([name, runs]) => Object.entries(runs).map(([run, found]) =>
    [run ? `${name}, ${run}` : name, ...Object.keys(PLACES).map((place) => found[place] ?? '')]));
  return [['', ...Object.values(PLACES)], ['---', '---', '---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The README with its table as the results have it. */
export function withTable(readme, results) {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error('README.md has no place for the table of bundlers');
  return `${readme.slice(0, begin + BEGIN.length)}\n${table(results)}\n${readme.slice(end)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const readme = await readFile(README, 'utf8');
  const wanted = withTable(readme, JSON.parse(await readFile(RESULTS, 'utf8')));
  if (process.argv.includes('--write')) await writeFile(README, wanted);
  else if (readme !== wanted) {
    console.error('README.md: its table of bundlers is not what pkg-tests/bundlers/results.json says');
    process.exitCode = 1;
  }
}
