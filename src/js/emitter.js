// An emitter with the methods people know from Node, in which one listener's failure is nobody
// else's.

/** Tells the developer of an exception that page code threw where nobody can catch it. */
export function report(error) {
  try {
    if (typeof reportError === 'function') reportError(error);
    else console.error(error);
  } catch {
    // A console that throws, as some test runners have it, must not stop what is under way.
  }
}

function complain(args) {
  try {
    console.error(...args);
  } catch {
    // As above.
  }
}

function checkListener(listener) {
  if (typeof listener !== 'function') {
    throw new TypeError(`listener must be a function, got ${typeof listener}`);
  }
}

/** The key of a method that hears of each name that is listened to, where a class has one. */
export const added = Symbol('added');

export class Emitter {
  #listeners = new Map();

  #add(name, listener, once, first) {
    checkListener(listener);
    const entry = { listener, once };
    const entries = this.#listeners.get(name) ?? [];
    // A new array each time: an emit under way goes on with the listeners it began with.
    this.#listeners.set(name, first ? [entry, ...entries] : [...entries, entry]);
    this[added]?.(name);
    return this;
  }

  #remove(name, entry) {
    const entries = this.#listeners.get(name)?.filter((other) => other !== entry);
    if (entries?.length) this.#listeners.set(name, entries);
    else this.#listeners.delete(name);
  }

  on(name, listener) {
    return this.#add(name, listener, false, false);
  }

  addListener(name, listener) {
    return this.#add(name, listener, false, false);
  }

  prependListener(name, listener) {
    return this.#add(name, listener, false, true);
  }

  once(name, listener) {
    return this.#add(name, listener, true, false);
  }

  prependOnceListener(name, listener) {
    return this.#add(name, listener, true, true);
  }

  off(name, listener) {
    checkListener(listener);
    // The one added last goes first, as in Node.
    const entry = this.#listeners.get(name)?.findLast((other) => other.listener === listener);
    if (entry) this.#remove(name, entry);
    return this;
  }

  removeListener(name, listener) {
    return this.off(name, listener);
  }

  removeAllListeners(name) {
    if (name === undefined) this.#listeners.clear();
    else this.#listeners.delete(name);
    return this;
  }

  emit(name, ...args) {
    return Emitter.emitLocally(this, name, args);
  }

  listenerCount(name) {
    return this.#listeners.get(name)?.length ?? 0;
  }

  listeners(name) {
    return (this.#listeners.get(name) ?? []).map((entry) => entry.listener);
  }

  eventNames() {
    return [...this.#listeners.keys()];
  }

  /** Calls the listeners, whatever a subclass makes of `emit`. True if there were any. */
  static emitLocally(emitter, name, args) {
    const entries = emitter.#listeners.get(name);
    if (!entries) {
      if (name === 'error') complain(args);
      return false;
    }
    for (const entry of entries) {
      if (entry.once) emitter.#remove(name, entry);
      try {
        entry.listener.apply(emitter, args);
      } catch (error) {
        report(error);
      }
    }
    return true;
  }
}
