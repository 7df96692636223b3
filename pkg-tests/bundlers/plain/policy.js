import { ws } from '/node_modules/jstp-wasm/inline.js';
import { report, talk } from './src/talk.js';

report((server) => ({ page: talk(ws, server) }));
