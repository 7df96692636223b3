// The servers under test: ours, and upstream's with the same fixture.
//
// INTEROP_SERVERS   which of them, separated by commas (default: both)
// JSTP_SERVER_BIN   our server's binary; without it, cargo builds one

import { fileURLToPath } from 'node:url';

import { build } from './cargo.mjs';
import { startServer } from './process.mjs';

const UPSTREAM = fileURLToPath(new URL('../upstream/server.mjs', import.meta.url));

const known = {
  'jstp-server': {
    name: 'jstp-server',
    isUpstream: false,
    start: async (...flags) =>
      startServer(await ourBinary(), ['--fixture', '--listen', '127.0.0.1:0', ...flags]),
  },
  upstream: {
    name: 'upstream',
    isUpstream: true,
    start: (...flags) =>
      startServer(process.execPath, [UPSTREAM, '--listen', '127.0.0.1:0', ...flags]),
  },
};

/** The servers this run is about; each has `name`, `isUpstream` and `start(...flags)`. */
export const servers = (process.env.INTEROP_SERVERS ?? Object.keys(known).join(','))
  .split(',')
  .map((name) => {
    if (!Object.hasOwn(known, name)) throw new Error(`INTEROP_SERVERS: no server called ${name}`);
    return known[name];
  });

let binary;

function ourBinary() {
  binary ??= process.env.JSTP_SERVER_BIN ?? build('jstp-server', ['--bin', 'jstp-server']);
  return binary;
}
