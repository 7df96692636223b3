// The text of what a page sends. The engine's JSON.stringify writes whatever it writes exactly, and
// walk.js the rest; the text never enters linear memory but as a reference.

import { differs } from './look.js';
import { LONGEST, walk } from './walk.js';

/** A string of one-byte characters is not searched at all. */
const SEPARATORS = /[\u2028\u2029]/;

/**
 * Writes a value as the text of a payload. `name` is what an error calls it: with `args`, one reads
 * `args[0].price is NaN`. `allowNonFinite` and `honourToMDSF` are those of a transport's options.
 *
 * What JSON has is written as JSON.stringify would, with the same calls of `toJSON`; `undefined` in
 * arrays stays itself, buffers and their views become base64 (mdsf.md 4.1). Getters may be read twice.
 * Throws a TypeError or RangeError that names the place of what cannot be sent, or whatever a getter or
 * a `toJSON` threw.
 */
export function write(value, name, options) {
  let text;
  try {
    if (!options.honourToMDSF && !differs(value)) {
      text = JSON.stringify(value);
      if (text.length > LONGEST) text = undefined;
    }
  } catch {
    // A bigint, a text longer than a string can be, or page code that threw. The slow writer meets it again and
    // knows where it is.
  }
  return escaped(text ?? walk(value, name, options));
}

/** Line terminators in JavaScript; upstream's native parser takes them for the end of the text. */
export function escaped(text) {
  return SEPARATORS.test(text) ? text.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029') : text;
}
