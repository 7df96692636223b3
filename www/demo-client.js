// All of the page that speaks JSTP. It is written with callbacks, as both jstp-wasm and
// @metarhia/jstp take them, so `jstp` may be either.

const APPLICATION = 'demo';
const INTERFACES = ['chat', 'calculator', 'clock'];

/**
 * Connects to the demo application at `url` and inspects its interfaces.
 * @param {object} jstp the library
 * @param {string} url where the server is
 * @param {boolean} resumes whether the library is to open another transport by itself when one breaks
 * @param {object} heard called with what happens later: `event(interfaceName, name, args)` for each
 *   event from the server, `closed()` once the connection is gone, and if it resumes
 *   `changed(state, detail)` for each other state and `sessionLost()` when the server forgot the session
 * @param {(error: unknown, demo?: DemoClient) => void} callback
 */
export function connect(jstp, url, resumes, heard, callback) {
  const application = new jstp.Application('demo-page', {});
  application.handleEvent = (connection, interfaceName, name, args) => {
    heard.event(interfaceName, name, args);
  };
  const client = { application };
  // Upstream's own would lose what is said meanwhile, so there it is up to the person.
  if (!resumes) client.reconnector = () => {};
  const done = once((error, connection, proxies) => {
    if (error) {
      connection?.close();
      callback(error);
      return;
    }
    const demo = new DemoClient(jstp, connection, proxies);
    // What goes wrong with the network ends in a close as well.
    connection.on('error', () => {});
    const closed = () => {
      demo.closed();
      heard.closed();
    };
    if (resumes) {
      connection.on('stateChange', (state, previous, detail) => {
        if (state === 'closed') closed();
        else heard.changed(state, detail);
      });
      connection.on('sessionLost', () => heard.sessionLost());
    } else {
      connection.on('close', closed);
    }
    callback(null, demo);
  });
  jstp.ws.connectAndInspect(APPLICATION, client, INTERFACES, url, done);
}

/** An open connection to the demo, with a method for everything the page asks of it. */
class DemoClient {
  #jstp;
  #connection;
  #proxies;
  #waiting = new Set();

  constructor(jstp, connection, proxies) {
    this.#jstp = jstp;
    this.#connection = connection;
    this.#proxies = proxies;
  }

  /** What the connection is doing; upstream's has no `state`, but tells whether it is ready. */
  get state() {
    const { state, handshakeDone } = this.#connection;
    return state ?? (handshakeDone ? 'ready' : 'closed');
  }

  get sessionId() {
    return this.#connection.session.id;
  }

  /** Interfaces the server was asked about, each with the names of its methods. */
  get interfaces() {
    return Object.entries(this.#proxies).map(([name, proxy]) => ({ name, methods: methods(proxy) }));
  }

  /** `callback(error, { name, members })` */
  join(name, callback) {
    this.#proxies.chat.join(name, this.#expect(callback));
  }

  /** `callback(error)` */
  say(text, callback) {
    this.#proxies.chat.say(text, this.#expect(callback));
  }

  /** `callback(error, [{ from, text, time }, …])` */
  history(callback) {
    this.#proxies.chat.history(this.#expect(callback));
  }

  /** `callback(error, result)`; the operation is the name of the calculator's method. */
  calculate(operation, left, right, callback) {
    this.#proxies.calculator[operation](left, right, this.#expect(callback));
  }

  /** `callback(error, time)` */
  now(callback) {
    this.#proxies.clock.now(this.#expect(callback));
  }

  /** Calls `listener(...args)` for each such event of the interface. */
  on(interfaceName, event, listener) {
    this.#proxies[interfaceName].on(event, listener);
  }

  /** Ends what `on` began. */
  forgetListeners() {
    for (const proxy of Object.values(this.#proxies)) proxy.removeAllListeners();
  }

  /** Any method at all: `callback(error, ...results)`. Throws if the arguments cannot be sent. */
  call(interfaceName, method, args, callback) {
    this.#connection.callMethod(interfaceName, method, args, this.#expect(callback));
  }

  /** `callback(error, { name, methods })` */
  inspect(interfaceName, callback) {
    const answered = this.#expect((error, proxy) => {
      callback(error, error ? undefined : { name: interfaceName, methods: methods(proxy) });
    });
    this.#connection.inspectInterface(interfaceName, answered);
  }

  close() {
    this.#connection.close();
  }

  /** Ends the transport under the connection, which is not told that this was on purpose. */
  cut() {
    this.#connection.getTransport()?.close(4000);
  }

  /** The connection is gone. Upstream would leave whoever still waits for an answer waiting. */
  closed() {
    const { RemoteError, ERR_CALLBACK_LOST } = this.#jstp;
    for (const callback of this.#waiting) callback(new RemoteError(ERR_CALLBACK_LOST));
  }

  #expect(callback) {
    const answered = once((...outcome) => {
      this.#waiting.delete(answered);
      callback(...outcome);
    });
    this.#waiting.add(answered);
    return answered;
  }
}

const methods = (proxy) => Object.keys(proxy).filter((name) => typeof proxy[name] === 'function');

/** Upstream reports some failures twice; the first report counts. */
function once(callback) {
  let called = false;
  return (...args) => {
    if (called) return;
    called = true;
    callback(...args);
  };
}
