// `require` of a module that has no top-level await, which newer versions of Node.js allow.
const { ws } = require('jstp-wasm');

import('./src/talk.js').then(async ({ talk }) => {
  console.log(JSON.stringify({ page: await talk(ws, process.argv[2]) }));
});
