// Starts a JSTP server as a child process, and stops it whatever happens to us.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const PATIENCE_MS = 30_000;
const GRACE_MS = 3_000;

/**
 * Runs `command` and resolves once its first line of output has said
 * `listening ws://host:port`. Its further output is passed on.
 * @param {string[]} command program and arguments
 * @returns {Promise<{url: string, exited: Promise<string>, stop: () => Promise<void>}>}
 */
export async function startServer([program, ...args]) {
  // What cargo has to compile first takes as long as it takes.
  if (program === 'cargo') await compile(args);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  // The last resort when we end without having had time for `stop`.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(`ended with ${signal ?? `status ${code}`}`));
  }).finally(() => process.off('exit', kill));

  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(kill, GRACE_MS);
    await exited;
    clearTimeout(timer);
  };

  const lines = createInterface({ input: child.stdout });
  let timer;
  const url = await Promise.race([
    new Promise((resolve) => lines.once('line', resolve)),
    exited.then((how) => `nothing: it ${how}`),
    new Promise((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS, `nothing for ${PATIENCE_MS / 1000} s`);
    }),
  ]).then((line) => {
    clearTimeout(timer);
    return /^listening (wss?:\/\/\S+)$/.exec(line)?.[1] ?? Promise.reject(
      new Error(`${program} was to begin with "listening ws://HOST:PORT" but said ${line}`));
  }).catch(async (error) => {
    await stop();
    throw error;
  });
  lines.on('line', (line) => console.log(line));
  return { url, exited, stop };
}

/**
 * As `startServer`, on `port` while it is free and else on one of the system's choice: another run may be
 * using it, or take it in this moment.
 * @param {string[]} command program and arguments
 * @param {number} port
 */
export async function startServerOn(command, port) {
  const start = (number) => startServer([...command, '--listen', `127.0.0.1:${number}`]);
  if (!await isFree(port)) return start(0);
  return start(port).catch(async (error) => {
    if (await isFree(port)) throw error;
    return start(0);
  });
}

/** Builds what `cargo` with these arguments would run. */
async function compile(args) {
  const end = args.indexOf('--');
  const options = args.slice(1, end < 0 ? undefined : end);
  const child = spawn('cargo', ['build', ...options], { stdio: 'inherit' });
  const kill = () => child.kill('SIGTERM');
  process.once('exit', kill);
  const how = await new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(code === 0 ? null : `ended with ${signal ?? `status ${code}`}`));
  });
  process.off('exit', kill);
  if (how) throw new Error(`cargo build ${how}`);
}

function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/**
 * Returns the first port from `preferred` upwards that nobody listens on.
 * @param {number} preferred
 */
export async function freePort(preferred) {
  for (let port = preferred; port < 65_536; port += 1) {
    if (await isFree(port)) return port;
  }
  throw new Error(`every port from ${preferred} upwards is taken`);
}
