import { init, ws } from 'jstp-wasm/slim';
import address from 'jstp-wasm/jstp_wasm_bg.wasm?url';
import { report, talk } from './src/talk.js';

init(address);
report((server) => ({ page: talk(ws, server) }));
