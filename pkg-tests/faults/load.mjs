// Load on a connection while its line breaks. All of it runs in the page, so each function uses
// nothing from outside itself but `window`.

/** Connects with a reconnector that hardly waits, and an application that the server may call. */
export async function connect(url) {
  const { Application, ws } = window.jstp;
  const hits = new Map();
  const gots = [];
  const ticks = new Map();
  const application = new Application('page', {
    page: {
      hit(connection, key, callback) {
        hits.set(key, (hits.get(key) ?? 0) + 1);
        callback(null, key);
      },
    },
  }, {
    events: {
      got(connection, name, [i]) {
        gots.push(i);
      },
      tick(connection, i, flood) {
        if (!ticks.has(flood)) ticks.set(flood, []);
        ticks.get(flood).push(i);
      },
    },
  });
  const client = {
    application,
    inDoubtTimeout: 100,
    reconnector: (connection, reconnect) => void setTimeout(reconnect, 10 * Math.random()),
  };
  const connection = await ws.connect('fixture', client, url);
  Object.assign(window, { connection, hits, gots, ticks });
}

/**
 * Calls, emits and is called, `size` times each, never with more than a few hundred calls at once.
 * Resolves once everything is settled; how is in `window.outcomes`, for each kind of call a map from
 * its key to all that was ever told of it.
 */
export async function load(size) {
  const { connection } = window;
  const outcomes = { plain: {}, promised: {}, resent: {}, back: {}, flood: {} };
  window.outcomes = outcomes;
  let pending = 0;
  let wake = null;
  const settle = (kind, key, outcome) => {
    const told = (outcomes[kind][key] ??= []);
    told.push(outcome);
    if (told.length === 1) pending -= 1;
    wake?.();
  };
  const settled = (kind, key) => (error, result) =>
    settle(kind, key, error ? { error: error.code ?? String(error) } : { ok: result });
  const promise = (kind, key, promised) =>
    promised.then(
      (result) => settled(kind, key)(null, result),
      (error) => settled(kind, key)(error),
    );
  const room = (limit) =>
    new Promise((resolve) => {
      wake = () => {
        if (pending <= limit) resolve();
      };
      wake();
    });

  for (let i = 0; i < size; i++) {
    connection.emitRemoteEvent('events', 'note', [i]);
    pending += 1;
    const key = `call ${i}`;
    if (i % 5 === 0) {
      connection.callMethodWithResend('echo', 'count', [key], settled('resent', key));
    } else if (i % 2 === 0) {
      connection.callMethod('echo', 'count', [key], settled('plain', key));
    } else {
      void promise('promised', key, connection.callMethod('echo', 'count', [key]));
    }
    if (i % 10 === 0) {
      pending += 1;
      const back = connection.callMethod('back', 'invoke', ['page', 'hit', [key]]);
      void promise('back', key, back);
    }
    if (i % 100 === 0) {
      pending += 1;
      void promise('flood', key, connection.callMethod('events', 'flood', [30, key]));
    }
    await room(300);
  }
  await room(0);
}

/** Asks the server how often it was called, once more with each key; resolves to the counts. */
export async function executions(keys) {
  const { connection } = window;
  const counts = keys.map((key) => connection.callMethod('echo', 'count', [key]));
  return (await Promise.all(counts)).map((count) => count - 1);
}

/** What arrived from the server by itself. */
export function arrived() {
  const { gots, hits, ticks } = window;
  return { gots, hits: Object.fromEntries(hits), ticks: Object.fromEntries(ticks) };
}
