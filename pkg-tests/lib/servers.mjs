// The servers under test: ours, and upstream's with the same fixture.
//
// INTEROP_SERVERS   which of them, separated by commas (default: both)
// JSTP_SERVER_BIN   our server's binary; without it, cargo builds one

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startServer } from './process.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const UPSTREAM = fileURLToPath(new URL('../upstream/server.mjs', import.meta.url));
const BUILD_MS = 600_000;

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

/** Builds a target of one of our crates and resolves to the path of its executable. */
export async function build(crate, target) {
  const { stdout } = await promisify(execFile)(
    'cargo',
    ['build', '--message-format=json', '-p', crate, ...target],
    { cwd: ROOT, timeout: BUILD_MS, maxBuffer: 64 * 1024 * 1024 },
  );
  const executable = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line).executable)
    .findLast(Boolean);
  if (!executable) throw new Error(`cargo built no executable for ${crate} ${target.join(' ')}`);
  return executable;
}
