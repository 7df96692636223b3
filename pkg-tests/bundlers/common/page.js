import { ws } from 'jstp-wasm';
import { talk } from './talk.js';

export const run = (server) => ({ page: talk(ws, server) });
