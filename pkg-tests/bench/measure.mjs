// Runs in the page: times reading and writing, ours beside the engine's JSON and upstream's codec.

import init, { benchRead, benchSend } from '/built/jstp_wasm.js';
import { write } from '/src/write.js';
import { samples } from './data.mjs';
import { loadUpstream } from './upstream.mjs';

const ROUNDS = 15;
/** A batch lasts at least this many milliseconds: the clock of a page is coarse. */
const BATCH = 10;

/** What a transport may carry, unless told otherwise. */
const options = { allowNonFinite: false, honourToMDSF: false };

/** Writes a value and hands the text to the module, as a call does. */
const benchWrite = (value) => {
  const text = write(value, 'args', options);
  benchSend(text);
  return text;
};

/** Measures everything; resolves to one row for each sample and direction. */
export async function measure(only) {
  await init({ module_or_path: '/built/jstp_wasm_bg.wasm' });
  const upstream = await loadUpstream();
  const rows = [];
  for (const { size, variant, value } of samples()) {
    if (only && only !== size) continue;
    const json = JSON.stringify(value);
    const mdsf = upstream.stringify(value);
    check(size, variant, json, mdsf, value, upstream);
    const about = { size, variant };
    rows.push({ ...about, what: 'read', length: mdsf.length, ...race({
      native: () => JSON.parse(json),
      ours: () => benchRead(mdsf),
      upstream: () => upstream.parse(mdsf),
    }) });
    rows.push({ ...about, what: 'write', length: json.length, ...race({
      native: () => JSON.stringify(value),
      ours: () => benchWrite(value),
      upstream: () => upstream.stringify(value),
    }) });
  }
  return rows;
}

/** Speed is worth nothing where the result is wrong. */
function check(size, variant, json, mdsf, value, upstream) {
  const same = (what, text) => {
    if (text !== json) throw new Error(`${size}, ${variant}: ${what} gives another value`);
  };
  same('our reading of upstream\'s text', JSON.stringify(benchRead(mdsf)));
  same('our reading of our text', JSON.stringify(benchRead(benchWrite(value))));
  same('upstream\'s reading of our text', JSON.stringify(upstream.parse(benchWrite(value))));
}

/** Takes turns, so that what disturbs the machine disturbs all alike. */
function race(contenders) {
  const names = Object.keys(contenders);
  const counts = {};
  const times = {};
  for (const name of names) {
    counts[name] = calibrate(contenders[name]);
    times[name] = [];
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) {
      times[name].push(batch(contenders[name], counts[name]) / counts[name]);
    }
  }
  const ratio = (name, base) => median(times[name].map((time, round) => time / times[base][round]));
  return {
    // Microseconds.
    times: Object.fromEntries(names.map((name) => [name, median(times[name]) * 1000])),
    toNative: ratio('ours', 'native'),
    overUpstream: ratio('upstream', 'ours'),
  };
}

/** How many runs make a batch; on the way the engine gets to know the code. */
function calibrate(run) {
  for (let count = 1; ; count *= 2) {
    const time = batch(run, count);
    if (time >= BATCH) return Math.max(1, Math.ceil(count * BATCH / time));
  }
}

let kept;

function batch(run, count) {
  const start = performance.now();
  for (let index = 0; index < count; index++) kept = run();
  return performance.now() - start;
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
}

/** Keeps the engine from finding out that nobody looks at the results. */
export const last = () => kept;
