// What the tests of payloads compare with: a writer that shares nothing with the one under test,
// values to write, and a comparison that forgives nothing.

/** A generator of numbers from 0 to 1 that gives the same ones for the same seed. */
function random(seed) {
  let state = seed + 0x9e3779b9 | 0;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let t = Math.imul(state ^ state >>> 15, 1 | state);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return ((t ^ t >>> 14) >>> 0) / 4294967296;
  };
}

class Point {
  constructor(x, y) { this.x = x; this.y = y; }
  get sum() { return this.x + this.y; }
}

/** A value of many kinds; `wild` lets in what cannot be sent. */
export function generate(seed, wild) {
  const next = random(seed);
  const below = (count) => Math.floor(next() * count);
  const pick = (list) => list[below(list.length)];
  const text = () => pick(['', 'null', 'plain', 'it\'s "so"', 'tab\tline\nnul\0', 'naïve — “ж”', '\ud800', 'x\udfffy',
    '\u2028|\u2029', '𝒳', '\\', 'Buffer', '{"0":', '\u007f\u0080', '__proto__x']);
  const number = () => pick([0, -0, 1, -1, 0.1, 1e21, 1e-7, 5e-324, -1.7976931348623157e308, 2 ** 53, below(1e9), next()]);
  const value = (depth) => {
    const roll = below(depth > 4 ? 12 : wild ? 34 : 30);
    switch (roll) {
      case 0: return null;
      case 1: return undefined;
      case 2: return true;
      case 3: return false;
      case 4: case 5: case 6: return number();
      case 7: case 8: case 9: return text();
      case 10: return new Date(pick([0, 1e12, NaN]));
      case 11: return pick([new Number(number()), new String(text()), new Boolean(next() < 0.5)]);
      case 12: return new Uint8Array(Array.from({ length: below(9) }, () => below(256)));
      case 13: return pick([new Float64Array([next()]), new DataView(new ArrayBuffer(5), 1, 3), new ArrayBuffer(below(4))]);
      case 14: { const result = value(depth + 1); return { toJSON: () => result }; }
      case 15: return { toJSON: (key) => `key ${key}` };
      case 16: return new Point(number(), value(depth + 1));
      case 17: return Object.assign(Object.create(null), { a: value(depth + 1) });
      case 18: return pick([new Map([[1, 2]]), new Set([1]), /x/, new Error('e')]);
      case 19: return { f() {}, [Symbol('s')]: 1, g: Symbol('v'), u: undefined, z: value(depth + 1) };
      case 20: { const list = new Array(below(4)); list[below(4)] = value(depth + 1); return list; }
      case 21: return { get g() { return 'got'; }, 2: text(), 1: number(), b: value(depth + 1) };
      case 22: case 23: case 24:
        return Array.from({ length: below(5) }, () => value(depth + 1));
      case 30: return NaN;
      case 31: return pick([Infinity, -Infinity, new Number(NaN)]);
      case 32: return pick([10n, Object(1n)]);
      case 33: return pick([() => {}, Symbol('lost')]);
      default: {
        const object = {};
        for (let count = below(5); count > 0; count--) object[text() + below(3)] = value(depth + 1);
        return object;
      }
    }
  };
  return [value(0), value(0)];
}

const quoted = (text) => {
  let out = '"';
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const half = (unit & 0xf800) === 0xd800;
    const paired = half && (unit < 0xdc00
      ? (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00
      : (text.charCodeAt(at - 1) & 0xfc00) === 0xd800);
    const short = { 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r', 34: '\\"', 92: '\\\\' }[unit];
    if (short) out += short;
    else if (unit < 32 || unit === 0x2028 || unit === 0x2029 || (half && !paired)) {
      out += `\\u${unit.toString(16).padStart(4, '0')}`;
    } else out += text[at];
  }
  return `${out}"`;
};

const bytes = (value) => {
  const view = value instanceof ArrayBuffer
    ? new Uint8Array(value)
    : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return `"${btoa(String.fromCharCode(...view))}"`;
};

const isBytes = (value) => value instanceof ArrayBuffer || ArrayBuffer.isView(value);

/** The text that must be written, or `refused`. */
export function reference(value, allowNonFinite) {
  const write = (value, key) => {
    if (isBytes(value)) return bytes(value);
    if (value !== null && value !== undefined && typeof value.toJSON === 'function') value = value.toJSON(key);
    if (isBytes(value)) return bytes(value);
    if (value instanceof Number || value instanceof String || value instanceof Boolean || value instanceof BigInt) {
      value = value.valueOf();
    }
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return value;
    if (value === null || typeof value === 'boolean') return `${value}`;
    if (typeof value === 'number') {
      if (!Number.isFinite(value) && !allowNonFinite) throw refused;
      return `${value}`;
    }
    if (typeof value === 'string') return quoted(value);
    if (typeof value === 'bigint') throw refused;
    if (Array.isArray(value)) {
      let out = '[';
      for (let at = 0; at < value.length; at++) {
        const text = write(value[at], `${at}`);
        if (typeof text === 'function' || typeof text === 'symbol') throw refused;
        const last = at === value.length - 1;
        out += (text ?? (last ? 'undefined' : '')) + (last ? '' : ',');
      }
      return `${out}]`;
    }
    const members = [];
    for (const key of Object.keys(value)) {
      const text = write(value[key], key);
      if (typeof text === 'string') members.push(`${quoted(key)}:${text}`);
    }
    return `{${members}}`;
  };
  const refused = new Error('refused');
  try {
    return write(value, '');
  } catch (error) {
    if (error === refused) return 'refused';
    throw error;
  }
}

/** Whether two values are the same down to holes, order, prototypes and the sign of zero. */
export function same(a, b) {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return Object.is(a, b);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Reflect.ownKeys(a);
  const others = Reflect.ownKeys(b);
  return keys.length === others.length && keys.every((key, at) => {
    const [one, two] = [a, b].map((object) => Object.getOwnPropertyDescriptor(object, key));
    return key === others[at] && one.enumerable === two.enumerable && same(one.value, two.value);
  });
}

/** The value of a JavaScript expression. */
export function evaluate(source) {
  return new Function(`return (${source});`)();
}

/** `{ toJSON }` that calls back, as page code may. */
export function calling(back) {
  return { toJSON: (key) => back(key) };
}

export function nested(levels, key) {
  let value = key === undefined ? [] : {};
  for (let level = 1; level < levels; level++) value = key === undefined ? [value] : { [key]: value };
  return value;
}
