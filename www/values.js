// Values as text, the way one writes them in JavaScript: read what a person typed, write what came.

const LONGEST = 4000;
const LINE = 60;

/** A value as text: on one line if it is short, and cut off if it is very long. */
export function write(value) {
  const text = writeAt(value, '');
  if (text.length <= LONGEST) return text;
  return `${text.slice(0, LONGEST)}… (${text.length - LONGEST} more characters)`;
}

function writeAt(value, indent) {
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const deeper = `${indent}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const parts = Array.isArray(value)
    ? Array.from(value, (item) => writeAt(item, deeper))
    : Object.entries(value).map(([key, item]) => `${writeKey(key)}: ${writeAt(item, deeper)}`);
  if (parts.length === 0) return open + close;
  const line = parts.join(', ');
  if (line.length <= LINE && !line.includes('\n')) {
    return open === '{' ? `{ ${line} }` : `[${line}]`;
  }
  return `${open}\n${parts.map((part) => deeper + part).join(',\n')}\n${indent}${close}`;
}

const writeKey = (key) => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key));

function quote(text) {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${inner}'`;
}

/**
 * Reads values separated by commas: JSON, and besides that single quotes, bare keys, a comma after
 * the last item, and `undefined`. Throws a SyntaxError that says what was expected, and where.
 */
export function readArguments(text) {
  return new Reader(text).list('');
}

const WORDS = new Map([['null', null], ['true', true], ['false', false], ['undefined', undefined]]);
const ESCAPES = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', 0: '\0' };

// Number() reads no sign before 0x.
const toNumber = (text) => (text[0] === '-' ? -1 : 1) * Number(text.replace(/^[+-]/, ''));

class Reader {
  #text;
  #at = 0;

  constructor(text) {
    this.#text = text;
  }

  /** Items up to `end`, where '' is the end of the text. */
  list(end) {
    const values = [];
    while (!this.#ends(end)) {
      values.push(this.#value());
      this.#separator(end);
    }
    return values;
  }

  #value() {
    if (this.#take('[')) return this.list(']');
    if (this.#take('{')) return this.#object();
    const quoted = this.#match(/["']/y);
    if (quoted) return this.#string(quoted);
    const number = this.#match(/[+-]?(?:0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/y);
    if (number) return toNumber(number);
    const start = this.#at;
    const word = this.#match(/[A-Za-z_$][\w$]*/y);
    if (WORDS.has(word)) return WORDS.get(word);
    this.#at = start;
    throw this.#expected(word ? `'${word}' in quotes, or a number` : 'a value');
  }

  #object() {
    const object = {};
    while (!this.#ends('}')) {
      const quoted = this.#match(/["']/y);
      const key = quoted ? this.#string(quoted) : this.#match(/[A-Za-z_$][\w$]*|\d+/y);
      if (key === null) throw this.#expected('a key');
      if (!this.#take(':')) throw this.#expected(`a colon after '${key}'`);
      // Defined, not assigned: a key may be `__proto__`.
      Object.defineProperty(object, key, {
        value: this.#value(),
        configurable: true,
        enumerable: true,
        writable: true,
      });
      this.#separator('}');
    }
    return object;
  }

  #string(quoted) {
    let text = '';
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at];
      this.#at += 1;
      if (character === quoted) return text;
      text += character === '\\' ? this.#escape() : character;
    }
    throw this.#expected(`${quoted} at the end of the text`);
  }

  #escape() {
    const code = /(?:u([\da-fA-F]{4})|x([\da-fA-F]{2}))/y;
    code.lastIndex = this.#at;
    const found = code.exec(this.#text);
    if (found) {
      this.#at = code.lastIndex;
      return String.fromCharCode(parseInt(found[1] ?? found[2], 16));
    }
    const character = this.#text[this.#at] ?? '';
    this.#at += 1;
    return ESCAPES[character] ?? character;
  }

  #separator(end) {
    if (this.#take(',') || this.#peeks(end)) return;
    throw this.#expected(end ? `a comma or ${end}` : 'a comma');
  }

  #ends(end) {
    if (!this.#peeks(end)) return false;
    this.#at += end.length;
    return true;
  }

  #peeks(end) {
    this.#skipSpace();
    return end === '' ? this.#at >= this.#text.length : this.#text.startsWith(end, this.#at);
  }

  #take(sign) {
    return this.#peeks(sign) && this.#ends(sign);
  }

  /** What the pattern finds here, or null. */
  #match(pattern) {
    this.#skipSpace();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (!found) return null;
    this.#at = pattern.lastIndex;
    return found[0];
  }

  #skipSpace() {
    while (/\s/.test(this.#text.charAt(this.#at))) this.#at += 1;
  }

  #expected(what) {
    const rest = this.#text.slice(this.#at).trim();
    const got = rest ? `“${rest.slice(0, 12)}${rest.length > 12 ? '…' : ''}”` : 'the end';
    return new SyntaxError(`${what} was expected, not ${got} (character ${this.#at + 1})`);
  }
}
