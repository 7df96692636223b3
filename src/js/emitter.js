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
  quietly(() => console.error(...args));
}

/** For what page code may refuse, and nothing depends on. */
export function quietly(act) {
  try {
    act();
  } catch {
    // Its own business.
  }
}

function checkListener(listener) {
  if (typeof listener !== 'function') {
    throw new TypeError(`listener must be a function, got ${typeof listener}`);
  }
}

/** The key of a method that hears when listeners come or go, where a class has one. */
export const changed = Symbol('changed');

export class Emitter {
  #listeners = new Map();
  #limit = 10;

  #add(name, listener, once, first) {
    checkListener(listener);
    // Before it is there, as in Node. Internal, so a proxy sends nothing of it (Q58).
    if (this.#listeners.has('newListener')) {
      Emitter.emitLocally(this, 'newListener', [name, listener]);
    }
    const entry = { listener, once };
    const entries = this.#listeners.get(name);
    if (!entries) this.#listeners.set(name, [entry]);
    else if (first) entries.unshift(entry);
    else entries.push(entry);
    this[changed]?.();
    return this;
  }

  #remove(name, entry) {
    const entries = this.#listeners.get(name);
    const index = entries?.indexOf(entry) ?? -1;
    if (index < 0) return;
    if (entries.length === 1) this.#listeners.delete(name);
    else entries.splice(index, 1);
    this[changed]?.();
    if (this.#listeners.has('removeListener')) {
      Emitter.emitLocally(this, 'removeListener', [name, entry.listener]);
    }
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
    if (!this.#listeners.has('removeListener')) {
      if (name === undefined) this.#listeners.clear();
      else this.#listeners.delete(name);
      this[changed]?.();
      return this;
    }
    // One by one, the last first and those that hear of it in the end, as in Node.
    const others = this.eventNames().filter((other) => other !== 'removeListener');
    for (const each of name === undefined ? [...others, 'removeListener'] : [name]) {
      const entries = this.#listeners.get(each) ?? [];
      for (const entry of [...entries].reverse()) this.#remove(each, entry);
    }
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

  rawListeners(name) {
    return this.listeners(name);
  }

  eventNames() {
    return [...this.#listeners.keys()];
  }

  /** Kept for pages that set it; nobody is warned of too many listeners here. */
  setMaxListeners(limit) {
    this.#limit = limit;
    return this;
  }

  getMaxListeners() {
    return this.#limit;
  }

  /** Calls the listeners, whatever a subclass makes of `emit`. True if there were any. */
  static emitLocally(emitter, name, args) {
    const entries = emitter.#listeners.get(name);
    if (!entries) {
      if (name === 'error') complain(args);
      return false;
    }
    // A copy: it goes on with the listeners it began with.
    for (const entry of entries.slice()) {
      if (entry.once) {
        // An emit within this one may have come first.
        if (entry.isSpent) continue;
        entry.isSpent = true;
        emitter.#remove(name, entry);
      }
      try {
        entry.listener.apply(emitter, args);
      } catch (error) {
        report(error);
      }
    }
    return true;
  }
}
