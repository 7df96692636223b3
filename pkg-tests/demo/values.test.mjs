// What a person may type as arguments in the demo's explorer, and how it shows values.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readArguments, write } from '../../www/values.js';

test('arguments are read as one would write them in JavaScript', () => {
  const texts = [
    ['', []],
    [' \n', []],
    ['1, 2', [1, 2]],
    ['-0x10, +3, -1e3, .5, 5.', [-16, 3, -1000, 0.5, 5]],
    ['null,true , false, undefined', [null, true, false, undefined]],
    [`'it\\'s', "\\"\\n\\u0041\\x42"`, ["it's", '"\nAB']],
    ["' spaces '", [' spaces ']],
    ['[], [[1,],]', [[], [[1]]]],
    [`{a: 1, 'b c': {}, "d": [2], 3: 4}`, [{ a: 1, 'b c': {}, d: [2], 3: 4 }]],
    ['{"json": ["is", "fine", null]},', [{ json: ['is', 'fine', null] }]],
  ];
  for (const [text, values] of texts) assert.deepEqual(readArguments(text), values, text);
  assert.deepEqual(Object.keys(readArguments('{__proto__: 1}')[0]), ['__proto__']);
});

test('what cannot be read is named, with its place', () => {
  const texts = [
    ['1 2', 'a comma was expected, not “2” (character 3)'],
    ['Ada', "'Ada' in quotes, or a number was expected, not “Ada” (character 1)"],
    [',', 'a value was expected, not “,” (character 1)'],
    ['[1', 'a comma or ] was expected, not the end (character 3)'],
    ['{a 1}', "a colon after 'a' was expected, not “1}” (character 4)"],
    ['{,}', 'a key was expected, not “,}” (character 2)'],
    ["'open", "' at the end of the text was expected, not the end (character 6)"],
    ['!'.repeat(20), 'a value was expected, not “!!!!!!!!!!!!…” (character 1)'],
  ];
  for (const [text, message] of texts) {
    assert.throws(() => readArguments(text), { name: 'SyntaxError', message }, text);
  }
});

test('values are shown the way they are typed', () => {
  const values = [undefined, null, -1.5, NaN, "it's \"so\"\n", [], {}, { a: [1, { 'b c': true }] }];
  assert.deepEqual(values.map(write), [
    'undefined',
    'null',
    '-1.5',
    'NaN',
    `'it\\'s "so"\\n'`,
    '[]',
    '{}',
    "{ a: [1, { 'b c': true }] }",
  ]);
  for (const value of values.filter((some) => !Number.isNaN(some))) {
    assert.deepEqual(readArguments(write(value)), [value]);
  }
});

test('long values take several lines, very long ones are cut off', () => {
  const name = 'n'.repeat(40);
  assert.equal(write([name, { name }]), `[\n  '${name}',\n  { name: '${name}' }\n]`);
  assert.equal(write('x'.repeat(5000)), `'${'x'.repeat(3999)}… (1002 more characters)`);
});
