// Session: what a page keeps of a session, with a map for its own data (protocol.md 4.1).

export class Session extends Map {
  constructor(connection, username, sessionId) {
    super();
    this.id = sessionId;
    this.connection = connection;
    this.username = username ?? null;
  }
}
