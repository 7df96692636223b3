// Import maps are for pages.
import { ws } from '/node_modules/jstp-wasm/index.js';
import { answer } from './src/talk.js';

answer(ws);
