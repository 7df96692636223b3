// Runs in the page: times reading and writing, ours beside the engine's JSON and upstream's codec.

import init, { benchRead, benchSend } from '/built/jstp_wasm.js';
import { write } from '/src/write.js';
import { samples } from './data.mjs';
import { loadUpstream } from './upstream.mjs';

const ROUNDS = 31;
/** A batch lasts about this many milliseconds: many runs of what is short, and some collections of garbage. */
const BATCH = 10;
/** For so many milliseconds a contender runs before it is timed, so that the engine has compiled it for speed. */
const WARM_UP = 100;

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

/** Takes turns, so that what disturbs the machine disturbs all alike, and each follows every other in its turn. */
function race(contenders) {
  const names = Object.keys(contenders);
  const counts = {};
  const times = {};
  for (const name of names) {
    counts[name] = calibrate(contenders[name]);
    times[name] = [];
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length];
      // Whoever left garbage behind would have the next one collect it. Not a major collection: the engine
      // forgets in it what it has learnt about objects that are no more, and compiles anew.
      globalThis.gc({ type: 'minor' });
      times[name].push(batch(contenders[name], counts[name]) / counts[name]);
    }
  }
  // Microseconds.
  const typical = Object.fromEntries(names.map((name) => [name, undisturbed(times[name]) * 1000]));
  return {
    times: typical,
    toNative: typical.ours / typical.native,
    overUpstream: typical.upstream / typical.ours,
  };
}

/** How many runs make a batch. */
function calibrate(run) {
  for (let count = 1, spent = 0; ; count *= 2) {
    const time = batch(run, count);
    spent += time;
    if (time >= BATCH && spent >= WARM_UP) return Math.max(1, Math.ceil(count * BATCH / time));
  }
}

let kept;

function batch(run, count) {
  const start = performance.now();
  for (let index = 0; index < count; index++) kept = run();
  return performance.now() - start;
}

/** The first decile: other programs on the machine only ever add, and at times to most of the rounds. */
function undisturbed(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 10)];
}

/** Keeps the engine from finding out that nobody looks at the results. */
export const last = () => kept;
