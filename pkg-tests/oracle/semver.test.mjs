// Versions and ranges mean to us what they mean to npm's `semver` 6, which upstream's server asks.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import semver from 'semver';
import { isRange } from '../../src/js/range.js';
import { answers } from './semver-answers.mjs';
import { pickedRanges, pickedVersions, pickedVersionTexts, seeded, texts } from './semver-texts.mjs';

const seed = Number(process.env.SEED ?? 5303);
const { range, nearly, version } = texts(seeded(seed));
const generate = (count, make) => Array.from({ length: count }, make);
const unique = (list) => [...new Set(list)];

const ranges = unique([...pickedRanges, ...generate(4000, range), ...generate(4000, nearly)]);
const versions = unique([...pickedVersions, ...generate(120, version)]);

/** Fails with the first few of the cases in which the two answers differ. */
function agree(cases) {
  const different = cases.filter(({ npm, ours }) => npm !== ours);
  assert.deepEqual(different.slice(0, 10), [], `${different.length} of ${cases.length} differ (seed ${seed})`);
}

test('the oracle is semver 6', () => {
  const { version: oracle } = createRequire(import.meta.url)('semver/package.json');
  assert.equal(semver.major(oracle), 6);
});

test('the same texts are ranges', (t) => {
  const ours = answers(ranges.map((text) => ['validRange', text]));
  const cases = ranges.map((text, i) => ({ text, npm: semver.validRange(text) !== null, ours: ours[i] }));
  agree(cases);
  const valid = cases.filter(({ npm }) => npm).length;
  t.diagnostic(`${cases.length} texts compared, ${valid} of them ranges`);
  assert.ok(cases.length >= 3000 && valid >= 1000 && cases.length - valid >= 1000);
});

// A page only has to notice slips of the pen, and must not refuse what a server would take.
test('a page refuses no range, and most texts that are none', (t) => {
  const cases = ranges.map((text) => ({ text, npm: semver.validRange(text) !== null, ours: isRange(text) }));
  agree(cases.filter(({ npm }) => npm));
  const none = cases.filter(({ npm }) => !npm);
  const refused = none.filter(({ ours }) => !ours);
  t.diagnostic(`${cases.length - none.length} ranges taken, ${refused.length} of ${none.length} other texts refused`);
  assert.ok(refused.length > none.length / 2);
  for (const text of ['foo', 'latest', '1.2.3.4', '1 || foo', '>=1,<2', '1.2.3beta', '<', '^', '01', '1.02']) {
    assert.ok(!isRange(text), text);
  }
  const before = performance.now();
  for (const many of ['1 ', '*', '= ', '1-', 'x.x.x ', '||', '1.2.3-a', '~ >', '1', '1.1.', ' ', 'v=']) {
    const text = many.repeat(65_536 / many.length);
    // Also where something comes before or after it that makes it another text.
    for (const longest of [text, `${text.slice(1)}_`, `${text.slice(1)}a`, `1 -${text.slice(3)}`, `1 - ${text.slice(4)}`]) isRange(longest);
  }
  const millis = Math.round(performance.now() - before);
  t.diagnostic(`the longest texts take ${millis} ms`);
  assert.ok(millis < 3000, `${millis} ms`);
});

test('the same versions satisfy a range', (t) => {
  const ours = answers(ranges.map((text) => ['satisfies', text, ...versions]));
  const cases = ranges.flatMap((text, i) => {
    // What `satisfies` does, with the range read once instead of once for each version.
    const read = semver.validRange(text) === null ? null : new semver.Range(text);
    return versions.map((v, j) => ({ range: text, version: v, npm: read?.test(v) ?? false, ours: ours[i][j] }));
  });
  agree(cases);
  for (const { range: text, version: v, npm } of cases.slice(0, 10_000)) {
    assert.equal(semver.satisfies(v, text), npm, `${v} in ${text}`);
  }
  const satisfied = cases.filter(({ npm }) => npm).length;
  t.diagnostic(`${cases.length} pairs of range and version compared, ${satisfied} of them satisfied`);
  assert.ok(cases.length >= 5000 && satisfied >= 1000);
});

test('the same version is the greatest that satisfies a range', (t) => {
  const random = seeded(seed + 1);
  const questions = ranges
    .filter((text) => text !== '' && semver.valid(text) === null)
    .map((text) => [text, versions.filter(() => random() < 0.3)]);
  const ours = answers(questions.map(([text, stored]) => ['pick', text, ...stored]));
  const cases = questions.map(([text, stored], i) => ({
    range: text,
    stored: stored.join(' '),
    npm: semver.maxSatisfying(stored, text),
    ours: ours[i] === null ? null : stored[ours[i]],
  }));
  agree(cases);
  const picked = cases.filter(({ npm }) => npm !== null).length;
  t.diagnostic(`${cases.length} choices compared, ${picked} of them not empty`);
  assert.ok(cases.length >= 3000 && picked >= 1000);
});

test('the same texts are versions', (t) => {
  const candidates = unique([...pickedVersionTexts, ...ranges, ...versions]);
  const ours = answers(candidates.map((text) => ['valid', text]));
  const cases = candidates.map((text, i) => ({ text, npm: semver.valid(text) !== null, ours: ours[i] }));
  agree(cases);
  const valid = cases.filter(({ npm }) => npm).length;
  t.diagnostic(`${cases.length} texts compared, ${valid} of them versions`);
  assert.ok(valid >= 100 && cases.length - valid >= 1000);
});

test('versions come in the same order', (t) => {
  const ours = answers(versions.flatMap((a) => versions.map((b) => ['pick', '', a, b])));
  const cases = versions.flatMap((a, i) =>
    versions.map((b, j) => ({ a, b, npm: semver.gt(b, a) ? 1 : 0, ours: ours[i * versions.length + j] })),
  );
  agree(cases);
  t.diagnostic(`${cases.length} pairs of versions compared`);
  assert.ok(cases.length >= 5000);
});
