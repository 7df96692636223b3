// JavaScript values from a seed, for upstream's serializer to write.

const CHARACTERS = [
  '\0', '\x01', '\b', '\t', '\n', '\v', '\f', '\r', '\x1f', ' ', '"', "'", '\\', '/', '*', '`', '0',
  '9', 'A', 'a', 'b', 'n', 'u', 'x', '{', '}', '[', ']', ',', ':', '\x7f', '\x85', '\xa0', 'é', 'ÿ',
  'ж', '\u200d', '\u2028', '\u2029', '漢', '\ud800', '\udbff', '\udc00', '\udfff', '\ufeff', '\uffff',
  '😀', '\u{10ffff}',
];

const KEYS = [
  '', 'a', 'b', 'ok', 'error', 'null', 'undefined', 'class', '$', '_', 'a1', '1a', '0', '7', '10',
  '01', '-1', '1.5', '1e3', '4294967295', 'a b', "it's", '"', '\\', 'é', '漢', '😀', '\ud800', '\u2028',
  '\n', 'constructor', 'toString', 'length', 'toJSON', 'toMDSF',
];

const NUMBERS = [
  0, -0, 1, -1, 0.1, 1e-6, 1e-7, 1e20, 1e21, -1e21, 1e100, 2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2,
  Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, 2.2250738585072014e-308, 0.1 + 0.2,
];

const DEPTH = 6;

/** Returns a function that makes one value after the other; `random` gives numbers in [0, 1). */
export function generator(random) {
  const below = (bound) => Math.floor(random() * bound);
  const oneOf = (choices) => choices[below(choices.length)];
  const many = (make) => Array.from({ length: below(6) }, make);

  const text = () =>
    Array.from({ length: below(12) }, () =>
      random() < 0.25 ? String.fromCharCode(below(0x10000)) : oneOf(CHARACTERS),
    ).join('');

  const number = () => {
    switch (below(4)) {
      case 0:
        return oneOf(NUMBERS);
      case 1:
        return below(2000) - 1000;
      case 2:
        return (below(2_000_000) - 1_000_000) / 1000;
      default: {
        const view = new DataView(new ArrayBuffer(8));
        view.setUint32(0, below(2 ** 32));
        view.setUint32(4, below(2 ** 32));
        const double = view.getFloat64(0);
        return Number.isFinite(double) ? double : 0.5;
      }
    }
  };

  const key = () => (random() < 0.3 ? text() : oneOf(KEYS));

  return function value(depth = 0) {
    switch (below(depth < DEPTH ? 12 : 8)) {
      case 0:
        return undefined;
      case 1:
        return null;
      case 2:
        return random() < 0.5;
      case 3:
      case 4:
        return number();
      case 5:
      case 6:
      case 7:
        return text();
      case 8:
      case 9:
        return many(() => value(depth + 1));
      default:
        return Object.fromEntries(many(() => [key(), value(depth + 1)]));
    }
  };
}
