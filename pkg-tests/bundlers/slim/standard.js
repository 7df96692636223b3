import { init, ws } from 'jstp-wasm/slim';
import { report, talk } from './src/talk.js';

init(new URL('jstp-wasm/jstp_wasm_bg.wasm', import.meta.url));
report((server) => ({ page: talk(ws, server) }));
