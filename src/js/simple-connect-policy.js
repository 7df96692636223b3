// SimpleConnectPolicy: resume if there is a session, log in if there is a name, else anonymous
// (protocol.md 7.4).

export class SimpleConnectPolicy {
  static name = 'SimpleConnectPolicy';
  constructor(login, password) {
    this.login = login;
    this.password = password;
  }

  connect(app, connection, session, callback) {
    if (session) {
      connection.handshake(app, session, null, (error) => callback(error, connection));
    } else {
      // Without credentials, `new SimpleConnectPolicy().connect` is a policy too.
      connection.handshake(app, this?.login, this?.password, (error, created) =>
        callback(error, connection, created),
      );
    }
  }
}
