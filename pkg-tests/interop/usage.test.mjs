// What upstream's README and manual show its users, done against our server and against upstream's.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';

import { servers } from '../lib/servers.mjs';
import { jstp } from '../lib/upstream.mjs';

const CLI = fileURLToPath(new URL('bin/cli.js', import.meta.resolve('@metarhia/jstp/package.json')));
const WAIT_MS = 10_000;

/** Upstream's `jstp-cli`, typed into and read from. */
class Cli {
  #said = '';
  #wake = () => {};

  constructor() {
    this.child = spawn(process.execPath, [CLI, '-R'], {
      env: { ...process.env, JSTP_CLI_HISTORY: '' },
      // It complains about its missing add-on.
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.child.stdout.on('data', (data) => {
      this.#said += data;
      this.#wake();
    });
  }

  /** Types a line, and waits until it says something of this form. */
  async type(line, expected) {
    this.#said = '';
    this.child.stdin.write(`${line}\n`);
    const deadline = performance.now() + WAIT_MS;
    while (!expected.test(this.#said)) {
      const left = deadline - performance.now();
      assert.ok(left > 0, `${line}: ${expected} was expected, not ${this.#said}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

for (const kind of servers) {
  describe(`what upstream's users do, at ${kind.name}`, () => {
    let server;
    before(async () => {
      server = await kind.start();
    });
    after(() => server?.stop());

    test('a client with nothing of its own uses a remote interface as a local one', async () => {
      const message = await new Promise((resolve, reject) => {
        jstp.ws.connectAndInspect(
          'fixture', null, ['echo', 'calc'], {}, server.url,
          (error, connection, app) => {
            if (error) {
              reject(error);
              return;
            }
            app.echo.one('Hi, JSTP!', (failure, said) => {
              connection.once('close', () => {
                if (failure) reject(failure);
                else resolve(said);
              });
              connection.close();
            });
          },
        );
      });
      assert.equal(message, 'Hi, JSTP!');
    });

    test('jstp-cli connects, calls, hears errors and events, and leaves', async () => {
      const cli = new Cli();
      const ended = once(cli.child, 'exit');
      try {
        await cli.type(`connect ${server.url} fixture`, /Connection established/);
        await cli.type('call calc add 1, 2', /calc\.add returned:\s+3/);
        await cli.type('call calc divide 1, 0', /Zero division/);
        await cli.type('call calc nope', /Method not found/);
        await cli.type("call echo one {a:[1,'two']}", /returned:\s+\{a:\[1,'two'\]\}/);
        await cli.type("event events said 'x'", /'said',\['x'\]/);
        await cli.type('disconnect', /disconnect/);
        await cli.type(`connect ${server.url} nope`, /Application not found/);
        cli.child.stdin.end('exit\n');
        await ended;
      } finally {
        cli.child.kill();
      }
    });
  });
}
