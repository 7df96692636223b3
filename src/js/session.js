// Session: what outlives a transport, with a map for the page's own data (protocol.md 4.1, 4.7).

import { Connection } from './connection.js';

function isCount(value) {
  return Number.isSafeInteger(value) && value >= 0;
}

function isListOf(value, is) {
  return Array.isArray(value) && value.every(is);
}

function isBuffered(entry) {
  return Array.isArray(entry) && isCount(entry[0]) && typeof entry[1] === 'string';
}

// In the order in which `toString` writes them.
const fresh = {
  guaranteedDeliveredCount: 0,
  buffer: [],
  receivedCount: 0,
  latestBufferedMessageId: 0,
};

export class Session extends Map {
  static name = 'Session';
  // The state of a session that no connection is at work on.
  #state = fresh;

  constructor(connection, username, sessionId) {
    super();
    this.id = sessionId;
    this.connection = connection ?? null;
    this.username = username ?? null;
  }

  /** JSON in the form upstream reads and writes; a page may keep it and resume from it later. */
  toString() {
    const { id, username } = this;
    return JSON.stringify({ id, username, ...Session.state(this), storage: [...this] });
  }

  // For the reason a Connection has one.
  get [Symbol.toStringTag]() {
    return 'Session';
  }

  /** The session that `toString`, here or upstream's, wrote down. */
  static fromString(text) {
    const stored = JSON.parse(text) ?? {};
    const { id, username, guaranteedDeliveredCount, buffer, receivedCount } = stored;
    const storage = stored.storage ?? [];
    const latestBufferedMessageId = Math.abs(stored.latestBufferedMessageId);
    const isSession =
      typeof id === 'string' &&
      [guaranteedDeliveredCount, receivedCount, latestBufferedMessageId].every(isCount) &&
      isListOf(buffer, isBuffered) &&
      isListOf(storage, Array.isArray);
    if (!isSession) throw new TypeError('the text is not a stored session');
    const session = new Session(null, username, id);
    session.#state = { guaranteedDeliveredCount, buffer, receivedCount, latestBufferedMessageId };
    for (const [key, value] of storage) session.set(key, value);
    return session;
  }

  // What follows is for this package.

  /** Counts and buffer: the connection's, while it is at work on this session. */
  static state(session) {
    const { connection } = session;
    if (connection instanceof Connection && connection.session === session) {
      session.#state = Connection.sessionState(connection) ?? session.#state;
    }
    return session.#state;
  }

  /** Whether a connection can go on with it: a frozen one could not say whose it is. */
  static is(value) {
    return typeof value === 'object' && value !== null && #state in value && typeof value.id === 'string'
      && Object.isExtensible(value);
  }
}
