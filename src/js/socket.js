// One browser WebSocket: what is heard of it, and what leaves over it.

import { quietly } from './emitter.js';

/** The subprotocol of JSTP (protocol.md 1.1), and that of several messages in one (docs/extensions.md). */
const PLAIN = 'metarhia-jstp';
const BATCH = 'metarhia-jstp.batch';

/** UTF-16 units up to which messages are put together (docs/extensions.md). */
const MOST = 1 << 16;

/** The subprotocols to offer. */
export const protocols = (batch) => (batch ? [BATCH, PLAIN] : [PLAIN]);

/** Binary data read as UTF-8 (protocol.md 1.2), or undefined if it is something else. */
function textOf(data) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch {
    return undefined;
  }
}

/**
 * A WebSocket of ours, which a line hears of. What leaves over it leaves at once, or with whatever else leaves in
 * the same turn of the event loop.
 */
export class Outlet {
  socket;
  #line;
  #greeted = false;
  #waiting = [];
  /** What waits, with a comma or bracket before each. */
  #units = 0;

  constructor(socket) {
    this.socket = socket;
  }

  /** Has a line hear of it. A socket of the page's own making may refuse to tell. */
  listen(line) {
    const { socket } = this;
    this.#line = line;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.#line?.opened(this.isBatch);
    socket.onmessage = ({ data }) => this.#line?.heard(typeof data === 'string' ? data : textOf(data));
    socket.onclose = (event) => {
      const { code, reason } = event ?? {};
      this.#line?.ended(Number.isInteger(code) ? code : 1006, typeof reason === 'string' ? reason : '');
    };
    // In a browser a close event follows, which says as much as is told. Node's WebSocket has none for one that never opened.
    socket.onerror = () => this.#greeted || this.#line?.ended(1006, '');
  }

  get isBatch() {
    try {
      return this.socket.protocol === BATCH;
    } catch {
      // One of the page's own making.
      return false;
    }
  }

  send(text) {
    // The first is the handshake, which travels alone.
    if (!this.#greeted || !this.isBatch) {
      this.#greeted = true;
      return this.#transmit(text);
    }
    const units = text.length + 1;
    if (this.#units + units >= MOST) this.#flush();
    this.#units += units;
    if (this.#waiting.push(text) === 1) queueMicrotask(() => this.#flush());
  }

  /** Begins to close, after what was sent so far. */
  close(code) {
    this.#flush();
    quietly(() => this.socket.close(code));
  }

  #flush() {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    this.#units = 0;
    this.#transmit(waiting.length === 1 ? waiting[0] : `[${waiting}]`);
  }

  #transmit(text) {
    // One that the page or the network has begun to close drops the message, with a complaint to the
    // console; the session sends it over the next transport. One of the page's own making may not say.
    quietly(() => {
      if (!(this.socket.readyState >= 2)) this.socket.send(text);
    });
  }

  /** Closes it whatever state it is in; nothing is heard of it any more. */
  letGo() {
    const { socket } = this;
    this.#line = undefined;
    for (const name of ['onopen', 'onmessage', 'onclose']) quietly(() => { socket[name] = null; });
    // One given up while connecting still reports an error, which some libraries throw if nobody listens.
    quietly(() => { socket.onerror = ignore; });
    quietly(() => socket.close(1000));
  }
}

function ignore() {}
