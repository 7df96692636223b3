// Our side of the comparison: the example program `mdsf` of the core, and its descriptions of values.
//
// `MDSF_BIN` names the program if it is built already.

import { spawn } from 'node:child_process';

import { build } from '../lib/cargo.mjs';

let program;

async function lines(args, input) {
  program ??= process.env.MDSF_BIN ?? build('jstp-proto', ['--example', 'mdsf']);
  const child = spawn(await program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.end(input);
  const chunks = [];
  for await (const chunk of child.stdout) chunks.push(chunk);
  const code = await ended;
  if (code !== 0) throw new Error(`mdsf ${args.join(' ')} ended with ${code}`);
  return Buffer.concat(chunks).toString().split('\n').slice(0, -1);
}

/** Generated values: `{ text, description }`, the text being what we write. */
export async function written(seed, count) {
  return (await lines(['write', String(seed), String(count)], '')).map((line) => {
    const tab = line.indexOf('\t');
    return { text: line.slice(0, tab), description: JSON.parse(line.slice(tab + 1)) };
  });
}

/** The descriptions of what we read in these texts, none of which holds a line feed. */
export async function read(texts) {
  const answers = await lines(['read'], texts.map((text) => `${text}\n`).join(''));
  if (answers.length !== texts.length) {
    throw new Error(`mdsf read gave ${answers.length} answers to ${texts.length} texts`);
  }
  return answers.map((line) => JSON.parse(line));
}

/** The description of a JavaScript value, in the form in which the program gives it. */
export function describe(value) {
  if (value === undefined) return { u: 0 };
  if (typeof value === 'number') return { n: bits(value) };
  if (Array.isArray(value)) return Array.from(value, describe);
  if (typeof value === 'object' && value !== null) {
    return { o: Object.keys(value).map((key) => [key, describe(value[key])]) };
  }
  return value;
}

function bits(number) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, number);
  return view.getBigUint64(0).toString(16).padStart(16, '0');
}

/** Applies `change` to every description inside a description, the innermost first. */
export function mapDescription(description, change) {
  if (Array.isArray(description)) {
    return change(description.map((element) => mapDescription(element, change)));
  }
  if (description !== null && typeof description === 'object' && description.o) {
    return change({ o: description.o.map(([key, value]) => [key, mapDescription(value, change)]) });
  }
  return change(description);
}

const isIndex = (key) => /^(0|[1-9][0-9]*)$/.test(key) && Number(key) < 2 ** 32 - 1;

/** Members in the order of a JavaScript object: those with an index as key first, by number. */
export function inPropertyOrder(description) {
  if (description === null || !description.o) return description;
  const indices = description.o.filter(([key]) => isIndex(key));
  const others = description.o.filter(([key]) => !isIndex(key));
  return { o: [...indices.sort(([a], [b]) => a - b), ...others] };
}
