// The fixture's applications for upstream's server: `fixture`, `other` and, on demand, `update`.

import { jstp } from '../lib/upstream.mjs';

/** An Application that answers every event on `events` with `got`. */
class FixtureApplication extends jstp.Application {
  handleEvent(connection, interfaceName, eventName, args) {
    if (interfaceName === 'events') {
      connection.emitRemoteEvent('events', 'got', [eventName, args]);
    }
  }
}

/**
 * The applications of a server. `server` returns it once it exists, `provider` is the store it was
 * created with and `createProvider` makes a store for an application of its own.
 */
export function createApplications({ server, provider, createProvider }) {
  const otherProvider = createProvider();
  const state = { server, provider, otherProvider, perSession: new WeakMap() };

  const fixture = ['1.0.0', '1.2.3', '2.0.0'].map((version) => {
    const answer = version.startsWith('1.') ? 42 : 24;
    return new FixtureApplication('fixture', fixtureApi(state, answer), {}, version);
  });
  const other = new jstp.Application(
    'other',
    { calc: { answer: (connection, callback) => callback(null, 7) }, session: sessionInterface },
    {},
    '1.0.0',
    otherProvider,
  );

  const list = () => [...fixture, other];
  state.useUpdate = (which) => server().updateApplications([...list(), ...updateVersions(which)]);
  return { list };
}

function fixtureApi(state, answer) {
  return {
    calc: {
      answer: (connection, callback) => callback(null, answer),
      add: (connection, a, b, callback) => callback(null, a + b),
      divide(connection, a, b, callback) {
        if (b === 0) callback(new Error('Zero division'));
        else callback(null, a / b);
      },
    },
    echo: echoInterface(state),
    fail: failInterface,
    session: sessionInterface,
    events: eventsInterface(state),
    back: backInterface,
    admin: adminInterface(state),
  };
}

/** What the fixture remembers for one session, beside the session's own storage. */
function memory(state, connection) {
  const { session } = connection;
  if (!state.perSession.has(session)) {
    state.perSession.set(session, { counts: new Map(), late: [] });
  }
  return state.perSession.get(session);
}

const echoInterface = (state) => ({
  one: (connection, x, callback) => callback(null, x),
  many: (connection, a, b, c, callback) => callback(null, a, b, c),
  none: (connection, callback) => callback(null),
  later: (connection, ms, x, callback) => void setTimeout(() => callback(null, x), ms),
  never: (connection, callback) => void callback,
  count(connection, key, callback) {
    const { counts } = memory(state, connection);
    counts.set(key, (counts.get(key) ?? 0) + 1);
    callback(null, counts.get(key));
  },
});

const failInterface = {
  code: (connection, n, callback) => callback(n),
  custom: (connection, callback) =>
    callback(new jstp.RemoteError(1025, 'Custom failure', ['a', { b: 2 }])),
  text: (connection, s, callback) => callback(s),
  // The arity is what the protocol looks at.
  throws(connection, callback) {
    throw new Error('thrown on purpose');
  },
  async rejects(connection) {
    throw new Error('rejected on purpose');
  },
};

const sessionInterface = {
  id: (connection, callback) => callback(null, connection.session.id),
  username: (connection, callback) => callback(null, connection.username),
  set(connection, key, value, callback) {
    connection.session.set(key, value);
    callback(null);
  },
  get(connection, key, callback) {
    if (connection.session.has(key)) callback(null, connection.session.get(key));
    else callback(null);
  },
  version: (connection, callback) => callback(null, connection.application.version),
};

const eventsInterface = (state) => ({
  emit(connection, name, args, callback) {
    connection.emitRemoteEvent('events', name, args);
    callback(null);
  },
  flood(connection, n, payload, callback) {
    for (let i = 0; i < n; i++) {
      connection.emitRemoteEvent('events', 'tick', [i, payload]);
    }
    callback(null, n);
  },
  broadcast(connection, name, args, callback) {
    const count = state.server().getClientsArray().length;
    state.server().broadcast('events', name, ...args);
    callback(null, count);
  },
});

/** Turns a request's outcome into the fixture's `{ ok }` or `{ error }`. */
const outcome = (done) => (error, ...results) =>
  done(error ? { error: wireError(error) } : { ok: results });

const wireError = (error) => (error instanceof jstp.RemoteError ? error.toJSTP() : [error]);

const backInterface = {
  invoke(connection, iface, method, args, callback) {
    connection.callMethod(iface, method, args, outcome((result) => callback(null, result)));
  },
  invokeResend(connection, iface, method, args, callback) {
    connection.callMethodWithResend(
      iface,
      method,
      args,
      outcome((result) => callback(null, result)),
    );
  },
  inspect(connection, iface, callback) {
    connection.inspectInterface(iface, (error, proxy) => {
      if (error) {
        callback(null, { error: wireError(error) });
        return;
      }
      // The proxy would go on to hear the client's events, and `error` would throw (Q58).
      delete connection.remoteProxies[iface];
      const names = Object.keys(proxy).filter((name) => typeof proxy[name] === 'function');
      callback(null, names);
    });
  },
  ping(connection, callback) {
    const start = performance.now();
    connection.ping(() => callback(null, performance.now() - start));
  },
};

const adminInterface = (state) => ({
  close(connection, callback) {
    callback(null);
    connection.close();
  },
  forget(connection, callback) {
    callback(null);
    const { session, application } = connection;
    connection.once('close', () => {
      (application.sessionsStorage ?? state.provider).delete(session.id);
      // The index's own `delete` only notes when to forget.
      Map.prototype.delete.call(state.server()._clientsBySessionId, session.id);
    });
    connection.close();
  },
  invokeLater(connection, ms, iface, method, args, callback) {
    const { late } = memory(state, connection);
    setTimeout(() => {
      connection.callMethod(iface, method, args, outcome((result) => void late.push(result)));
    }, ms);
    callback(null);
  },
  lateAnswers: (connection, callback) => callback(null, memory(state, connection).late),
  apps(connection, which, callback) {
    state.useUpdate(which);
    callback(null);
  },
  adopt(connection, callback) {
    state.server().updateConnectionsApi();
    callback(null);
  },
});

/** The versions of application `update` that `admin.apps(which)` installs. */
function updateVersions(which) {
  const method = (result) => ({ method: (connection, callback) => callback(null, result) });
  const update = (version, api) => new jstp.Application('update', { update: api }, {}, version);
  switch (which) {
    case 'old':
      return [update('1.0.0', method(42))];
    case 'new':
      return [update('1.0.0', method(42)), update('1.1.0', method(420))];
    case 'breaking':
      return [update('2.0.0', { other: (connection, callback) => callback(null) })];
    default:
      return [];
  }
}
