// Dialogues in wire text, the form in which the conformance rows are written:
//
//   > {call:[1,'calc'],answer:[]}      the client sends this text
//   < {callback:[1],ok:[42]}           the next thing to arrive is exactly this
//   < close 1000                       or the transport closes with this code
//
// In an expected line `<uuid>`, `<number>` and `<any>` stand for what cannot be foretold.

import assert from 'node:assert/strict';

import { openWire } from './wire.mjs';

const PLACEHOLDERS = {
  '<uuid>': '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}',
  '<number>': '[0-9]+(?:\\.[0-9]+)?(?:e-[0-9]+)?',
  '<any>': '.+',
};

const HANDSHAKE = `
  > {handshake:[0,'fixture']}
  < {handshake:[0],ok:'<uuid>'}
`;

// Whatever a dialogue left on its way comes before the answer to this.
const STILL_OPEN = `
  > {ping:[987654321]}
  < {pong:[987654321]}
`;

/** Splits a dialogue into its lines, checking their form. */
export function parseDialogue(text) {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  for (const line of lines) {
    assert.match(line, /^[<>] /, 'a line of a dialogue begins with "> " or "< "');
  }
  return lines;
}

/**
 * Plays a dialogue on a transport of its own. Unless `fresh`, it begins after an anonymous
 * handshake. If it does not end with a close, nothing more must arrive and the connection must
 * still answer a ping.
 */
export async function play(url, dialogue, { fresh = false } = {}) {
  const wire = await openWire(url);
  try {
    const lines = parseDialogue(dialogue);
    const closes = lines.at(-1).startsWith('< close');
    await follow(wire, [
      ...(fresh ? [] : parseDialogue(HANDSHAKE)),
      ...lines,
      ...(closes ? [] : parseDialogue(STILL_OPEN)),
    ]);
  } finally {
    wire.terminate();
  }
}

/** Sends the lines a client sends and compares what arrives with the others. */
export async function follow(wire, lines) {
  const heard = [];
  for (const line of lines) {
    if (line.startsWith('> ')) {
      wire.send(line.slice(2));
      heard.push(line);
      continue;
    }
    const got = await wire.next();
    const expected = matches(line.slice(2), got);
    heard.push(expected ? line : `< ${got}`);
    if (!expected) assert.deepEqual(heard, lines.slice(0, heard.length));
  }
}

function matches(expected, got) {
  const source = expected
    .split(/(<uuid>|<number>|<any>)/)
    .map((part) => PLACEHOLDERS[part] ?? part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('');
  return new RegExp(`^${source}$`, 's').test(got);
}
