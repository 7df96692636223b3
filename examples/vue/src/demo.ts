import type { Events } from 'jstp-wasm';

/** What we use of the demo server's interfaces. */
export interface Demo {
  calculator: { add(a: number, b: number): number };
  clock: Events<{ tick: [time: string] }>;
}

/** Where the server is: the page's own address may say `?server=wss://…`. */
export const SERVER = new URLSearchParams(location.search).get('server') ?? 'ws://127.0.0.1:3000';
