// A stretch of TCP between the browser and a server, on which a test decides what passes.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Begins to listen for the server at `port`; `close()` ends it. */
export async function openLine(port) {
  const line = new Line(port);
  await line.listen();
  return line;
}

class Line {
  /** Where the server listens. */
  target;
  /** Transports that were opened so far. */
  accepted = 0;
  /** Transports that were cut so far. */
  cuts = 0;
  /** Drops whoever comes. */
  refusing = false;
  /** Milliseconds by which everything arrives later. */
  delay = 0;
  /** Returns `{ up, down }` for a new transport: after so many bytes of either it is cut. */
  limits = () => ({});
  #links = new Set();
  #server = createServer((client) => this.#accept(client));
  #changed = [];

  constructor(target) {
    this.target = target;
  }

  async listen() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `ws://127.0.0.1:${this.#server.address().port}`;
  }

  /** Transports that are open. */
  get open() {
    return this.#links.size;
  }

  /** Drops every transport, at both ends. */
  cut() {
    for (const link of this.#links) this.#cut(link);
  }

  /** Half-open: present transports stay, and nothing passes over them any more. */
  freeze() {
    for (const link of this.#links) link.freeze();
  }

  /** Drops the transports that were frozen, at both ends. */
  cutFrozen() {
    for (const link of this.#links) if (link.frozen) this.#cut(link);
  }

  /** Resolves once the condition holds, looked at whenever a transport comes or goes. */
  async until(condition) {
    while (!condition()) await new Promise((resolve) => this.#changed.push(resolve));
  }

  close() {
    this.cut();
    return new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  #accept(client) {
    if (this.refusing) {
      client.destroy();
      return;
    }
    this.accepted += 1;
    const { up = Infinity, down = Infinity } = this.limits();
    const link = new Link(client, connect(this.target, '127.0.0.1'), () => this.delay, {
      ended: () => {
        this.#links.delete(link);
        this.#tell();
      },
      limit: () => this.#cut(link),
    });
    this.#links.add(link);
    link.pass(up, down);
    this.#tell();
  }

  #cut(link) {
    this.cuts += 1;
    link.destroy();
    this.#tell();
  }

  #tell() {
    for (const resolve of this.#changed.splice(0)) resolve();
  }
}

class Link {
  #client;
  #server;
  #delay;
  #tell;
  #frozen = false;

  constructor(client, server, delay, tell) {
    this.#client = client;
    this.#server = server;
    this.#delay = delay;
    this.#tell = tell;
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      // How it ended is of no interest; `close` follows.
      socket.on('error', () => {});
      socket.on('close', () => this.#closed());
    }
  }

  pass(up, down) {
    this.#forward(this.#client, this.#server, up);
    this.#forward(this.#server, this.#client, down);
  }

  get frozen() {
    return this.#frozen;
  }

  freeze() {
    this.#frozen = true;
    this.#client.pause();
    this.#server.pause();
  }

  destroy() {
    this.#frozen = false;
    this.#client.destroy();
    this.#server.destroy();
  }

  #forward(from, to, limit) {
    let left = limit;
    from.on('data', (data) => {
      const delay = this.#delay();
      const part = data.subarray(0, left);
      left -= part.length;
      // What has left arrives before the cut.
      const done = left > 0 ? undefined : () => this.#tell.limit();
      const write = () => {
        if (!this.#frozen && !to.destroyed) to.write(part, done);
      };
      if (delay > 0) setTimeout(write, delay).unref();
      else write();
    });
    from.on('end', () => {
      if (!this.#frozen) to.end();
    });
  }

  #closed() {
    // Over a frozen line neither end hears of the other's.
    if (!this.#frozen) this.destroy();
    if (this.#client.destroyed && this.#server.destroyed) this.#tell.ended();
  }
}
