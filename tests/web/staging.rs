//! What tests put in the place of a network, of a server and of time.

use crate::page::page;

/// Cuts the line as the network would, and lets the reconnector go on at once.
pub(crate) const CUT: &str = "
    const cut = async (connection) => {
      const closed = next(connection, 'close');
      connection.getTransport().close(4000);
      await closed;
    };
    const atOnce = (connection, reconnect) => setTimeout(reconnect);
";

/// A server as the browser's WebSocket shows it, scripted.
pub(crate) const FAKE: &str = "
    class Fake {
      static sent = [];
      constructor(url, protocols) { this.protocols = protocols; Fake.last = this; setTimeout(() => this.begin()); }
      begin() { this.onopen({}); }
      send(text) { Fake.sent.push(text); setTimeout(() => this.answer(text)); }
      answer() {}
      message(data) { this.onmessage?.({ data }); }
      end(code, reason = '') { this.onclose?.({ code, reason, wasClean: true }); }
      close(code) { this.closedWith ??= code; setTimeout(() => this.end(code)); }
    }
    const attempt = (Server, client = null, config = {}) => new Promise((resolve) =>
      ws.connect('app', client, { WebSocket: Server, ...config }, 'ws://fake/', (...all) => resolve(all)));
";

/// A JSTP server of few words: it has one session, answers every call with 7 and every ping. While
/// `refusing`, nothing listens there.
const PEER: &str = r"
    class Peer extends Fake {
      static all = [];
      static at = [];
      static refusing = false;
      static get open() { return Peer.all.filter((peer) => !peer.isOver).length; }
      constructor(...args) {
        super(...args);
        this.url = args[0];
        Peer.all.push(this);
        Peer.at.push(performance.now());
      }
      begin() { if (Peer.refusing) this.end(1006); else this.onopen?.({}); }
      end(...args) { this.isOver = true; super.end(...args); }
      answer(text) {
        if (this.isOver) return;
        const [, kind, id, rest] = /^\{(\w+):\[(-?\d+)(.*)$/.exec(text);
        if (kind === 'handshake') this.agree(rest);
        if (kind === 'ping') this.message(`{pong:[${id}]}`);
        if (kind === 'call') this.called(id, rest);
      }
      agree(rest) { this.message(rest.includes('session:') ? '{handshake:[0],ok:0}' : `{handshake:[0],ok:'id'}`); }
      called(id) { this.message(`{callback:[${id}],ok:[7]}`); }
    }
    const dial = async (client = null, Server = Peer) => {
      const connection = await ws.connect('app', client, { WebSocket: Server }, 'ws://fake/');
      opened.push(connection);
      return connection;
    };
";

/// Time that passes only when told to, for whatever has a timer or asks for the time.
const TIME: &str = "
    const time = (() => {
      const { setTimeout, clearTimeout } = globalThis;
      const real = { now: performance.now, date: Date.now, random: Math.random };
      const start = { now: performance.now(), date: Date.now() };
      const timers = new Map();
      let now = Math.ceil(start.now);
      let made = 0;
      globalThis.setTimeout = (run, delay = 0, ...args) => {
        made += 1;
        timers.set(made, { at: now + Math.max(0, delay), run: () => run(...args) });
        return made;
      };
      globalThis.clearTimeout = (timer) => timers.delete(timer);
      performance.now = () => now;
      Date.now = () => start.date + now - start.now;
      Math.random = () => time.random;
      opened.push({
        close() {
          Object.assign(globalThis, { setTimeout, clearTimeout });
          performance.now = real.now;
          Date.now = real.date;
          Math.random = real.random;
        },
      });
      // Whatever promises have to say, they have said by the next task.
      const settle = () => new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => { port1.close(); resolve(); };
        port2.postMessage(null);
      });
      const pass = async (millis, isOver = () => false) => {
        const end = now + millis;
        for (;;) {
          await settle();
          if (isOver()) return;
          const [first] = [...timers].sort(([, a], [, b]) => a.at - b.at);
          if (!first || first[1].at > end) break;
          const [id, { at, run }] = first;
          timers.delete(id);
          now = Math.max(now, at);
          run();
        }
        now = end;
      };
      return {
        random: 0,
        pass,
        // No timer rings meanwhile: the page is frozen.
        sleep(millis) { now += millis; },
        get timers() { return timers.size; },
        // What is awaited has until then; no time passes after it.
        async within(promise, millis = 100) {
          let isOver = false;
          const over = () => { isOver = true; };
          promise.then(over, over);
          await pass(millis, () => isOver);
          await settle();
          if (!isOver) throw new Error(`not within ${millis} ms`);
          return promise;
        },
      };
    })();
";

/// Runs a script against a scripted server, in virtual time.
pub(crate) async fn staged(script: &str) {
    page(&format!("{FAKE}{PEER}{TIME}{script}")).await;
}
