// What a page does with upstream's browser bundle. It runs in the browser, so it uses nothing from
// outside itself; it returns what it saw, line by line.

export async function useBundle(url) {
  const { jstp } = window.api;
  const seen = [];
  const see = (what, ...details) => {
    seen.push(`${what}: ${details.map((one) => JSON.stringify(one)).join(' ')}`);
  };
  const settle = (start) =>
    new Promise((resolve, reject) => {
      setTimeout(reject, 10_000, new Error('no answer within 10 s'));
      start((error, ...results) => {
        if (error) reject(error instanceof Error ? error : new Error(`not an Error: ${error}`));
        else resolve(results);
      });
    });
  const failure = async (what, start) => {
    const error = await settle(start).then(
      () => ({ message: 'succeeded' }),
      (reason) => reason,
    );
    see(what, error.name, error.code, error.message, error.info);
  };
  // Without reconnection: a page that has seen enough stays away.
  const clientWith = (options) => ({ reconnector: () => {}, ...options });
  const connect = (app, options) =>
    settle((done) => jstp.ws.connect(app, clientWith(options), url, done));

  const page = {
    greet: (connection, name, callback) => callback(null, `hello ${name}`),
    refuse: (connection, callback) => callback(new jstp.RemoteError(1234, 'no', ['why'])),
  };
  const application = new jstp.Application('page', { page });

  const [connection, proxies] = await settle((done) =>
    jstp.ws.connectAndInspect(
      'fixture@1', clientWith({ application }), ['calc', 'events', 'echo'], url, done,
    ),
  );
  connection.on('error', (error) => see('error', String(error)));
  see('connected', Object.keys(proxies), connection.username, connection.session.id.length);

  const call = (iface, method, ...args) =>
    settle((done) => connection.callMethod(iface, method, args, done));

  see('answer', await settle((done) => proxies.calc.answer(done)));
  see('add', await settle((done) => proxies.calc.add(1.5, 2, done)));
  see('many', await call('echo', 'many', null, [1, [2, undefined, 3]], { a: 'é 😀', 'b c': "it's" }));
  see('none', await call('echo', 'none'));
  see('later', await call('echo', 'later', 20, 'x'));
  const long = 'long text '.repeat(20_000);
  see('long text', (await call('echo', 'one', long))[0] === long);
  const sums = await Promise.all(Array.from({ length: 50 }, (_, i) => call('calc', 'add', i, i)));
  see('sums', sums.flat());

  await failure('unknown interface', (done) => connection.callMethod('nope', 'm', [], done));
  await failure('unknown method', (done) => connection.callMethod('calc', 'nope', [], done));
  await failure('wrong signature', (done) => connection.callMethod('calc', 'add', [1], done));
  await failure('exception', (done) => connection.callMethod('fail', 'throws', [], done));
  await failure('plain error', (done) => proxies.calc.divide(1, 0, done));
  await failure('custom error', (done) => connection.callMethod('fail', 'custom', [], done));
  await failure('unknown interface, inspected', (done) => connection.inspectInterface('nope', done));

  for (const name of ['tick', 'hello', 'got']) {
    proxies.events.on(name, (...args) => see(`event ${name}`, ...args));
  }
  await call('events', 'emit', 'hello', ['page', { n: 1 }]);
  see('flood', await call('events', 'flood', 3, 'p'));
  proxies.events.emit('said', 'something', 1);
  await settle((done) => connection.ping(done));
  see('pong');

  see('called', await call('back', 'invoke', 'page', 'greet', ['bob']));
  see('refused', await call('back', 'invoke', 'page', 'refuse', []));
  see('missing', await call('back', 'invoke', 'page', 'nope', []));
  see('inspected', await call('back', 'inspect', 'page'));
  see('pinged', (await call('back', 'ping'))[0] >= 0);

  const closed = new Promise((resolve) => connection.once('close', resolve));
  await call('admin', 'close');
  await closed;
  see('closed by the server');

  await failure('unknown application', (done) => jstp.ws.connect('nope', clientWith(), url, done));
  await failure('no such version', (done) => jstp.ws.connect('fixture@3', clientWith(), url, done));
  for (const [login, password] of [['marcus', 'secret'], ['marcus', 'x'], ['blocked', 'x']]) {
    const connectPolicy = () => new jstp.SimpleConnectPolicy(login, password);
    try {
      const [user] = await connect('fixture', { connectPolicy: connectPolicy() });
      see('login', login, user.username);
      user.close();
    } catch (error) {
      see('login refused', login, error.code, error.message);
    }
  }
  return seen;
}
