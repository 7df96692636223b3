// Whether JSON.stringify says all there is to say about a value.
//
// The look costs about a sixth of the stringifying, so it is kept to what the engine does fast: one
// property of each object that plain data does not have, `for in`, and `typeof`. It may be wrong in
// one direction only: whoever is sent away is written by a slower writer that is always right.

import { MOST } from './walk.js';

/** How many values there may be yet; a shared one counts wherever it stands. */
let left;

/** Deeper values are rare enough to take the slow way; a cycle is one of them. */
const DEEP = 100;

const { isArray } = Array;
const { toString } = Object.prototype;
const { toJSON, toISOString } = Date.prototype;

/** Whether JSON.stringify would send something else than MDSF can, or may, or more than a message may hold. */
export function differs(value) {
  // A getter may write a value of its own.
  const outer = left;
  left = MOST;
  const does = listDiffers([value], -1);
  left = outer;
  return does;
}

function listDiffers(list, depth) {
  const { length } = list;
  if (depth === DEEP || list.toJSON !== undefined || (left -= length) < 0) return true;
  for (let index = 0; index < length; index++) {
    const value = list[index];
    if (typeof value === 'string') continue;
    if (typeof value === 'object') {
      if (value !== null && (isArray(value) ? listDiffers(value, depth + 1) : objectDiffers(value, depth + 1))) return true;
    } else if (typeof value === 'number') {
      // NaN for NaN and the infinities.
      if (value - value !== 0) return true;
    } else if (typeof value !== 'boolean') {
      return true;
    }
  }
  return false;
}

function objectDiffers(object, depth) {
  if (object.toJSON !== undefined) return !isPlainDate(object);
  // Buffers and their views have one; what they would be sent as is not what they hold.
  if (depth === DEEP || object.byteLength !== undefined) return true;
  let count = 0;
  for (const name in object) {
    count++;
    const value = object[name];
    if (typeof value === 'string') continue;
    if (typeof value === 'object') {
      if (value === null) continue;
      if (!isArray(value)) {
        if (objectDiffers(value, depth + 1)) return true;
        continue;
      }
      // What listDiffers does, for the most frequent of its callers: so much of the time are the calls.
      const { length } = value;
      if (depth + 1 === DEEP || value.toJSON !== undefined || (left -= length) < 0) return true;
      for (let index = 0; index < length; index++) {
        const element = value[index];
        if (typeof element === 'string') continue;
        if (typeof element === 'object') {
          if (element !== null && (isArray(element) ? listDiffers : objectDiffers)(element, depth + 2)) return true;
        } else if (typeof element === 'number') {
          if (element - element !== 0) return true;
        } else if (typeof element !== 'boolean') {
          return true;
        }
      }
    } else if (typeof value === 'number') {
      if (value - value !== 0) return true;
    } else if (typeof value !== 'boolean' && value !== undefined && memberDiffers(value)) {
      return true;
    }
  }
  if (count === 0) return object instanceof Number || toString.call(object) === '[object Number]';
  // JSON.rawJSON may have brought a number that is none to a peer.
  return (left -= count) < 0 || (count === 1 && object.rawJSON !== undefined);
}

/** Functions and symbols are left out as members, by JSON and by us; a function may have a toJSON. */
function memberDiffers(value) {
  return typeof value === 'bigint' || value.toJSON !== undefined;
}

/** A date that nobody has given another way to write itself. */
function isPlainDate(object) {
  return object instanceof Date && object.toJSON === toJSON && object.toISOString === toISOString;
}
