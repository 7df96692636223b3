// What npm takes for a version range, but for its limits on numbers and lengths: the server, which reads
// ranges to the letter, applies those (protocol.md 5.3).

const number = '(?:0|[1-9]\\d*)';
const part = '[xX*]|0|[1-9]\\d*';
const build = '(?:\\+[a-zA-Z\\d-]+(?:\\.[a-zA-Z\\d-]+)*)?';
const strict = `(?:${number}|\\d*[a-zA-Z-][a-zA-Z\\d-]*)`;
const loose = '(?:\\d+|\\d*[a-zA-Z-][a-zA-Z\\d-]*)';
const prerelease = `(?:-${strict}(?:\\.${strict})*)?`;
const partial = `[v=\\s]*(?:${part})(?:\\.(?:${part})(?:\\.(?:${part})${prerelease}${build})?)?`;
const full = `v?${number}\\.${number}\\.${number}${prerelease}${build}`;
/** Three numbers in a row make a complete version, which has its own rule for what stands before it. */
const incomplete = `(?![v=\\s]*\\d+\\.\\d+\\.\\d)${partial}`;
const operator = '(?:[<>]?=?)';

const side = new RegExp(`^(?:${full}|${incomplete})$`);
/** npm writes the right side anew if it is a prerelease, so any prefix will do there. */
const rightSide = new RegExp(`^(?:${full}|${incomplete}|(?=[^+]*-)${partial})$`);
const word = new RegExp(`^(?:|(?:\\^|~>?)${partial}|${operator}(?:${full}|${incomplete}))$`);
const plainWord = new RegExp(`^${operator}${full}$`);
/** An operator, the space after it and a version, wherever npm looks for them. */
const gap = new RegExp(
  `(\\s*)(${operator})\\s*([v=\\s]*\\d+\\.\\d+\\.\\d+(?:-?${loose}(?:\\.${loose})*)?${build}|${partial})`, 'g');

export function isRange(text) {
  return text.trim().replace(/\s+/g, ' ').split('||').every(isAlternative);
}

function isAlternative(text) {
  const sides = text.trim().split(' - ');
  if (sides.length > 1) {
    return side.test(sides[0]) && rightSide.test(sides.slice(1).join(' - '));
  }
  return sides[0].replace(gap, '$1$2$3').replace(/(~)>? |(\^) /g, '$1$2').split(' ').every(isComparator);
}

function isComparator(text) {
  // What is no comparator may become one when npm drops its first star: `1.2.3*`.
  return word.test(text) || plainWord.test(text.replace(/[<>]?=?\*/, ''));
}
