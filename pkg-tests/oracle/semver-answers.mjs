// Asks the Rust core about versions and ranges, through its example program `ranges`.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Returns the answers to the questions, in order. `RANGES_BIN` names the program if it is built already. */
export function answers(questions) {
  const [program, args] = process.env.RANGES_BIN
    ? [process.env.RANGES_BIN, []]
    : ['cargo', ['run', '--quiet', '-p', 'jstp-version', '--example', 'ranges']];
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('');
  const { error, status, stdout, stderr } = spawnSync(program, args, {
    cwd: root,
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  const lines = stdout.trimEnd().split('\n');
  if (lines.length !== questions.length) {
    throw new Error(`${program} gave ${lines.length} answers to ${questions.length} questions`);
  }
  return lines.map((line) => JSON.parse(line));
}
