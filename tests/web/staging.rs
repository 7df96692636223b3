//! What tests put in the place of a network and of a server.

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
