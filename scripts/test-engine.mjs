// Runs the browser tests in an engine other than Chromium, for which wasm-pack has a driver:
//   node scripts/test-engine.mjs firefox|webkitgtk PROGRAM ARGUMENTS...
// wasm-bindgen's runner serves each test binary as a page, which the engine opens. The program is the
// server, as for test-web.mjs.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { engines, wait } from '../pkg-tests/lib/engines.mjs';
import { startProxy } from './proxy.mjs';
import { freePort, startServerOn } from './server.mjs';

// That of test-web.mjs, so that the tests are compiled once.
const PORT = 38_117;
const PATIENCE_MS = 180_000;
const root = fileURLToPath(new URL('..', import.meta.url));

const [wanted, ...command] = process.argv.slice(2);
const engine = engines.find(({ name }) => name.toLowerCase() === wanted);
let server;
let browser;

// Each of what we start ends when we exit, which a signal alone does not make us do.
for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) {
  process.once(signal, () => process.exit(status));
}

try {
  if (!engine) throw new Error(`no engine is called ${wanted}`);
  if (engine.found) process.exitCode = await run();
  else console.error(`\n!!! ${engine.name} IS LEFT OUT: it is not installed (make test-all installs it)\n`);
} catch (error) {
  console.error(`test-engine: ${error.message}`);
  process.exitCode = 1;
} finally {
  await browser?.close();
  await server?.stop();
}

async function run() {
  server = await startServerOn(command, PORT);
  browser = await engine.launch();
  let passed = 0;
  const hasModuleWorkers = await takesModulesAsServiceWorkers();
  for (const binary of binaries(server.url)) {
    // wasm-bindgen's runner makes a module of it.
    if (!hasModuleWorkers && basename(binary).startsWith('service_worker-')) {
      console.error(`\n!!! tests/service_worker.rs IS LEFT OUT: this ${engine.name} takes no modules as service workers\n`);
      continue;
    }
    const output = await play(binary);
    if (output === null) continue;
    console.log(output);
    const result = /test result: (\w+)\. (\d+) passed/.exec(output);
    if (result?.[1] !== 'ok') return 1;
    passed += Number(result[2]);
  }
  if (passed === 0) throw new Error('no test was run');
  console.log(`browser tests in ${engine.name} against ${command.join(' ')}: ${passed} passed`);
  return 0;
}

/** Firefox 140, for example, does not. */
async function takesModulesAsServiceWorkers() {
  const port = await freePort(40_000 + Math.floor(Math.random() * 10_000));
  const site = createServer(({ url }, response) => {
    const isWorker = url === '/worker.js';
    response.setHeader('content-type', isWorker ? 'text/javascript' : 'text/html');
    response.end(isWorker ? 'export {};' : '<title>Modules</title>');
  }).listen(port, '127.0.0.1');
  await once(site, 'listening');
  let page;
  try {
    page = await browser.open(`http://127.0.0.1:${port}/`);
    await page.evaluate(`void navigator.serviceWorker.register('/worker.js', { type: 'module' })
      .then((registration) => registration.unregister())
      .then(() => { document.title = 'yes'; }, () => { document.title = 'no'; })`);
    return await wait(page, "document.title !== 'Modules' && document.title", PATIENCE_MS) === 'yes';
  } finally {
    await page?.close();
    site.closeAllConnections();
    site.close();
  }
}

/** The test binaries, compiled for the server's URL. */
function binaries(url) {
  const output = execFileSync('cargo', ['test', '--package', 'jstp-wasm', '--target', 'wasm32-unknown-unknown',
    '--lib', '--test', '*', '--no-run', '--message-format=json'],
  {
    cwd: root,
    env: { ...process.env, JSTP_TEST_SERVER: url },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line).executable)
    .filter(Boolean);
}

/** Has the engine open a test binary's page; resolves to what it says in the end, or null for one without tests. */
async function play(binary) {
  // Two runs at once seldom meet.
  const port = await freePort(40_000 + Math.floor(Math.random() * 10_000));
  const runner = spawn('wasm-bindgen-test-runner', [binary], {
    env: { ...process.env, NO_HEADLESS: '1', WASM_BINDGEN_TEST_ADDRESS: `127.0.0.1:${port}` },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const kill = () => runner.kill();
  process.once('exit', kill);
  const exited = once(runner, 'exit').finally(() => process.off('exit', kill));
  const origin = `http://127.0.0.1:${port}/`;
  const proxy = await startProxy(origin);
  let page;
  try {
    while (!(await fetch(origin).catch(() => null))) {
      if (runner.exitCode === 0) return null;
      if (runner.exitCode !== null) throw new Error(`the runner of ${binary} ended with ${runner.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    page = await browser.open(proxy.url);
    const text = "(document.querySelector('#output')?.textContent ?? '')";
    const isDone = `/test result: .*finished|skipping/.test(${text})`;
    return await wait(page, `${isDone} && ${text}`, PATIENCE_MS).catch(async (error) => {
      throw new Error(`${binary}: ${error.message}; the page says\n${await page.evaluate(text)}`);
    });
  } finally {
    await page?.close();
    proxy.stop();
    runner.kill();
    await exited;
  }
}
