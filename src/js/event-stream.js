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
  let reader = null;
  let failure = null;
  let ended = false;

  const end = () => {
    if (ended) return;
    ended = true;
    emitter.off(name, hear);
    if (signal) quietly(() => signal.removeEventListener('abort', end));
    forget?.();
    reader?.resolve({ value: undefined, done: true });
    reader = null;
  };
  const hear = (...args) => {
    if (reader) {
      reader.resolve({ value: args, done: false });
      reader = null;
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
      if (waiting.length > 0 && !failure) {
        return Promise.resolve({ value: waiting.shift(), done: false });
      }
      if (failure) {
        const error = failure;
        failure = null;
        waiting.length = 0;
        return Promise.reject(error);
      }
      if (ended) return Promise.resolve({ value: undefined, done: true });
      // One reader at a time: a second `next` before the first is settled waits behind it.
      if (reader) return reader.promise.then(() => this.next());
      reader = {};
      reader.promise = new Promise((resolve) => {
        reader.resolve = resolve;
      });
      return reader.promise;
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
