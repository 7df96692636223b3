// Where the package is tried: what is installed, how it is built and served, and where it then talks.
//
//   name      the row of the table
//   short     part of `make test`
//   needs     packages of npm beside ours, in exact versions
//   files     folders of this one that are copied into the project, after `common` in src/
//   main      a module of src/ that exports `run`: what the page does
//   html      whether the driver writes an index.html that loads src/main.js
//   runs      label to steps: `build`, a command; then `folder`, served as it is, or `server`, a command
//             that serves at $PORT, with `path` to the page and what it `serves` before any script is
//             run; or `command`, which prints the results
//   look      an expression that has the results once they are there

const PAGE = 'page.js';
const WORKER = 'page-and-worker.js';
const SHARED = 'all-three.js';

const VITE = {
  dev: { server: 'vite --host 127.0.0.1 --port $PORT --strictPort' },
  build: { build: 'vite build', folder: 'dist' },
};
const NODE = { '': { command: 'node talk.mjs $SERVER' } };

export const cases = [
  { name: 'Vite 8', short: true, needs: { vite: '8.3.8' }, main: SHARED, html: true, runs: VITE },
  ...[['Vite 7', '7.3.8'], ['Vite 6', '6.4.6']].flatMap(([name, version]) => [
    { name, needs: { vite: version }, main: WORKER, html: true, runs: { dev: VITE.dev } },
    { name, needs: { vite: version }, main: PAGE, html: true, runs: { build: VITE.build } },
    {
      name: `${name}, \`worker.format: 'es'\``,
      needs: { vite: version },
      main: WORKER,
      html: true,
      files: ['vite-worker-es'],
      runs: { build: VITE.build },
    },
    {
      name: `${name}, worker with \`/inline\``,
      needs: { vite: version },
      main: WORKER,
      html: true,
      files: ['worker-inline'],
      runs: { build: VITE.build },
    },
  ]),
  {
    name: 'webpack 5',
    needs: { webpack: '5.112.2', 'webpack-cli': '7.3.1' },
    main: SHARED,
    runs: { build: { build: 'webpack --mode production --entry ./src/main.js', folder: 'dist', script: 'main.js' } },
  },
  {
    name: 'Rspack 2',
    needs: { '@rspack/core': '2.3.2', '@rspack/cli': '2.2.8' },
    main: SHARED,
    runs: { build: { build: 'rspack build --mode production --entry ./src/main.js', folder: 'dist', script: 'main.js' } },
  },
  {
    name: 'Rollup 4',
    needs: { rollup: '4.68.7', '@rollup/plugin-node-resolve': '16.0.3' },
    main: SHARED,
    runs: {
      build: {
        build: 'rollup -p node-resolve -f es -d dist -i src/main.js -i src/worker.js',
        folder: 'dist',
        script: 'main.js',
      },
    },
  },
  {
    name: 'esbuild',
    needs: { esbuild: '0.28.2' },
    main: SHARED,
    runs: {
      build: {
        build: 'esbuild --bundle --splitting --format=esm --outdir=dist src/main.js src/worker.js',
        folder: 'dist',
        script: 'main.js',
      },
    },
  },
  {
    name: 'esbuild, `--format=iife`',
    needs: { esbuild: '0.28.2' },
    main: PAGE,
    runs: {
      build: { build: 'esbuild --bundle --format=iife --outdir=dist src/main.js', folder: 'dist', script: 'main.js' },
    },
  },
  {
    name: 'Parcel 2',
    needs: { parcel: '2.16.4' },
    main: WORKER,
    html: true,
    runs: { build: { build: 'parcel build index.html --no-cache', folder: 'dist' } },
  },
  ...[['Next 16', ''], ['Next 16, `--webpack`', ' --webpack']].map(([name, flag]) => ({
    name,
    needs: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
    main: WORKER,
    files: ['next'],
    runs: {
      build: {
        build: `next build${flag}`,
        server: 'next start --hostname 127.0.0.1 --port $PORT',
        serves: '<p>Rendered</p>',
      },
    },
  })),
  { name: 'no bundler, an import map', short: true, needs: {}, files: ['plain'], runs: { '': { folder: '.' } } },
  {
    name: "no bundler, policy `default-src 'none'`, `/inline`",
    short: true,
    needs: {},
    files: ['plain'],
    runs: { '': { folder: '.', path: 'policy.html' } },
  },
  {
    name: 'Vite 8, `/slim`',
    needs: { vite: '8.3.8' },
    files: ['slim'],
    html: 'vite.js',
    runs: VITE,
  },
  {
    name: 'webpack 5, `/slim`',
    needs: { webpack: '5.112.2', 'webpack-cli': '7.3.1' },
    files: ['slim'],
    runs: {
      build: { build: 'webpack --mode production --entry ./standard.js', folder: 'dist', script: 'main.js' },
    },
  },
  {
    name: 'Node.js 20, with `ws`',
    short: true,
    needs: { node: '20.20.2', ws: '8.23.0' },
    files: ['node'],
    runs: { '': { command: 'node talk.mjs $SERVER needs-websocket' } },
  },
  { name: 'Node.js 22', short: true, needs: { node: '22.23.3' }, files: ['node'], runs: NODE },
  {
    name: 'Node.js 22, `require`',
    needs: { node: '22.23.3' },
    files: ['node'],
    runs: { '': { command: 'node talk.cjs $SERVER' } },
  },
  { name: 'Node.js 24', needs: { node: '24.21.0' }, files: ['node'], runs: NODE },
  { name: 'Node.js 26', needs: { node: '26.10.0' }, files: ['node'], runs: NODE },
  {
    name: 'Deno 2',
    needs: { deno: '2.9.6' },
    files: ['node'],
    runs: { '': { command: 'deno run --allow-all talk.mjs $SERVER' } },
  },
  {
    name: 'Vitest 5',
    needs: { vitest: '5.1.1', node: '22.23.3' },
    files: ['vitest'],
    runs: { '': { command: 'vitest run >log.txt && cat result.json' } },
  },
  {
    // The WebSocket of jsdom 31 dispatches events that Node.js, under Vitest, does not take for events.
    name: 'Vitest 5, jsdom, with `ws`',
    needs: { vitest: '5.1.1', jsdom: '31.0.1', node: '22.23.3', ws: '8.23.0' },
    files: ['vitest'],
    runs: { '': { command: 'NEEDS=ws vitest run --environment jsdom >log.txt && cat result.json' } },
  },
  {
    name: '`npm create vite`, and ten lines',
    // As `npm create vite` has it: a project of the template, to which the package is installed.
    create: { package: 'create-vite@9.3.0', args: ['--template', 'vanilla', '--no-interactive'] },
    needs: {},
    files: ['create-vite'],
    runs: {
      dev: { server: 'vite --host 127.0.0.1 --port $PORT --strictPort' },
      build: { build: 'vite build', folder: 'dist' },
    },
    look: `document.querySelector('#app')?.textContent === '1 + 2 = 3' && {
      page: performance.getEntriesByType('resource').some(({ name }) => name.includes('.wasm')) ? 'file' : 'bytes',
    }`,
  },
];
