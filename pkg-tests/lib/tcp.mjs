// HTTP and WebSocket frames over a bare TCP socket, for what no WebSocket library would send.

import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

const WAIT_MS = 8_000;

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** The key of RFC 6455's example and the answer it calls for. */
export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
export const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

/** The header lines of an upgrade as a browser sends them; `null` leaves one out. */
export function upgradeHeaders(changes = {}) {
  return {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Protocol': 'metarhia-jstp',
    ...changes,
  };
}

/** Sends one HTTP request and resolves to `{ status, headers, body, tcp }`. */
export async function request(port, { method = 'GET', path = '/', headers }) {
  const tcp = await openTcp(port);
  const lines = Object.entries(headers)
    .filter(([, value]) => value !== null)
    .flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}\r\n`));
  tcp.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  return { ...(await tcp.response()), tcp };
}

/** Upgrades; resolves to the connection, ready for frames. */
export async function openFrames(port) {
  const { status, tcp } = await request(port, { headers: upgradeHeaders() });
  if (status !== 101) throw new Error(`the upgrade was answered with ${status}`);
  return tcp;
}

/** One frame as a client sends it. */
export function frame(opcode, payload = '', { fin = true, rsv = 0, masked = true } = {}) {
  const data = Buffer.from(payload);
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  const mask = masked ? 0x80 : 0;
  let length;
  if (data.length < 126) {
    length = Buffer.from([mask | data.length]);
  } else if (data.length < 65536) {
    length = Buffer.from([mask | 126, data.length >> 8, data.length & 0xff]);
  } else {
    length = Buffer.alloc(9);
    length[0] = mask | 127;
    length.writeBigUInt64BE(BigInt(data.length), 1);
  }
  if (!masked) return Buffer.concat([Buffer.from(head), length, data]);
  const key = randomBytes(4);
  const body = Buffer.from(data);
  for (let i = 0; i < body.length; i++) body[i] ^= key[i & 3];
  return Buffer.concat([Buffer.from(head), length, key, body]);
}

/** The payload of a close frame. */
export function closePayload(code, reason = '') {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return payload;
}

function openTcp(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(new Tcp(socket)));
    socket.once('error', reject);
  });
}

class Tcp {
  #socket;
  #chunks = [];
  #length = 0;
  #wake = null;

  constructor(socket) {
    this.#socket = socket;
    this.ended = false;
    socket.on('data', (data) => {
      this.#chunks.push(data);
      this.#length += data.length;
      this.#wake?.();
    });
    const end = () => {
      this.ended = true;
      this.#wake?.();
    };
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', end);
  }

  write(data) {
    this.#socket.write(data);
  }

  /** Sends a text message in one frame. */
  send(text) {
    this.write(frame(OPCODE.text, text));
  }

  destroy() {
    this.#socket.destroy();
  }

  /** Ends with a TCP reset. */
  reset() {
    this.#socket.resetAndDestroy();
  }

  /** Resolves when the server has ended its side; rejects if it does not. */
  async end(ms = WAIT_MS) {
    await this.#until(() => this.ended, ms, 'the end of the connection');
  }

  /** An HTTP response; its body goes as far as its headers or the connection say. */
  async response() {
    await this.#until(() => this.#all().includes('\r\n\r\n'), WAIT_MS, 'a response');
    const all = this.#all();
    const end = all.indexOf('\r\n\r\n');
    const [first, ...lines] = all.subarray(0, end).toString('latin1').split('\r\n');
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    this.#take(end + 4);
    const status = Number(first.split(' ')[1]);
    return { status, headers, body: status === 101 ? '' : await this.#body(headers) };
  }

  async #body(headers) {
    if (headers['content-length'] !== undefined) {
      const length = Number(headers['content-length']);
      await this.#until(() => this.#length >= length, WAIT_MS, 'the body');
      return this.#take(length).toString();
    }
    await this.end();
    const rest = this.#take(this.#length).toString();
    // The only chunked body that stands for an empty one.
    return headers['transfer-encoding'] === 'chunked' && rest === '0\r\n\r\n' ? '' : rest;
  }

  /** The next frame from the server: `{ fin, rsv, opcode, masked, payload }`, or null at the end. */
  async frame(ms = WAIT_MS) {
    if (!(await this.#has(2, ms))) return null;
    const [first, second] = this.#peek(2);
    const short = second & 0x7f;
    const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (!(await this.#has(2 + extra, ms))) return null;
    const head = this.#peek(2 + extra);
    const length =
      extra === 2 ? head.readUInt16BE(2) : extra === 8 ? Number(head.readBigUInt64BE(2)) : short;
    if (!(await this.#has(2 + extra + length, ms))) return null;
    this.#take(2 + extra);
    return {
      fin: (first & 0x80) !== 0,
      rsv: (first >> 4) & 7,
      opcode: first & 0x0f,
      masked: (second & 0x80) !== 0,
      payload: this.#take(length),
    };
  }

  /** The next data message's text, or `close CODE`, or `end`. */
  async message() {
    let text = '';
    for (;;) {
      const got = await this.frame();
      if (got === null) return 'end';
      if (got.opcode === OPCODE.close) {
        return got.payload.length < 2 ? 'close' : `close ${got.payload.readUInt16BE()}`;
      }
      if (got.opcode > OPCODE.close) continue;
      text += got.payload.toString();
      if (got.fin) return text;
    }
  }

  async #has(length, ms) {
    await this.#until(() => this.#length >= length || this.ended, ms, 'a frame');
    return this.#length >= length;
  }

  #all() {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  #peek(length) {
    return this.#all().subarray(0, length);
  }

  #take(length) {
    const all = this.#all();
    this.#chunks = [all.subarray(length)];
    this.#length -= length;
    return all.subarray(0, length);
  }

  async #until(reached, ms, what) {
    const deadline = performance.now() + ms;
    while (!reached()) {
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`waited ${ms} ms for ${what}`);
      if (this.ended && !what.startsWith('the end')) {
        if (reached()) return;
        throw new Error(`the connection ended before ${what}`);
      }
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = null;
    }
  }
}
