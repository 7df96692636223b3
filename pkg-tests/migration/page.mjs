// What the entries of differences.mjs are handed, put into a page before any library is.

export function prepare() {
  const Native = globalThis.WebSocket;
  const sockets = [];
  const sent = [];
  globalThis.WebSocket = class extends Native {
    constructor(...args) {
      super(...args);
      this.offered = [args[1]].flat();
      sockets.push(this);
    }

    send(text) {
      sent.push(text);
      super.send(text);
    }
  };

  const opened = [];
  const settle = (start) => new Promise((resolve, reject) => {
    start((error, ...results) => (error ? reject(error) : resolve(results)));
  });
  const soon = () => new Promise((resolve) => setTimeout(resolve, 1000, 'waits'));

  globalThis.look = async (see, urls) => {
    const jstp = await globalThis.library;
    /** Without reconnection: a page that has seen enough stays away. */
    const quiet = () => ({ reconnector: () => {} });
    const call = (connection, iface, method, ...args) =>
      settle((done) => connection.callMethod(iface, method, args, done));
    const open = async (client, { asItIs = false } = {}) => {
      const [connection, proxies] = await settle((done) => jstp.ws.connectAndInspect(
        'fixture', asItIs ? client : { ...quiet(), ...client }, ['calc', 'events'], urls.url, done));
      opened.push(connection);
      return { connection, proxies };
    };
    /** What becomes of a call within a second: the code it fails with, `done`, or `waits`. */
    const outcome = (start) => Promise.race([settle(start).then(() => 'done', (error) => error.code ?? error), soon()]);
    /** The arguments as they leave, or the error that keeps them. */
    const args = async (list) => {
      const { connection } = await open();
      sent.length = 0;
      try {
        connection.callMethod('echo', 'args', list, () => {});
      } catch (error) {
        return `${error.name}: ${error.message}`;
      }
      // Several may leave as one, at the end of the turn.
      await new Promise((resolve) => setTimeout(resolve));
      return sent.at(-1)?.replace(/^.*?args:(.*?)\}\]?$/, '$1');
    };
    /** Ends the transport, once the server has what was sent. */
    const breakLine = async (connection) => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      const closed = new Promise((resolve) => connection.once('close', resolve));
      sockets.at(-1).close(4000);
      await closed;
    };
    /** Errors that nobody catches while it runs, and a moment longer. */
    const uncaught = async (run) => {
      const seen = [];
      const hear = (event) => {
        event.preventDefault();
        const error = event.error ?? event.reason;
        seen.push(error?.message ?? String(error));
      };
      addEventListener('error', hear);
      addEventListener('unhandledrejection', hear);
      const result = await Promise.race([Promise.resolve().then(run), soon()]);
      await new Promise((resolve) => setTimeout(resolve, 100));
      removeEventListener('error', hear);
      removeEventListener('unhandledrejection', hear);
      return { result: result ?? null, uncaught: seen };
    };
    try {
      return await see({ jstp, ...urls, quiet, call, open, outcome, args, breakLine, uncaught, settle, sockets, sent });
    } finally {
      for (const connection of opened.splice(0)) if (!connection.closedIntentionally) connection.close();
    }
  };
}
