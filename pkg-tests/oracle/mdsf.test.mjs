// MDSF means to us what it means to npm's `mdsf`: its fallback parser reads what we write, and we read
// what its serializer writes.
//
// The fallback is what browsers and most Node processes have; `mdsf` itself prefers a native add-on if
// one was built, so both builds of the fallback are loaded by their path.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { generator } from './mdsf-values.mjs';
import { describe, inPropertyOrder, mapDescription, read, written } from './mdsf-program.mjs';
import { seeded } from './semver-texts.mjs';

const require = createRequire(import.meta.url);
const fallbacks = ['mdsf/lib/serde-fallback', 'mdsf/dist/serde-fallback'].map((path) => ({
  path,
  ...require(path),
}));
const [{ parse, stringify }] = fallbacks;

const VECTORS = new URL('../../crates/proto/vectors/mdsf.txt', import.meta.url);

const COUNT = 20_000;
const seed = Number(process.env.SEED ?? 1971);

const MINUS_ZERO = '8000000000000000';
const ZERO = '0000000000000000';

/** Both sides write −0 as `0` (mdsf.md 4.1), so that the sign is lost on the way. */
const withoutMinusZero = (description) =>
  description?.n === MINUS_ZERO ? { n: ZERO } : description;

/** A member that is undefined is not written (mdsf.md 4.1). */
const withoutUndefinedMembers = (description) =>
  description?.o ? { o: description.o.filter(([, value]) => value?.u === undefined) } : description;

/** The fallback makes the value of such a member the object's prototype (Q64). */
const withoutProto = (description) =>
  description?.o ? { o: description.o.filter(([key]) => key !== '__proto__') } : description;

/** Upstream's serializer drops an undefined element at the end of an array (Q39). */
const withoutLastUndefined = (description) =>
  Array.isArray(description) && description.at(-1)?.u === 0 ? description.slice(0, -1) : description;

/** We keep strings in UTF-8, where half a surrogate pair becomes U+FFFD (mdsf.md 2.2). */
const wellFormed = (description) => {
  if (typeof description === 'string') return description.toWellFormed();
  if (!description?.o) return description;
  const members = new Map();
  for (const [key, value] of description.o) members.set(key.toWellFormed(), value);
  return { o: [...members] };
};

const through = (...changes) => (description) =>
  changes.reduce((changed, change) => mapDescription(changed, change), description);

/** Fails with the first few of the cases whose two descriptions differ. */
function agree(cases) {
  const different = cases.filter(
    ({ theirs, ours }) => JSON.stringify(theirs) !== JSON.stringify(ours),
  );
  assert.deepEqual(
    different.slice(0, 5),
    [],
    `${different.length} of ${cases.length} differ (seed ${seed})`,
  );
}

/** What `make` returns, or what it throws as a description. */
function attempt(make) {
  try {
    return make();
  } catch (error) {
    return { error: String(error) };
  }
}

const isContainer = ({ text }) => text.startsWith('[') || text.startsWith('{');

test('the oracle is mdsf 1.1.1', () => {
  assert.equal(require('mdsf/package.json').version, '1.1.1');
});

for (const { path, parse: parseF } of fallbacks) {
  test(`${path} reads what we write`, async (t) => {
    const values = await written(seed, COUNT);
    const expect = through(withoutMinusZero, withoutUndefinedMembers, withoutProto, inPropertyOrder);
    agree(
      values.map(({ text, description }) => ({
        text,
        ours: expect(description),
        theirs: attempt(() => describe(parseF(text))),
      })),
    );
    const containers = values.filter(isContainer).length;
    const changed = values.filter(
      ({ description }) => JSON.stringify(description).includes('["__proto__",'),
    ).length;
    t.diagnostic(`${values.length} values compared, ${containers} of them arrays or objects`);
    t.diagnostic(`${changed} hold a member __proto__, compared without it`);
    assert.equal(values.length, COUNT);
    assert.ok(containers > COUNT / 4);
  });
}

/** The value a vector gives as JSON, with `$` where JSON does not reach. */
function decode(value) {
  if (Array.isArray(value)) return value.map(decode);
  if (value === null || typeof value !== 'object') return value;
  switch (typeof value.$ === 'string' && value.$) {
    case 'undefined':
      return undefined;
    case '-0':
      return -0;
    case 'NaN':
    case 'Infinity':
    case '-Infinity':
      return Number(value.$);
    case 'units':
      return String.fromCharCode(...value.units);
    case 'entries':
      return Object.fromEntries(value.entries.map(([key, one]) => [decode(key), decode(one)]));
    default:
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, decode(one)]));
  }
}

/** A line continuation, of which the fallback keeps the line terminator (mdsf.md 3). */
const CONTINUATION = /\\[\n\r\u2028\u2029]/;

const vectors = readFileSync(VECTORS, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('['))
  .map((line) => JSON.parse(line));

for (const { path, parse: parseF } of fallbacks) {
  test(`${path} reads what the vectors say we write`, (t) => {
    const expect = through(withoutMinusZero, withoutUndefinedMembers, withoutProto, inPropertyOrder);
    const writes = vectors.filter(([verb]) => verb === 'write');
    agree(
      writes.map(([, value, text]) => ({
        text,
        ours: expect(describe(decode(value))),
        theirs: attempt(() => describe(parseF(text))),
      })),
    );
    t.diagnostic(`${writes.length} vectors compared`);
    assert.ok(writes.length >= 50);
  });

  test(`${path} reads the texts of the vectors as we do, or not at all`, (t) => {
    const expect = through(withoutProto, inPropertyOrder);
    const cases = vectors
      .filter(([verb, text]) => verb === 'accept' && !CONTINUATION.test(text))
      .map(([, text, value]) => ({ text, ours: expect(describe(decode(value))) }))
      .flatMap(({ text, ours }) => {
        const theirs = attempt(() => describe(parseF(text)));
        return theirs?.error ? [] : [{ text, ours, theirs }];
      });
    agree(cases);
    t.diagnostic(`${cases.length} vectors compared`);
    assert.ok(cases.length >= 50);
  });
}

test('we read what upstream writes', async (t) => {
  const make = generator(seeded(seed));
  const values = Array.from({ length: COUNT }, () => make());
  const texts = values.map((value) => stringify(value));
  const ours = (await read(texts)).map(through(inPropertyOrder));

  agree(
    texts.map((text, i) => ({
      text,
      ours: ours[i],
      theirs: attempt(() => through(wellFormed, inPropertyOrder)(describe(parse(text)))),
    })),
  );

  const expect = through(
    withoutMinusZero,
    withoutUndefinedMembers,
    withoutLastUndefined,
    wellFormed,
    inPropertyOrder,
  );
  agree(
    values.map((value, i) => ({
      text: texts[i],
      ours: ours[i],
      theirs: expect(describe(value)),
    })),
  );

  const containers = texts.filter((text) => isContainer({ text })).length;
  t.diagnostic(`${texts.length} values compared, ${containers} of them arrays or objects`);
  assert.equal(texts.length, COUNT);
  assert.ok(containers > COUNT / 4);
});

test('we read what upstream makes of values that are not plain', async () => {
  const boxed = [Object(1.5), Object('text'), Object(true)];
  const values = [
    new Date(0),
    new Date(NaN),
    Buffer.from('bytes'),
    new Uint8Array([1, 2, 3]),
    new Map([[1, 2]]),
    /x/,
    new Error('x'),
    boxed,
    [() => 1, 1],
    [1, Symbol('x')],
    { f: () => 1, b: 1n, c: 2 },
    [, 1, , 2],
    { toJSON: () => ({ a: 1 }) },
    [{ toMDSF: () => undefined }, 2],
    { a: { toMDSF: (key) => `key ${key}` } },
  ];
  const texts = values.map((value) => stringify(value));
  const ours = await read(texts);
  agree(texts.map((text, i) => ({ text, ours: ours[i], theirs: describe(parse(text)) })));
});

test('we read the numbers that upstream writes and cannot read', async () => {
  const values = [NaN, Infinity, -Infinity, [NaN, { a: -Infinity }]];
  const texts = values.map((value) => stringify(value));
  for (const text of texts) assert.throws(() => parse(text));
  assert.deepEqual(await read(texts), values.map(describe));
});

test('a thousand levels pass in both directions', async () => {
  const arrays = '['.repeat(1000) + ']'.repeat(1000);
  const objects = '{a:'.repeat(999) + '{}' + '}'.repeat(999);
  for (const text of [arrays, objects]) {
    const value = parse(text);
    assert.equal(stringify(value), text);
    // As text: comparing objects this deep would take more stack than there is.
    assert.equal(JSON.stringify(await read([text])), JSON.stringify([describe(value)]));
  }
});
