// Waiter: whoever waits for an outcome, by a callback or by the promise that is handed out in its place.

import { quietly, report } from './emitter.js';

/** Engines call no function with many more arguments; they throw instead. */
const MOST_ARGUMENTS = 30_000;

export class Waiter {
  #settle;
  /** Set during the call that the callback was given to, inside which it does not run. */
  isAsking = false;
  /** Called when it is over, before whoever waits hears of it. */
  over;

  constructor(callback) {
    if (callback) {
      this.#settle = (failed, args) => {
        try {
          callback(...args);
        } catch (error) {
          report(error);
        }
      };
    } else {
      this.promise = new Promise((resolve, reject) => {
        this.#settle = (failed, args) => (failed ? reject(args[0]) : resolve(args[1]));
      });
    }
  }

  #once(failed, args) {
    const settle = this.#settle;
    this.#settle = null;
    this.over?.();
    if (this.isAsking) queueMicrotask(() => settle?.(failed, args));
    else settle?.(failed, args);
  }

  /** Nobody waits after all. */
  cancel() {
    this.#settle = null;
  }

  get isOver() {
    return this.#settle === null;
  }

  /** Success. A promise gets nothing, the one result, or an array of several. */
  done(results) {
    if (this.promise) this.#once(false, [null, results.length > 1 ? results : results[0]]);
    else if (results.length <= MOST_ARGUMENTS) this.#once(false, [null, ...results]);
    else this.failed(new RangeError('there are more results than a callback can take'));
  }

  /** Failure; there may be a connection to hand out, which a callback gets and a promise's error has. */
  failed(error, connection) {
    if (this.promise && connection && typeof error === 'object' && error !== null) {
      // A frozen error keeps what it has, and one of the page's own may refuse.
      quietly(() => { error.connection = connection; });
    }
    this.#once(true, connection ? [error, connection] : [error]);
  }
}
