import { ws } from 'jstp-wasm/inline';
import { answer } from './talk.js';

answer(ws);
