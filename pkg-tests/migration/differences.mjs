// What docs/migration.md says is different: for each row of its tables a piece of a page, and what it sees
// with upstream's library and with ours. They run in a browser, so they use nothing from outside themselves
// but what page.mjs hands them. A pattern stands for a text that differs from run to run.

export const differences = [
  {
    row: 'Names',
    see: ({ jstp }) => Object.keys(jstp).filter((name) => !/^ERR_/.test(name)).sort(),
    upstream: ['Application', 'Connection', 'RemoteError', 'RemoteProxy', 'Server', 'Session', 'SimpleConnectPolicy',
      'SimpleSessionStorageProvider', 'createAppsIndex', 'net', 'tls', 'ws', 'wss'],
    here: ['Application', 'Connection', 'RemoteError', 'RemoteProxy', 'Session', 'SimpleConnectPolicy', 'init', 'ws'],
  },
  {
    row: 'Codes',
    see: ({ jstp }) => Object.keys(jstp).filter((name) => /^ERR_/.test(name)).map((name) => jstp[name])
      .sort((one, other) => one - other),
    upstream: [-2, -1, 10, 11, 12, 13, 14, 15, 16, 17],
    here: [-5, -4, -3, -2, -1, 10, 11, 12, 13, 14, 15, 16, 17],
  },
  {
    row: '`ws.Transport`',
    see: ({ jstp }) => typeof jstp.ws.Transport,
    upstream: 'function',
    here: 'undefined',
  },
  {
    row: 'Fields of a connection',
    see: async ({ open }) => {
      const { connection } = await open();
      return ['application', 'client', 'remoteProxies', 'session', 'transport', 'state', 'stats', 'rtt']
        .filter((name) => name in connection);
    },
    upstream: ['application', 'client', 'remoteProxies', 'session', 'transport'],
    here: ['application', 'client', 'remoteProxies', 'session', 'state', 'stats', 'rtt'],
  },
  {
    row: 'Fields of a session',
    see: async ({ open }) => {
      const { connection } = await open();
      return ['id', 'connection', 'username', 'buffer', 'receivedCount', 'guaranteedDeliveredCount',
        'latestBufferedMessageId'].filter((name) => name in connection.session);
    },
    upstream: ['id', 'connection', 'username', 'buffer', 'receivedCount', 'guaranteedDeliveredCount',
      'latestBufferedMessageId'],
    here: ['id', 'connection', 'username'],
  },
  {
    row: '`new Session(null)`',
    see: ({ jstp }) => typeof new jstp.Session(null).id,
    upstream: 'string',
    here: 'undefined',
  },
  {
    row: 'The event `newListener` of a proxy',
    see: async ({ open, sent }) => {
      const { proxies } = await open();
      const seen = [];
      proxies.events.on('newListener', (name) => seen.push(name));
      proxies.events.on('x', () => {});
      return [seen, sent.some((text) => text.includes('newListener'))];
    },
    upstream: [['x'], true],
    here: [['x'], false],
  },
  {
    row: 'A page’s own `error`',
    see: async ({ open }) => {
      const { connection } = await open();
      try {
        connection.emit('error', new Error('mine'));
      } catch (error) {
        return `thrown: ${error.message}`;
      }
      return 'not thrown';
    },
    upstream: 'thrown: mine',
    here: 'not thrown',
  },
  {
    row: '`toJstpArray()`',
    see: ({ jstp }) => new jstp.RemoteError(1025, 'x').toJstpArray(),
    upstream: undefined,
    here: [1025, 'x'],
  },
  {
    row: '`connect` without a callback',
    see: ({ jstp, url, quiet, uncaught }) => uncaught(async () =>
      jstp.ws.connect('fixture', quiet(), url)?.constructor.name),
    upstream: { result: null, uncaught: ['e is not a function'] },
    here: { result: 'Promise', uncaught: [] },
  },
  {
    row: 'A malformed address',
    see: ({ jstp, quiet }) => {
      let isDuring = true;
      return new Promise((resolve) => {
        jstp.ws.connect('fixture', quiet(), 'no://where#at all', (error) =>
          resolve(`${error.name} ${isDuring ? 'during the call' : 'after it'}`));
        isDuring = false;
      });
    },
    upstream: 'SyntaxError during the call',
    here: 'TypeError after it',
  },
  {
    row: 'A server that is not there',
    see: ({ jstp, quiet, nowhere, settle }) => settle((done) => jstp.ws.connect('fixture', quiet(), nowhere, done))
      .catch((error) => `${error instanceof Error}: ${error.message}`),
    upstream: 'false: undefined',
    here: /^true: Cannot connect to ws:/,
  },
  {
    row: 'Subprotocols offered',
    see: async ({ open, sockets }) => {
      await open();
      return sockets.at(-1).offered;
    },
    upstream: ['metarhia-jstp'],
    here: ['metarhia-jstp.batch', 'metarhia-jstp'],
  },
  {
    row: 'An invalid range',
    see: async ({ jstp, url, quiet, settle, sockets }) => {
      const before = sockets.length;
      await settle((done) => jstp.ws.connect('fixture@nope', quiet(), url, done)).catch(() => {});
      return sockets.length - before;
    },
    upstream: 1,
    here: 0,
  },
  {
    row: 'A server that stays silent',
    see: ({ jstp, silent, quiet }) => Promise.race([
      new Promise((resolve) => {
        jstp.ws.connect('fixture', { ...quiet(), handshakeTimeout: 50 }, silent, (error) => resolve(error.code));
      }),
      new Promise((resolve) => setTimeout(resolve, 1000, 'waits')),
    ]),
    upstream: 'waits',
    here: -2,
  },
  {
    row: 'A refused `connectAndInspect`',
    see: ({ jstp, url, quiet }) => new Promise((resolve) => {
      jstp.ws.connectAndInspect('nope', quiet(), [], url, (error, connection) => resolve(typeof connection));
    }),
    upstream: 'undefined',
    here: 'object',
  },
  {
    row: 'The client object',
    see: async ({ open }) => {
      const client = { heartbeatInterval: 0 };
      await open(client, { asItIs: true });
      return Object.keys(client);
    },
    upstream: ['heartbeatInterval', 'application', 'connectPolicy', 'reconnector', '_connectionOptions', '_connectionTransport'],
    here: ['heartbeatInterval'],
  },
  {
    row: '`connection.client` of a connection without one',
    see: async ({ open }) => {
      const { connection } = await open(null, { asItIs: true });
      return connection.client === null;
    },
    upstream: false,
    here: true,
  },
  {
    row: 'Settings of the wrong type',
    see: ({ jstp, url, quiet, settle }) => settle((done) =>
      jstp.ws.connect('fixture', { ...quiet(), heartbeatInterval: 'often' }, url, done))
      .then(([connection]) => { connection.close(); return 'connected'; }, (error) => error.name),
    upstream: 'connected',
    here: 'TypeError',
  },
  {
    row: 'A call without a callback',
    see: async ({ open }) => {
      const { connection } = await open();
      return (await connection.callMethod('calc', 'add', [1, 2])) ?? null;
    },
    upstream: null,
    here: 3,
  },
  {
    row: 'A failed call without a callback',
    see: async ({ open }) => {
      const { connection } = await open();
      const told = new Promise((resolve) => connection.on('error', (error) => resolve(`error: ${error.code}`)));
      const rejected = (async () => connection.callMethod('calc', 'nope', []))()
        .then(() => new Promise(() => {}), (error) => `rejected: ${error.code}`);
      return Promise.race([told, rejected]);
    },
    upstream: 'error: 14',
    here: 'rejected: 14',
  },
  {
    row: 'A lost call',
    see: async ({ jstp, url, open, call, settle, breakLine }) => {
      const { connection } = await open({ inDoubtTimeout: 0 });
      const lost = call(connection, 'echo', 'never').catch((error) => error);
      await breakLine(connection);
      await settle((done) => jstp.ws.reconnect(connection, url, done));
      const error = await lost;
      return error instanceof Error ? `${error.name} ${error.code}` : error;
    },
    upstream: -1,
    here: 'RemoteError -1',
  },
  {
    row: 'A lost call, when a later one was answered',
    see: async ({ jstp, url, open, call, settle, outcome, breakLine }) => {
      const { connection } = await open({ inDoubtTimeout: 0 });
      const lost = outcome((done) => connection.callMethod('echo', 'never', [], done));
      await call(connection, 'calc', 'answer');
      await breakLine(connection);
      await settle((done) => jstp.ws.reconnect(connection, url, done));
      return lost;
    },
    upstream: 'waits',
    here: -1,
  },
  {
    row: 'Pending calls when `close()` is called',
    see: async ({ open, outcome }) => {
      const { connection } = await open();
      const pending = outcome((done) => connection.callMethod('echo', 'never', [], done));
      connection.close();
      return pending;
    },
    upstream: 'waits',
    here: -1,
  },
  {
    row: 'A call after `close()`',
    see: async ({ open, outcome }) => {
      const { connection } = await open();
      connection.close();
      return outcome((done) => connection.callMethod('calc', 'answer', [], done));
    },
    upstream: 'waits',
    here: -3,
  },
  {
    row: 'Resent calls',
    see: async ({ jstp, url, open, settle, sent, breakLine }) => {
      const { connection } = await open({ inDoubtTimeout: 0 });
      connection.callMethodWithResend('echo', 'later', [100_000, 'x'], () => {});
      await breakLine(connection);
      sent.length = 0;
      await settle((done) => jstp.ws.reconnect(connection, url, done));
      await new Promise((resolve) => setTimeout(resolve, 200));
      return sent.find((text) => text.includes('later'))?.match(/later:\[.*?\]\}/)[0];
    },
    upstream: 'later:[]}',
    here: 'later:[100000,"x"]}',
  },
  {
    row: 'A trailing `undefined`',
    see: ({ args }) => args([1, undefined]),
    upstream: '[1,]',
    here: '[1,undefined]',
  },
  { row: 'Bytes', see: ({ args }) => args([new Uint8Array([1, 2])]), upstream: "[{'0':1,'1':2}]", here: '["AQI="]' },
  {
    row: 'NaN and the infinities',
    see: ({ args }) => args([{ price: NaN }]),
    upstream: '[{price:NaN}]',
    here: 'RangeError: args[0].price is NaN, which peers cannot read',
  },
  {
    row: 'Functions and symbols in a list',
    see: ({ args }) => args([1, () => {}, 2]),
    upstream: '[1,,2]',
    here: 'TypeError: args[1] is a function, which cannot be sent',
  },
  {
    row: 'Cycles',
    see: ({ args }) => {
      const value = {};
      value.self = value;
      return args([value]);
    },
    upstream: 'RangeError: Maximum call stack size exceeded',
    here: 'TypeError: args[0].self is args[0] again: a cycle cannot be sent',
  },
  {
    row: '`toMDSF`',
    see: ({ args }) => args([{ toMDSF: () => 'mine' }]),
    upstream: "['mine']",
    here: '[{}]',
  },
  {
    row: 'Names that break a message',
    see: async ({ open, sent }) => {
      const { connection } = await open();
      sent.length = 0;
      try {
        connection.emitRemoteEvent('events', 'event', [5]);
      } catch (error) {
        return error.name;
      }
      return sent[0];
    },
    upstream: '{event:[5]}',
    here: 'TypeError',
  },
  {
    row: 'What `proxy.emit` returns',
    see: async ({ open }) => (await open()).proxies.events.emit('said') ?? null,
    upstream: null,
    here: false,
  },
  {
    row: 'A listener that throws',
    see: async ({ open, call, uncaught }) => {
      const opened = await open();
      let heard = 0;
      opened.proxies.events.on('x', () => { throw new Error('mine'); });
      opened.proxies.events.on('x', () => { heard += 1; });
      await uncaught(() => call(opened.connection, 'events', 'emit', 'x', []));
      return heard;
    },
    upstream: 0,
    here: 1,
  },
  {
    row: 'The peer’s event `error`, nobody listening',
    see: async ({ open, call, uncaught }) => {
      const { connection } = await open();
      return uncaught(async () => {
        await call(connection, 'events', 'emit', 'error', []);
      });
    },
    upstream: { result: null, uncaught: ['Unhandled error.'] },
    here: { result: null, uncaught: [] },
  },
  {
    row: 'A second inspection',
    see: async ({ open, settle }) => {
      const { connection, proxies } = await open();
      const [again] = await settle((done) => connection.inspectInterface('calc', done));
      return again === proxies.calc;
    },
    upstream: false,
    here: true,
  },
  {
    row: 'Events for logging',
    see: async ({ open, call }) => {
      const { connection } = await open();
      const seen = [];
      for (const name of ['incomingMessage', 'outgoingMessage', 'callback']) connection.on(name, () => seen.push(name));
      await call(connection, 'calc', 'answer');
      return seen;
    },
    upstream: ['callback'],
    here: ['outgoingMessage', 'incomingMessage', 'callback'],
  },
  {
    row: 'The reconnector after `close()`',
    see: async ({ open, sockets }) => {
      let asked = 0;
      const { connection } = await open({
        reconnector: (_, reconnect) => { if (++asked === 1) setTimeout(() => reconnect(() => {}), 10); },
      });
      const before = sockets.length;
      const closed = new Promise((resolve) => connection.once('close', resolve));
      connection.close();
      await closed;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return [asked, sockets.length - before];
    },
    upstream: [1, 1],
    here: [1, 0],
  },
  {
    row: 'The close code',
    see: async ({ open, sockets }) => {
      const { connection } = await open();
      const closed = new Promise((resolve) => sockets.at(-1).addEventListener('close', resolve));
      connection.close();
      return (await closed).code;
    },
    upstream: 1005,
    here: 1000,
  },
  {
    row: '`getTransport()` between two transports',
    see: async ({ open, call }) => {
      const { connection } = await open();
      const closed = new Promise((resolve) => connection.once('close', resolve));
      await call(connection, 'admin', 'close');
      await closed;
      return connection.getTransport() === null;
    },
    upstream: false,
    here: true,
  },
  {
    row: 'A session that the server has forgotten',
    see: async ({ open, call, outcome }) => {
      const { connection } = await open({ reconnector: (_, reconnect) => setTimeout(reconnect, 10) });
      const pending = outcome((done) => connection.callMethod('echo', 'never', [], done));
      connection.on('error', () => {});
      await call(connection, 'admin', 'forget').catch(() => {});
      return pending;
    },
    upstream: 'waits',
    here: -1,
  },
  {
    row: 'The user of a resumed session',
    see: async ({ jstp, url, open }) => {
      const login = new jstp.SimpleConnectPolicy('marcus', 'secret');
      const { connection } = await open({ connectPolicy: login });
      const session = jstp.Session.fromString(connection.session.toString());
      connection.close();
      return (await open({ session })).connection.username;
    },
    upstream: null,
    here: 'marcus',
  },
  {
    row: 'Methods of a class',
    see: async ({ jstp, open, call }) => {
      class Dialog {
        ask(connection, callback) {
          callback(null, 'yes');
        }
      }
      const { connection } = await open({ application: new jstp.Application('page', { dialog: new Dialog() }) });
      const [answer] = await call(connection, 'back', 'invoke', 'dialog', 'ask', []);
      return answer;
    },
    upstream: { ok: ['yes'] },
    here: { error: [14] },
  },
  {
    row: 'Two answers',
    see: async ({ jstp, open, call, sent }) => {
      const dialog = { ask: (connection, callback) => { callback(null, 1); callback(null, 2); } };
      const { connection } = await open({ application: new jstp.Application('page', { dialog }) });
      sent.length = 0;
      await call(connection, 'back', 'invoke', 'dialog', 'ask', []);
      return sent.join().match(/\{callback:/g).length;
    },
    upstream: 2,
    here: 1,
  },
];
