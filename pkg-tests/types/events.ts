// Events of typed proxies.

import type { EventsOf } from 'jstp-wasm';
import { ws } from 'jstp-wasm';
import { expectType } from './expect.js';
import type { AuthApi, ChatApi, ClockApi } from './interfaces.js';

const { proxies: { auth, chat, clock } } = await ws.connectAndInspect<{
  auth: AuthApi;
  chat: ChatApi;
  clock: ClockApi;
}>('app', null, ['auth', 'chat', 'clock'], 'ws://localhost');

auth.on('changed', (user) => expectType<string>()(user));
auth.once('expired', () => {}).off('expired', () => {}).on('changed', () => {});
auth.on('changed', async () => {});
for (const listen of [auth.addListener, auth.prependListener, auth.prependOnceListener, auth.removeListener]) {
  listen('changed', (user) => expectType<string>()(user));
}
expectType<boolean>()(auth.emit('changed', 'ada'));
auth.emit('expired');
expectType<('changed' | 'expired')[]>()(auth.eventNames());
expectType<number>()(auth.listenerCount('changed'));
expectType<((user: string) => void)[]>()(auth.listeners('changed'));
expectType<{ changed: [user: string]; expired: [] }>()(null! as EventsOf<AuthApi>);
for await (const [user] of auth.events('changed')) expectType<string>()(user);
for await (const args of chat.events('message', { signal: new AbortController().signal })) {
  expectType<[from: string, text: string]>()(args);
}
chat.on('message', (from, text) => expectType<string>()(from + text));
chat.removeAllListeners('message').removeAllListeners();

// @ts-expect-error: no such event
auth.on('change', () => {});
// @ts-expect-error: no such event
auth.events('change');
// @ts-expect-error: no such event
auth.emit('change');
// @ts-expect-error: no such event
auth.listenerCount('change');
// @ts-expect-error: an argument of another type
auth.on('changed', (user: number) => user);
// @ts-expect-error: more arguments than there are
auth.on('changed', (user, more) => [user, more]);
// @ts-expect-error: not a listener
auth.on('changed', 'ada');
// @ts-expect-error: an argument of another type
auth.emit('changed', 7);
// @ts-expect-error: an argument is missing
auth.emit('changed');
// @ts-expect-error: one too many
auth.emit('expired', 'ada');
// @ts-expect-error: not a signal
auth.events('changed', { signal: true });

// An interface that declares none has any.
clock.on('tick', (time, ...more) => {
  expectType<any>()(time);
  expectType<any[]>()(more);
});
clock.emit('tock', 1, '2');
expectType<AsyncIterableIterator<any[]>>()(clock.events('tick'));
