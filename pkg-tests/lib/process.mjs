// A server as a child process: started, waited for until it listens, ended without leftovers.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const START_MS = 15_000;
const STOP_MS = 3_000;

/**
 * Starts `command` and waits for its line `listening URL`. The result has `url`, `port`, the lines
 * of standard error in `errors`, `exited` once the process has ended, and `stop()`, which ends it
 * and may be called twice. A server that does not end on SIGTERM makes it reject;
 * `stop({ now: true })` does not ask.
 */
export async function startServer(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const server = { url: null, port: null, errors: [], exited: false, stop: (how) => stop(child, how) };
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      server.exited = true;
      resolve(`ended with ${signal ?? `code ${code}`} before it listened`);
    });
  });
  // Ends with us even when the test process is the one that breaks.
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  void ended.then(() => process.off('exit', kill));

  createInterface({ input: child.stderr }).on('line', (line) => server.errors.push(line));
  const lines = createInterface({ input: child.stdout });
  const listening = once(lines, 'line').then(([line]) => line);

  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, START_MS, `said nothing for ${START_MS} ms`);
  });
  const failure = Promise.race([ended, late]).then((reason) => {
    throw new Error(`${[command, ...args].join(' ')} ${reason}\n${server.errors.join('\n')}`);
  });
  try {
    const line = await Promise.race([listening, failure]);
    const match = /^listening (wss?:\/\/\S+:(\d+))$/.exec(line);
    if (!match) throw new Error(`the server's first line is not its address: ${line}`);
    server.url = match[1];
    server.port = Number(match[2]);
    return server;
  } catch (error) {
    await stop(child);
    throw error;
  } finally {
    failure.catch(() => {});
    clearTimeout(timer);
    lines.resume();
  }
}

async function stop(child, { now = false } = {}) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill(now ? 'SIGKILL' : 'SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  const [, signal] = await gone;
  clearTimeout(timer);
  if (signal === 'SIGKILL' && !now) {
    throw new Error(`${child.spawnfile} went on for ${STOP_MS} ms after SIGTERM`);
  }
}
