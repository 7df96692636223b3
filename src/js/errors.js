// What Rust and the wire say went wrong, as errors.

import { ERR_BUFFER_FULL, ERR_CONNECTION_CLOSED, RemoteError } from './remote-error.js';

/** Kinds of refusal by the number that src/connection.rs has for them. */
const REFUSALS = [
  () => new RemoteError(ERR_CONNECTION_CLOSED),
  () => new RemoteError(ERR_BUFFER_FULL),
  (limit) => new RangeError(`the message is larger than ${limit} bytes`),
  () => new Error('a handshake needs an open transport that has had none'),
];

/** The error for something that was not sent. */
export function refusal(kind, limit) {
  return REFUSALS[kind](limit);
}

/** What an array from the peer stands for. */
export function errorOf(array) {
  return typeof array?.[0] === 'number'
    ? RemoteError.fromJstpArray(array)
    : new Error('the peer answered with an error that has no code');
}
