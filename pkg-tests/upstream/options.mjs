// The fixture server's command line, as far as upstream has the settings behind it.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** Reads the flags; throws a TypeError that names what it cannot use. */
export function parseOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      fixture: { type: 'boolean' },
      listen: { type: 'string', default: '127.0.0.1:0' },
      heartbeat: { type: 'string' },
      'client-expiration': { type: 'string' },
      'handshake-timeout': { type: 'string' },
      'session-lifetime': { type: 'string' },
      origin: { type: 'string', multiple: true, default: [] },
      greet: { type: 'boolean', default: false },
      'tls-cert': { type: 'string' },
      'tls-key': { type: 'string' },
    },
  });

  const colon = values.listen.lastIndexOf(':');
  const host = values.listen.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const port = Number(values.listen.slice(colon + 1));
  if (colon < 0 || !Number.isInteger(port)) {
    throw new TypeError(`--listen must be HOST:PORT, not ${values.listen}`);
  }
  if (![undefined, '3000'].includes(values['handshake-timeout'])) {
    throw new TypeError("upstream's handshake timeout is 3000 ms and cannot be changed");
  }

  return {
    host,
    port,
    heartbeat: milliseconds(values, 'heartbeat'),
    clientExpiration: milliseconds(values, 'client-expiration'),
    sessionLifetime: milliseconds(values, 'session-lifetime'),
    origins: values.origin,
    greet: values.greet,
    tls: tls(values['tls-cert'], values['tls-key']),
  };
}

function milliseconds(values, name) {
  if (values[name] === undefined) return undefined;
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number <= 0) {
    throw new TypeError(`--${name} must be a whole number of milliseconds, not ${values[name]}`);
  }
  return number;
}

function tls(cert, key) {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new TypeError('--tls-cert and --tls-key are needed together');
  }
  return { cert: readFileSync(cert), key: readFileSync(key) };
}
