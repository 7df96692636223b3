// Executables of our crates, built when they are asked for.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILD_MS = 600_000;

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
