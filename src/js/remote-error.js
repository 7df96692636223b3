// RemoteError: an error that travels between peers, and the codes both know (protocol.md 9).

export const ERR_CALLBACK_LOST = -1;
export const ERR_NO_HANDSHAKE_RESPONSE = -2;
export const ERR_CONNECTION_CLOSED = -3;
export const ERR_BUFFER_FULL = -4;
export const ERR_TIMEOUT = -5;
export const ERR_APP_NOT_FOUND = 10;
export const ERR_AUTH_FAILED = 11;
export const ERR_INTERFACE_NOT_FOUND = 12;
export const ERR_INTERFACE_INCOMPATIBLE = 13;
export const ERR_METHOD_NOT_FOUND = 14;
export const ERR_NOT_A_SERVER = 15;
export const ERR_INTERNAL_API_ERROR = 16;
export const ERR_INVALID_SIGNATURE = 17;

const defaultMessages = Object.freeze({
  __proto__: null,
  [ERR_CALLBACK_LOST]: 'Connection closed before receiving callback',
  [ERR_NO_HANDSHAKE_RESPONSE]: 'Connection closed before receiving handshake',
  [ERR_CONNECTION_CLOSED]: 'Connection is closed',
  [ERR_BUFFER_FULL]: 'Too many messages wait for delivery',
  [ERR_TIMEOUT]: 'No answer within the time allowed',
  [ERR_APP_NOT_FOUND]: 'Application not found',
  [ERR_AUTH_FAILED]: 'Authentication failed',
  [ERR_INTERFACE_NOT_FOUND]: 'Interface not found',
  [ERR_INTERFACE_INCOMPATIBLE]: 'Incompatible interface',
  [ERR_METHOD_NOT_FOUND]: 'Method not found',
  [ERR_NOT_A_SERVER]: 'Not a server',
  [ERR_INTERNAL_API_ERROR]: 'Internal API error',
  [ERR_INVALID_SIGNATURE]: 'Invalid signature',
});

/** The peer's may be an object that has something else for its `toString`. */
function words(value) {
  try {
    return String(value);
  } catch {
    return JSON.stringify(value);
  }
}

export class RemoteError extends Error {
  static name = 'RemoteError';
  static defaultMessages = defaultMessages;

  constructor(code, message, info = null) {
    super(words(message || defaultMessages[code] || code));
    this.name = 'RemoteError';
    this.code = code;
    this.info = info;
  }

  /** The error that `[code, message?, ...info]` stands for. */
  static fromJstpArray(array) {
    const [code, message, ...info] = array;
    return new RemoteError(code, message, info.length > 0 ? info : null);
  }

  /** The array that travels for any value a handler may fail with. */
  static getJstpArrayFor(value) {
    // A toJSTP that answers with itself, or with another that answers with it, would never end.
    for (let depth = 0; depth < 8 && value instanceof Error; depth++) {
      if (typeof value.toJSTP !== 'function') break;
      value = value.toJSTP();
    }
    if (Array.isArray(value)) return value;
    if (typeof value === 'number') return [value];
    return [1, String(value)];
  }

  /** The array that travels for this error: a standard code goes alone. */
  toJSTP() {
    if (defaultMessages[this.code] || this.message === String(this.code)) return [this.code];
    return [this.code, this.message, ...(this.info ?? [])];
  }

  /** The name `toJSTP` had before; upstream's browser build returned nothing from it (Q61). */
  toJstpArray() {
    return this.toJSTP();
  }
}
