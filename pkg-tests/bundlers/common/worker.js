import { ws } from 'jstp-wasm';
import { answer } from './talk.js';

answer(ws);
