// Events of a proxy as an async iterator: `for await (const [x] of proxy.events('tick')) …`

import { quietly } from './emitter.js';
import { readOptions, readSignal } from './options.js';
import { ERR_BUFFER_FULL, RemoteError } from './remote-error.js';

const LIMIT = 1000;

/**
 * An iterator over the arguments of each event from now on. It ends when the loop is left, the signal
 * aborts or the connection is closed, of which `untilEnded` tells, and fails with ERR_BUFFER_FULL when
 * more than 1000 events wait to be looked at.
 */
export function eventStream(emitter, name, untilEnded, options) {
  const signal = readSignal(readOptions(options));
  const waiting = [];
  /** What each `next` that waits for an event is resolved by. */
  const readers = [];
  let failure = null;
  let ended = false;

  const end = () => {
    if (ended) return;
    ended = true;
    emitter.off(name, hear);
    if (signal) quietly(() => signal.removeEventListener('abort', end));
    forget?.();
    for (const resolve of readers.splice(0)) resolve({ value: undefined, done: true });
  };
  const hear = (...args) => {
    if (readers.length > 0) {
      readers.shift()({ value: args, done: false });
    } else if (waiting.push(args) > LIMIT) {
      failure = new RemoteError(ERR_BUFFER_FULL, `more than ${LIMIT} events '${name}' wait`);
      end();
    }
  };
  emitter.on(name, hear);
  const forget = untilEnded(end);
  if (!forget || signal?.aborted) end();
  else if (signal) quietly(() => signal.addEventListener('abort', end));

  return {
    next() {
      return new Promise((resolve, reject) => {
        if (failure) {
          reject(failure);
          failure = null;
          waiting.length = 0;
        } else if (waiting.length > 0) {
          resolve({ value: waiting.shift(), done: false });
        } else if (ended) {
          resolve({ value: undefined, done: true });
        } else {
          readers.push(resolve);
        }
      });
    },
    return() {
      waiting.length = 0;
      end();
      return Promise.resolve({ value: undefined, done: true });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
