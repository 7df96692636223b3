// Texts into linear memory and out of it, with as few calls and objects on the way as can be.

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A buffer in linear memory that texts are written to. */
export class Inlet {
  #memory;
  #view = new Uint8Array();

  constructor(memory) {
    this.#memory = memory;
  }

  /** Writes `text` as UTF-8; returns its length in bytes, or −1 if there is not room for all of it. */
  encode(text, start, room) {
    let view = this.#view;
    // The same buffer serves message after message. Memory that has grown is a new object.
    if (view.buffer !== this.#memory.buffer || view.byteOffset !== start || view.byteLength !== room) {
      view = this.#view = new Uint8Array(this.#memory.buffer, start, room);
    }
    const { read, written } = encoder.encodeInto(text, view);
    return read === text.length ? written : -1;
  }
}

/** The value of JSON text, or undefined if the engine has no memory for it. */
export function valueOf(json) {
  try {
    return JSON.parse(decoder.decode(json));
  } catch {
    return undefined;
  }
}
