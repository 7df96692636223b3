// Texts into linear memory and out of it, with as few calls and objects on the way as can be.

import { unmarked } from './pieces.js';

/** More bytes than this are decoded in pieces, which spares 2 MB beyond ASCII a third of the time to read them. */
const PIECE = 1 << 17;

/**
 * Whether ASCII that is neither short nor huge is written by way of base64: V8 and JavaScriptCore encode UTF-8 a
 * character at a time and base64 many, there and back. In Firefox, which alone has the class
 * asked for here, it is the other way round.
 */
const DETOUR = Uint8Array.prototype.setFromBase64 && !globalThis.InternalError;
const SHORT = 600;
/** Beyond, the memory for base64 is asked from the system each time. */
const HUGE = 500_000;
/** After a text that was not ASCII, so many take the straight way: finding out takes longer than that. */
const WARY = 500;
/** Stands in the number of bytes that came by way of base64, each a character: Latin-1 has come as it is. */
const LATIN = 1 << 30;

const encoder = new TextEncoder();

/** What one decoder is given, in bytes: Safari up to 18.4 refuses to decode more than 2 GiB with it. */
const MOST = 2 ** 31 - 2 ** 20;
let decoder;
let left = 0;

/** A decoder that can be given so many bytes. */
function decoderOf(bytes) {
  left -= bytes.length;
  if (left < 0) {
    decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    left = MOST - bytes.length;
  }
  return decoder;
}

/** UTF-8 as text. The package's glue has no decoder of its own. */
export function decodeText(bytes) {
  return decoderOf(bytes).decode(bytes);
}

/** A buffer in linear memory that texts are written to. */
export class Inlet {
  #memory;
  #view = new Uint8Array();
  #start = 0;
  #straight = 0;
  /** How many units the last call wrote. */
  read = 0;

  constructor(memory) {
    this.#memory = memory;
  }

  /**
   * Writes `text` as UTF-8, beginning with its unit `from`; returns how many bytes that took, with `LATIN` in it
   * if they are right only where they are ASCII, or one less than minus their number if there was not room
   * for all of it.
   */
  encode(text, from, start, room) {
    let view = this.#view;
    // The same buffer serves message after message. Once memory has grown, the view has no length.
    if (view.length !== room || this.#start !== start) {
      view = this.#view = new Uint8Array(this.#memory.buffer, start, room);
      this.#start = start;
    }
    const { length } = text;
    if (DETOUR && from === 0 && length > SHORT && length < HUGE && length <= room && --this.#straight < 0) {
      try {
        return view.setFromBase64(btoa(text)).written | LATIN;
      } catch {
        this.beware();
      }
    }
    const rest = from === 0 ? text : text.slice(from);
    const { read, written } = encoder.encodeInto(rest, view);
    if (read === rest.length) return written;
    this.read = read;
    return -1 - written;
  }

  /** The last text was not ASCII, and the next are not expected to be. */
  beware() {
    this.#straight = WARY;
  }
}

/**
 * The value of JSON text, or undefined if the engine has no memory for it. Marked text says what JSON cannot.
 */
export function valueOf(json, isMarked) {
  try {
    const value = JSON.parse(json.length > PIECE ? inPieces(json) : decodeText(json));
    return isMarked ? unmarked(value) : value;
  } catch {
    return undefined;
  }
}

function inPieces(bytes) {
  const decoder = decoderOf(bytes);
  let text = '';
  for (let start = 0; start < bytes.length; start += PIECE) {
    text += decoder.decode(bytes.subarray(start, start + PIECE), { stream: true });
  }
  return text + decoder.decode();
}

/**
 * A message of a head, a payload and what closes it. Beyond any limit it is the payload alone: a string can be no
 * longer than half a gigabyte, and an exception here would be the end of the module.
 */
export function message(head, payload) {
  return payload.length > 2 ** 28 ? payload : `${head}${payload}}`;
}

/** How many bytes the text takes as UTF-8. */
export function bytesOf(text) {
  return encoder.encode(text).length;
}

/** 2 for a character that may begin an unquoted key, 1 for one that may stand in it, 0 for others. */
export function identifierClass(code) {
  const c = String.fromCodePoint(code);
  return /\p{ID_Start}/u.test(c) ? 2 : Number(/\p{ID_Continue}/u.test(c));
}
