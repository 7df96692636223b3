// The slow way out: writes a value by walking it, and knows the place of what cannot be sent.

import { standIn } from './stand-in.js';

/** Arrays and objects open at the same time (mdsf.md 5). */
const DEPTH = 1000;

/**
 * What no server accepts in one message. The core knows the exact limit; this one is for values whose
 * text would not fit into memory, `new Array(1e9)` among them.
 */
export const LONGEST = 8 * 1024 * 1024;

/** Values that a receiver takes in one message (mdsf.md 5), but for the up to four of its header. */
export const MOST = 1024 * 1024 - 4;

/** A path longer than this is told by its beginning. */
const LONGEST_PATH = 120;

/**
 * Writes `root` as `write` of write.js describes it. Page code runs meanwhile, and may write values of its
 * own: all state is in here.
 */
export function walk(root, name, { allowNonFinite, honourToMDSF }) {
  /** Joined at the end: added to one by one, a text of millions of commas takes a hundred times its length. */
  const parts = [];
  let length = 0;
  let values = 0;
  /** The arrays and objects around the current place, which the last one's position completes. */
  const open = [];

  const add = (part) => {
    length += part.length;
    if (length > LONGEST) throw tooLong();
    parts.push(part);
  };

  /** A long one might become longer than a string can be. */
  const quote = (text) => {
    if (text.length > LONGEST) throw tooLong();
    return JSON.stringify(text);
  };

  /** The place at `level`: that of the root at 0, the current one within all that is open. */
  const place = (level = open.length) => {
    let path = name;
    for (const { keys, at } of open.slice(0, level)) {
      const longer = path + step(keys ? keys[at - 1] : at - 1);
      if (longer.length > LONGEST_PATH) return `${path}…`;
      path = longer;
    }
    return path;
  };

  const tooLong = () => new RangeError(`${place()} does not fit: a message holds at most ${LONGEST >> 20} MiB`);

  const begin = (container, keys) => {
    const same = open.findIndex((outer) => outer.container === container);
    if (same >= 0) throw new TypeError(`${place()} is ${place(same)} again: a cycle cannot be sent`);
    if (open.length === DEPTH) throw new RangeError(`${place()} is nested more than ${DEPTH} levels deep`);
    // A Proxy may claim any length.
    const count = (keys ?? container).length >>> 0;
    if (count > LONGEST) throw tooLong();
    add(keys ? '{' : '[');
    open.push({ container, keys, count, at: 0, isEmpty: true });
  };

  /** Every value counts, gaps too. */
  const tally = () => {
    if (++values > MOST) throw new RangeError(`${place()} is one too many: a message holds at most ${MOST + 4} values`);
  };

  /** What is written of anything but undefined. */
  const addValue = (value) => {
    switch (typeof value) {
      case 'number':
        if (Number.isFinite(value)) return add(JSON.stringify(value));
        if (allowNonFinite) return add(String(value));
        throw new RangeError(`${place()} is ${value}, which peers cannot read`);
      case 'string':
        return add(quote(value));
      case 'boolean':
        return add(String(value));
      case 'object':
        if (value === null) return add('null');
        // A number with all its digits.
        if (JSON.isRawJSON?.(value)) return isFinite(value.rawJSON) ? add(value.rawJSON) : addValue(JSON.parse(value.rawJSON));
        if (Array.isArray(value)) return begin(value);
        return ArrayBuffer.isView(value) ? addBytes(value) : begin(value, Object.keys(value));
      default:
        throw new TypeError(`${place()} is a ${typeof value}, which cannot be sent`);
    }
  };

  const addBytes = (bytes) => {
    if (length + bytes.length * 4 / 3 > LONGEST) throw tooLong();
    add(`"${base64(bytes)}"`);
  };

  const addElement = (list) => {
    const index = list.at++;
    const value = standIn(list.container[index], index, honourToMDSF);
    tally();
    if (index > 0) add(',');
    if (value !== undefined) addValue(value);
    // An elision otherwise. One right before the bracket would be taken for a mere separator (mdsf.md 2.3).
    else if (list.at === list.count) add('undefined');
  };

  const addMember = (object) => {
    const key = object.keys[object.at++];
    const value = standIn(object.container[key], key, honourToMDSF);
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return;
    tally();
    if (!object.isEmpty) add(',');
    object.isEmpty = false;
    add(`${quote(key)}:`);
    addValue(value);
  };

  const value = standIn(root, '', honourToMDSF);
  if (value === undefined) return 'undefined';
  tally();
  addValue(value);
  while (open.length > 0) {
    const innermost = open.at(-1);
    if (innermost.at < innermost.count) {
      if (innermost.keys) addMember(innermost);
      else addElement(innermost);
    } else {
      open.pop();
      add(innermost.keys ? '}' : ']');
    }
  }
  return parts.join('');
}

/** One step of a path, as a page would write it. */
function step(key) {
  if (typeof key === 'number') return `[${key}]`;
  key = key.slice(0, LONGEST_PATH);
  // Close enough for a reader.
  return /^[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*$/.test(key)
    ? `.${key}`
    : `[${JSON.stringify(key)}]`;
}

/** Base64 with padding, as Node's Buffer writes itself. */
function base64(bytes) {
  if (bytes.toBase64) return bytes.toBase64();
  let text = '';
  for (let start = 0; start < bytes.length; start += 0x2000) {
    text += String.fromCharCode(...bytes.subarray(start, start + 0x2000));
  }
  return btoa(text);
}
