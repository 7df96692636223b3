// The client tells ranges from other texts as npm does, but for limits, which it leaves to the server.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import semver from 'semver';
import { isRange } from '../../src/js/range.js';
import { pickedRanges, seeded, texts } from './semver-texts.mjs';

const seed = Number(process.env.SEED ?? 5303);
const { range, nearly } = texts(seeded(seed));
const generate = (make) => Array.from({ length: 6000 }, make);

/** Whether a number or a length in the text may exceed what npm takes. */
const isLong = (text) => /[\d*]{16}/.test(text) || /\S{240}/.test(text);

test('the client takes the same texts for ranges', (t) => {
  const all = [...new Set([...pickedRanges, ...generate(range), ...generate(nearly)])];
  const cases = all.map((text) => ({ text, npm: semver.validRange(text) !== null, ours: isRange(text) }));
  // What it refuses it must refuse rightly, whatever the length.
  const different = cases.filter(({ text, npm, ours }) => npm !== ours && (npm || !isLong(text)));
  assert.deepEqual(different.slice(0, 10), [], `${different.length} of ${cases.length} differ (seed ${seed})`);
  const valid = cases.filter(({ npm }) => npm).length;
  t.diagnostic(`${cases.length} texts compared, ${valid} of them ranges`);
  assert.ok(valid >= 1000 && cases.length - valid >= 1000);
});
