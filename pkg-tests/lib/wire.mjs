// A WebSocket that speaks wire text: what a transcript sends and hears, nothing added.

import { WebSocket } from 'ws';

export const SUBPROTOCOL = 'metarhia-jstp';
const WAIT_MS = 5_000;

/** Opens a transport; no handshake of JSTP is made. */
export function openWire(url, { protocols = [SUBPROTOCOL], ...options } = {}) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols, { perMessageDeflate: false, ...options });
    const wire = new Wire(socket);
    socket.once('open', () => resolve(wire));
    socket.once('error', reject);
  });
}

/** Incoming messages are kept as `< text`, the close as `< close CODE`, until `next` takes them. */
class Wire {
  #socket;
  #arrived = [];
  #wake = null;

  constructor(socket) {
    this.#socket = socket;
    socket.on('message', (data, isBinary) =>
      this.#push(isBinary ? `binary ${data.toString('hex')}` : data.toString()),
    );
    socket.on('close', (code) => this.#push(`close ${code}`));
    socket.on('error', () => {});
  }

  #push(item) {
    this.#arrived.push(item);
    this.#wake?.();
  }

  get protocol() {
    return this.#socket.protocol;
  }

  /** Sends a text message, or a binary one for a Buffer. */
  send(data) {
    this.#socket.send(data);
  }

  /** The next message's text or `close CODE`; `nothing` if neither comes in time. */
  async next(ms = WAIT_MS) {
    if (this.#arrived.length === 0) {
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = null;
    }
    return this.#arrived.shift() ?? 'nothing';
  }

  /** Closes and resolves when the transport is gone. */
  close(code = 1000) {
    return new Promise((resolve) => {
      if (this.#socket.readyState === WebSocket.CLOSED) {
        resolve();
        return;
      }
      this.#socket.once('close', resolve);
      this.#socket.close(code);
    });
  }

  /** Drops TCP without a close message. */
  terminate() {
    this.#socket.terminate();
  }
}
