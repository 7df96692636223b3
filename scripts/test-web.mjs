// Runs the browser tests against a server that it starts and stops:
//   node scripts/test-web.mjs PROGRAM ARGUMENTS...
// The server is started with `--listen 127.0.0.1:PORT` added. The tests learn its URL when they are
// compiled, so the port is the same from run to run while it is free, and only a changed one
// compiles the test crate again.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProxy } from './proxy.mjs';
import { startServerOn } from './server.mjs';

const PORT = 38_117;
const root = fileURLToPath(new URL('..', import.meta.url));

const command = process.argv.slice(2);
const scratch = await mkdtemp(join(tmpdir(), 'jstp-test-web-'));
let proxy;
let server;
let runner;
let interrupted = 0;
for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) {
  process.once(signal, () => {
    interrupted = status;
    // The whole group: wasm-pack would leave the driver and the browser behind.
    if (runner?.pid) process.kill(-runner.pid, 'SIGTERM');
  });
}

try {
  proxy = await startProxy();
  server = await startServerOn(command, PORT);
  console.log(`browser tests against ${command.join(' ')} at ${server.url}`);
  process.exitCode = interrupted || verdict(await runTests(server.url));
} catch (error) {
  console.error(`test-web: ${error.message}`);
  process.exitCode = 1;
} finally {
  await server?.stop();
  proxy?.stop();
  await rm(scratch, { recursive: true, force: true });
}

/** Lets wasm-pack run the suite; resolves with its exit status and all it printed. */
async function runTests(url) {
  const args = ['test', '--mode', 'no-install', '--headless', '--chrome'];
  if (process.env.CHROMEDRIVER) args.push('--chromedriver', process.env.CHROMEDRIVER);
  // The documentation's examples are for the reader; in a browser there is nothing to run them.
  args.push('--', '--lib', '--test', '*');
  runner = spawn('wasm-pack', args, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      WASM_BINDGEN_TEST_TIMEOUT: '180',
      WASM_BINDGEN_TEST_DRIVER_TIMEOUT: '60',
      ...process.env,
      JSTP_TEST_SERVER: url,
      WASM_BINDGEN_TEST_WEBDRIVER_JSON: await capabilities(new URL(url).host),
    },
  });
  let output = '';
  runner.stdout.setEncoding('utf8').on('data', (text) => {
    process.stdout.write(text);
    output += text;
  });
  const status = await new Promise((resolve, reject) => {
    runner.once('error', reject);
    runner.once('close', (code) => resolve(code ?? 1));
  });
  return { status, output };
}

/** webdriver.json, with the browser that CHROME names and the way around the proxy to the server. */
async function capabilities(server) {
  const wanted = JSON.parse(await readFile(join(root, 'webdriver.json'), 'utf8'));
  // Port 9 is where the tests find no server.
  wanted['goog:chromeOptions'].args.push(...proxy.switches(server, '127.0.0.1:9'));
  if (process.env.CHROME) wanted['goog:chromeOptions'].binary = process.env.CHROME;
  const path = join(scratch, 'webdriver.json');
  await writeFile(path, JSON.stringify(wanted));
  return path;
}

/** The runner counts a test binary that it skips as passed, so its word alone is not enough. */
function verdict({ status, output }) {
  if (interrupted) return interrupted;
  if (status !== 0) return status;
  if (/so skipping/.test(output)) {
    throw new Error('a test file was skipped: it lacks wasm_bindgen_test_configure!(run_in_browser)');
  }
  const passed = [...output.matchAll(/test result: ok\. (\d+) passed/g)]
    .reduce((sum, [, count]) => sum + Number(count), 0);
  if (passed === 0) throw new Error('no test was run');
  console.log(`browser tests against ${command.join(' ')}: ${passed} passed`);
  return 0;
}
