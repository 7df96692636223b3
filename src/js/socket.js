// The sockets that this package opened, which are closed when the module behind them has failed.

import { quietly } from './emitter.js';

const opened = new WeakSet();

/** The subprotocol of JSTP (protocol.md 1.1), and that of several messages in one (docs/extensions.md). */
const PLAIN = 'metarhia-jstp';
const BATCH = 'metarhia-jstp.batch';

/** UTF-16 units up to which messages are put together (docs/extensions.md). */
const MOST = 1 << 16;

/** Opens a WebSocket, by the page's own constructor where it gave one. */
export function openSocket(url, batch, constructor) {
  const socket = new (constructor ?? WebSocket)(url, batch ? [BATCH, PLAIN] : [PLAIN]);
  opened.add(socket);
  return socket;
}

/** Has a socket tell of itself. One of the page's own making may refuse to. */
export function listen(socket, open, message, close) {
  socket.binaryType = 'arraybuffer';
  socket.onopen = open;
  socket.onmessage = ({ data }) => message({ data: typeof data === 'string' ? data : textOf(data) });
  socket.onclose = (event) => {
    const { code, reason } = event ?? {};
    close({
      code: Number.isInteger(code) ? code : 1006,
      reason: typeof reason === 'string' ? reason : '',
    });
  };
  // The close event that follows says as much as a browser tells.
  socket.onerror = ignore;
}

/** Binary data read as UTF-8 (protocol.md 1.2), or undefined if it is something else. */
function textOf(data) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch {
    return undefined;
  }
}

/** What leaves over a socket: at once, or with whatever else leaves in the same turn of the event loop. */
export class Outlet {
  #socket;
  #greeted = false;
  #waiting = [];
  /** What waits, with a comma or bracket before each. */
  #units = 0;

  constructor(socket) {
    this.#socket = socket;
  }

  get isBatch() {
    try {
      return this.#socket.protocol === BATCH;
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
    quietly(() => this.#socket.close(code));
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
      if (!(this.#socket.readyState >= 2)) this.#socket.send(text);
    });
  }
}

/** Closes one that nobody listens to any more; false if the value is none of ours. */
export function dropSocket(value) {
  if (!opened.has(value)) return false;
  for (const name of ['onopen', 'onmessage', 'onclose']) quietly(() => { value[name] = null; });
  // One given up while connecting still reports an error, which some libraries throw if nobody listens.
  quietly(() => { value.onerror = ignore; });
  quietly(() => value.close(1000));
  return true;
}

function ignore() {}
