// A project of its own, outside of everything, in which npm installs the packed package: made, built, and
// tried.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { staticServer } from '../../scripts/static.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PATIENCE_MS = 60_000;

const execute = promisify(execFile);

/** Packs the package into a folder; resolves to the tarball. */
export async function pack(folder) {
  const cwd = fileURLToPath(new URL('../../pkg/', import.meta.url));
  const { stdout } = await execute('npm', ['pack', '--json', '--pack-destination', folder], { cwd });
  return join(folder, JSON.parse(stdout)[0].filename);
}

/** Makes the project of a case in `folder`, with the package from `tarball`. */
export async function make(spec, folder, tarball) {
  const npm = (...args) => run(`npm ${args.join(' ')}`, folder);
  await mkdir(folder, { recursive: true });
  if (spec.create) {
    await npm('exec', '--yes', '--prefer-offline', '--', spec.create.package, 'app', ...spec.create.args);
    await cp(join(folder, 'app'), folder, { recursive: true });
  } else {
    const manifest = { name: 'project', private: true, type: 'module', dependencies: spec.needs };
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
    await cp(join(HERE, 'common'), join(folder, 'src'), { recursive: true });
  }
  for (const name of spec.files ?? []) await cp(join(HERE, name), folder, { recursive: true });
  if (spec.main) {
    await writeFile(join(folder, 'src/main.js'),
      `import { run } from './${spec.main}';\nimport { report } from './talk.js';\n\nreport(run);\n`);
  }
  if (spec.create) await rename(join(folder, 'main.js'), join(folder, 'src/main.js'));
  if (spec.html) {
    await writeFile(join(folder, 'index.html'), html(spec.html === true ? 'src/main.js' : spec.html));
  }
  await npm('install', '--prefer-offline', '--no-audit', '--no-fund', '--save', tarball);
}

const html = (script) => `<!doctype html><meta charset="utf-8"><title>Talk</title>
<link rel="icon" href="data:,"><div id="app"></div><script type="module" src="${script}"></script>\n`;

/** Tries one run of a case; resolves to its results, place by place. */
export async function tryIt(spec, steps, folder, server, browser) {
  if (steps.build) await run(steps.build, folder);
  if (steps.command) return JSON.parse((await run(steps.command, folder, { SERVER: server })).trim().split('\n').at(-1));
  if (steps.script) await writeFile(join(folder, steps.folder, 'index.html'), html(steps.script));
  const site = steps.server ? await serve(steps.server, folder) : await serveFolder(join(folder, steps.folder));
  try {
    if (steps.serves) assert.ok((await (await fetch(site.url)).text()).includes(steps.serves), 'the page was not rendered');
    return await visit(browser, `${site.url}${steps.path ?? ''}?server=${encodeURIComponent(server)}`, spec.look);
  } finally {
    await site.close();
  }
}

async function visit(browser, url, look = 'globalThis.results') {
  const page = await browser.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  try {
    await page.goto(url);
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      // Not by the browser's own waiting, which a page's policy forbids.
      const results = await page.evaluate(look);
      if (results) return results;
      if (Date.now() > deadline) throw new Error(`nothing for ${PATIENCE_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } catch (error) {
    throw new Error([error.message, ...complaints].join('\n'), { cause: error });
  } finally {
    await page.close();
  }
}

const environment = (folder, more) => ({
  ...process.env,
  // What test runners and npm leave there is not for other programs.
  NODE_OPTIONS: '',
  NODE_TEST_CONTEXT: undefined,
  NEXT_TELEMETRY_DISABLED: '1',
  CI: '1',
  PATH: `${join(folder, 'node_modules/.bin')}${delimiter}${process.env.PATH}`,
  JSTP_RESULT: join(folder, 'result.json'),
  JSTP_SERVER: more?.SERVER,
  ...more,
});

async function run(command, folder, more) {
  try {
    const options = { cwd: folder, env: environment(folder, more), maxBuffer: 1 << 26, timeout: 300_000 };
    const { stdout } = await execute('sh', ['-c', command], options);
    return stdout;
  } catch (error) {
    const log = await readFile(join(folder, 'log.txt'), 'utf8').catch(() => '');
    throw new Error(`${command}\n${error.stdout}${error.stderr}${log}`, { cause: error });
  }
}

async function serveFolder(folder) {
  const site = staticServer({ folders: { '/': `${folder}/` } }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  return {
    url: `http://127.0.0.1:${site.address().port}/`,
    async close() {
      site.closeAllConnections();
      site.close();
    },
  };
}

/** Runs a command that serves at $PORT until `close`; resolves once it answers. */
async function serve(command, folder) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  // A group of its own: what the shell starts ends with it.
  const child = spawn('sh', ['-c', command], {
    cwd: folder, env: environment(folder, { PORT: String(port) }), detached: true, stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { output += data; });
  const exited = once(child, 'exit');
  const end = () => {
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  process.once('exit', end);
  const close = async () => {
    end();
    await exited;
    process.off('exit', end);
  };
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await fetch(url).catch(() => null))?.ok) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await close();
      throw new Error(`${command} does not serve:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { url, close };
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
