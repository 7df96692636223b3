import { writeFileSync } from 'node:fs';
import { ws } from 'jstp-wasm';
import { expect, test } from 'vitest';
import { talk } from './src/talk.js';

test('the package in a test', async () => {
  const config = process.env.NEEDS && { WebSocket: (await import(process.env.NEEDS)).WebSocket };
  const page = await talk(ws, process.env.JSTP_SERVER, config);
  expect(page).toMatch(/file|bytes/);
  writeFileSync(process.env.JSTP_RESULT, JSON.stringify({ page }));
});
