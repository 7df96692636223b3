// What JSON cannot say, out of JSON in which it is marked (crates/proto/src/mdsf/json.rs).

/** The value that marked JSON stands for. */
export function unmarked(value) {
  if (typeof value === 'string') {
    const rest = value.slice(1);
    return value[0] === 's' ? rest : value[0] === 'n' ? numberOf(rest) : undefined;
  }
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== 'object' || value === null) return value;
  const object = {};
  const { '': members } = value;
  for (let at = 0; at < members.length; at += 2) {
    // Defined, not assigned: `__proto__` is a key like any other.
    Object.defineProperty(object, unmarked(members[at]), {
      value: unmarked(members[at + 1]),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
  return object;
}

/** The value of a number token. Number() reads all of them, but signs only before decimals. */
function numberOf(token) {
  const sign = token[0] === '-' ? -1 : 1;
  return sign * Number(token.replace(/^[+-]/, ''));
}
