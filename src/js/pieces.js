// What it takes to build a value piece by piece.

/** The value of a number token. Number() reads all of them, but signs only before decimals. */
export function numberOf(token) {
  const sign = token[0] === '-' ? -1 : 1;
  return sign * Number(/^[+-]/.test(token) ? token.slice(1) : token);
}

/** Defined, not assigned: `__proto__` is a key like any other. */
export function addMember(object, key, value) {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}
