// Assembles the npm package in pkg/ from what wasm-pack made and what src/js/ holds:
//   node scripts/package.mjs FOLDER-WASM-PACK-WROTE-TO [ANOTHER-FOLDER-THAN-pkg]
// The modules of src/js/ and the glue become one, without comments and long names. The glue imports the
// modules themselves, not the copies that wasm-bindgen keeps under a name with a hash: a class that exists
// twice fails `instanceof`.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { access, cp, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, posix, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { packedGlue } from './glue.mjs';
import { shortenNames } from './names.mjs';
import { PRIVATE } from './private-names.mjs';
import { packageReadme } from './readme.mjs';

const CRATE = 'jstp-wasm';
const GLUE = 'jstp_wasm.js';
const WASM = 'jstp_wasm_bg.wasm';
const BYTES = 'inline-bytes.js';
/** What all entries share, and the entries: what a user imports. */
const SHARED = 'client.js';
const ENTRIES = { '.': 'index', './slim': 'slim', './inline': 'inline' };

const root = fileURLToPath(new URL('..', import.meta.url));
const built = process.argv[2];
const out = process.argv[3] ?? join(root, 'pkg');
// Whoever is using pkg/ never sees it half made.
const draft = join(built, 'draft');
const modules = join(built, 'modules');

try {
  for (const folder of [draft, modules]) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  }
  await copyModules();
  const { wasm, glue } = shortenNames(await readWasm(), await readFile(join(built, GLUE), 'utf8'));
  await writeGlue(glue);
  await writeWasm(wasm);
  await bundle();
  writeTypes();
  await writeTypesOfEntries();
  for (const name of ['CHANGELOG.md', 'LICENSE']) await cp(join(root, name), join(draft, name));
  await writeReadme();
  await writeManifest();
  await checkImports();
  await rm(out, { recursive: true, force: true });
  await rename(draft, out);
  console.log(`the package is in ${relative('', out)}/`);
} catch (error) {
  console.error(`package: ${error.message}`);
  process.exitCode = 1;
}

async function copyModules() {
  const from = join(root, 'src/js');
  await access(join(from, 'index.js')).catch(() => {
    throw new Error('src/js/index.js is missing: it is what the package exports');
  });
  await cp(from, modules, { recursive: true });
}

/** The glue, its imports of src/js/ pointing at the modules beside it. */
async function writeGlue(text) {
  const foreign = [];
  // Its first line leads to generated types that are not part of the package.
  const glue = text.replace(/^\/\* @ts-self-types=.*\n/, '')
    // Only what is imported: the table further down bears the names the module asks for.
    .replace(/^(import .* from (['"]))\.\/snippets\/([^/'"]+)-[0-9a-f]{16}\/([^'"]+)(?=\2)/gm,
      (whole, start, quote, crate, path) => {
        if (crate === CRATE && path.startsWith('src/js/')) {
          return `${start}./${path.slice('src/js/'.length)}`;
        }
        const stable = `snippets/${crate}/${path}`;
        foreign.push([whole.slice(start.length + 2), stable]);
        return `${start}./${stable}`;
      });
  for (const [from, to] of foreign) await cp(join(built, from), join(modules, to));
  if (/import\.meta\.url/.test(glue)) {
    throw new Error(`${GLUE} names the wasm file itself: omit-default-module-path is not in effect`);
  }
  await writeFile(join(modules, GLUE), packedGlue(glue));
}

/** The module, once it is certain that wasm-opt has been at it. */
async function readWasm() {
  const bytes = await readFile(join(built, WASM));
  // wasm-pack leaves wasm-opt out without a word when it finds none. rustc always writes this
  // section, and our wasm-opt arguments always take it away.
  if (WebAssembly.Module.customSections(new WebAssembly.Module(bytes), 'producers').length > 0) {
    throw new Error(`${WASM} was not optimized: wasm-opt did not run`);
  }
  return bytes;
}

async function writeWasm(bytes) {
  await writeFile(join(draft, WASM), bytes);
  await writeFile(join(draft, BYTES), inlineBytes(bytes));
}

/** One module of many, and the entries beside it. */
async function bundle() {
  const { default: esbuild } = await import(tool('esbuild/lib/main.js'));
  const build = (names, external, options) => esbuild.build({
    entryPoints: names.map((name) => join(modules, name)),
    outdir: draft,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    external,
    logLevel: 'error',
    ...options,
  });
  // The entries use nothing private, so that what the names become is nobody else's business.
  const { mangleCache } = await build([SHARED], [],
    { mangleProps: new RegExp(`^(?:${PRIVATE.join('|')})$`), mangleCache: {} });
  const unused = PRIVATE.filter((name) => !Object.hasOwn(mangleCache, name));
  if (unused.length > 0) throw new Error(`scripts/private-names.mjs has what nothing is called: ${unused.join(', ')}`);
  const entries = Object.values(ENTRIES).map((name) => `${name}.js`);
  await build(entries, [`./${SHARED}`, `./${BYTES}`]);
  for (const name of [SHARED, ...entries]) await squeeze(join(draft, name));
}

/**
 * Once more, by a tool that names variables so that they compress better. It takes nothing for granted about
 * getters, and makes no function anew at each call of the one around it.
 */
async function squeeze(path) {
  const { minify } = await import(tool('terser/main.js'));
  const { code } = await minify(await readFile(path, 'utf8'), {
    module: true,
    ecma: 2022,
    compress: { hoist_funs: true, pure_getters: false, reduce_funcs: false },
  });
  await writeFile(path, code);
}

function tool(path) {
  return pathToFileURL(join(root, 'pkg-tests/node_modules', path));
}

/** The module's bytes as JavaScript, for where the file beside it cannot be had. */
function inlineBytes(bytes) {
  return `const text = '${bytes.toString('base64')}';

/** The module's bytes, decoded anew at each call. */
export default function bytes() {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
`;
}

/** index.d.ts, which tsc checks on the way. */
function writeTypes() {
  const tsc = join(root, 'pkg-tests/node_modules/typescript/bin/tsc');
  try {
    execFileSync(process.execPath, [tsc, '--target', 'es2022', '--strict',
      '--declaration', '--emitDeclarationOnly', '--outDir', draft, join(root, 'src/types.ts')],
    { encoding: 'utf8' });
  } catch (error) {
    throw new Error(`src/types.ts does not compile:\n${error.stdout}`, { cause: error });
  }
}

/** The entries differ in where they find the module, not in what they export. */
async function writeTypesOfEntries() {
  await rename(join(draft, 'types.d.ts'), join(draft, 'index.d.ts'));
  for (const name of Object.values(ENTRIES)) {
    if (name === 'index') continue;
    await writeFile(join(draft, `${name}.d.ts`),
      "export * from './index.js';\nexport { default } from './index.js';\n");
  }
}

async function writeReadme() {
  const { repository, version } = crate();
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const packed = new Set(await files(draft));
  await writeFile(join(draft, 'README.md'), packageReadme(readme, { packed, repository, version }));
}

/** What the package was made of and with. Nothing of when or where: two builds of the same are the same. */
function provenance() {
  const first = (command, ...args) =>
    execFileSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim().split('\n')[0];
  const git = (...args) => {
    try {
      return first('git', ...args);
    } catch {
      return undefined; // Not a checkout, or no git.
    }
  };
  const commit = git('rev-parse', 'HEAD');
  const installed = (name) =>
    JSON.parse(readFileSync(join(root, 'pkg-tests/node_modules', name, 'package.json'), 'utf8')).version;
  return {
    commit: commit && (git('status', '--porcelain') ? `${commit}, with changes` : commit),
    tools: {
      rustc: first('rustc', '--version').replace(/^rustc /, ''),
      'wasm-bindgen': first('wasm-bindgen', '--version').replace(/^.* /, ''),
      'wasm-pack': first('wasm-pack', '--version').replace(/^.* /, ''),
      'wasm-opt': first('wasm-opt', '--version').replace(/^.*version (\S+).*$/, '$1'),
      esbuild: installed('esbuild'),
      terser: installed('terser'),
      typescript: installed('typescript'),
    },
  };
}

async function writeManifest() {
  const { repository, version } = crate();
  const manifest = {
    name: CRATE,
    version,
    description: 'JSTP client for the browser: a Rust core compiled to WebAssembly',
    keywords: ['jstp', 'rpc', 'websocket', 'wasm', 'webassembly', 'realtime'],
    license: 'MIT',
    ...(repository && { repository: { type: 'git', url: `git+${repository}.git` } }),
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20' },
    // Parcel reads these two and not `exports`.
    main: './index.js',
    module: './index.js',
    types: './index.d.ts',
    exports: {
      ...Object.fromEntries(Object.entries(ENTRIES).map(([path, name]) =>
        [path, { types: `./${name}.d.ts`, default: `./${name}.js` }])),
      [`./${WASM}`]: `./${WASM}`,
      './package.json': './package.json',
    },
    files: (await files(draft)).sort(),
    build: provenance(),
  };
  await writeFile(join(draft, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** What cargo knows of the crate: its version, which is the package's, and the repository, if one is named. */
function crate() {
  const metadata = execFileSync('cargo', ['metadata', '--no-deps', '--format-version', '1'],
    { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  return JSON.parse(metadata).packages.find(({ name }) => name === CRATE);
}

/** Every relative import must lead to a file of the package: nothing else would notice before a user. */
async function checkImports() {
  const present = new Set(await files(draft));
  for (const file of present) {
    if (!file.endsWith('.js')) continue;
    const text = await readFile(join(draft, file), 'utf8');
    for (const [, , target] of text.matchAll(
      /(?:\bfrom\s*|\bimport\s*\(?\s*|new URL\(\s*)(['"])(\.[^'"]*)\1/g)) {
      const path = posix.join(posix.dirname(file), target);
      if (!present.has(path)) throw new Error(`${file} refers to ${target}, which is not in the package`);
    }
  }
}

async function files(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile())
    .map((entry) => posix.join(...join(entry.parentPath ?? entry.path, entry.name)
      .slice(folder.length + 1).split(/[\\/]/)));
}
