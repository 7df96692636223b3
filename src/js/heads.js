// What stands around the payload of a message after its id, and the names that may stand there (Q40).

import { escaped } from './write.js';

/** In single quotes, as upstream has it, unless that takes a look at each character. */
export const quoted = (text) => (/^[ -&(-[\]-~]*$/.test(text) ? `'${text}'` : escaped(JSON.stringify(text)));

/** A key as it is in a message; older readers know no letters beyond ASCII in a bare one. */
const key = (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name));

function refuse(what, name, why) {
  throw new TypeError(`${what} '${name}' cannot be sent: ${why}`);
}

function checkInterface(name) {
  if (name === '') refuse('interface', name, 'it is empty');
}

/** `kind` is the message's first key. */
function checkVerb(kind, what, name) {
  if (name === kind) refuse(what, name, "it would take the place of the message's header");
  if (name === '__proto__') refuse(what, name, 'JavaScript peers take it for the prototype');
  if (String(name >>> 0) === name && name !== '4294967295') {
    refuse(what, name, 'JavaScript peers move such keys to the front');
  }
}

/** A call (`kind` is `call`, `what` is `method`) or an event, after its id and up to its closing brace. */
export function target(kind, what, interfaceName, name, payload) {
  checkInterface(interfaceName);
  checkVerb(kind, what, name);
  return `,${quoted(interfaceName)}],${key(name)}:${payload}`;
}

/** An inspect, likewise. */
export function inspection(interfaceName) {
  checkInterface(interfaceName);
  return `,${quoted(interfaceName)}]`;
}

/** A handshake as a whole; without a strategy it is anonymous. */
export function handshake({ name, range }, strategy, credentials) {
  const version = range === undefined ? '' : `,${quoted(range)}`;
  const rest = strategy === undefined ? '' : `,${key(strategy)}:${credentials}`;
  return `{handshake:[0,${quoted(name)}${version}]${rest}}`;
}

/** Refuses a strategy that the protocol has another meaning for. */
export function checkStrategy(name) {
  if (name === 'anonymous' || name === 'session') {
    refuse('strategy', name, 'the protocol gives it a meaning of its own');
  }
  checkVerb('handshake', 'strategy', name);
}
