// Calls through typed proxies: promises, callbacks, resent, with options.

import type { ProxyOf, RemoteProxy } from 'jstp-wasm';
import { ws } from 'jstp-wasm';
import { expectType } from './expect.js';
import type { AuthApi, ChatApi, ClockApi, User } from './interfaces.js';

const url = 'ws://localhost';
const { connection, proxies } = await ws.connectAndInspect<{ auth: AuthApi; clock: ClockApi }>(
  'app', null, ['auth', 'clock'], url);
const { auth, clock } = proxies;

// Promises.
expectType<User>()(await auth.login('ada', 'secret'));
expectType<Promise<User>>()(auth.login('ada', 'secret'));
expectType<User | undefined>()(await auth.find('ada'));
expectType<void>()(await auth.logout());
expectType<void>()(await auth.wait());
expectType<[width: number, height: number]>()(await auth.size());
expectType<any>()(await auth.anything('of any type'));
expectType<Promise<never>>()(auth.fail());
expectType<number>()(await auth.one());
expectType<undefined>()(await auth.none());
expectType<Date>()(await clock.now());
expectType<Promise<User>>()(null! as ReturnType<typeof auth.login>);
expectType<[name: string, password: string]>()(null! as Parameters<typeof auth.login>);
// @ts-expect-error: an argument of another type
auth.login('ada', 7);
// @ts-expect-error: too few
auth.login('ada');
// @ts-expect-error: too many
auth.login('ada', 'secret', 'more');
// @ts-expect-error: no such method
auth.logon('ada', 'secret');
// @ts-expect-error: no such interface
proxies.chat;
// @ts-expect-error: not a method, so not on a proxy
auth.version;
// @ts-expect-error: perhaps it is not there
auth.maybe('ada');
expectType<Promise<boolean> | undefined>()(auth.maybe?.('ada'));

// A method by itself can be handed on.
declare function run<Args extends unknown[], T>(method: (...args: Args) => Promise<T>): (...args: Args) => T;
expectType<User>()(run(auth.login)('ada', 'secret'));
expectType<number>()(run(auth.note)('text'));

// Callbacks.
auth.login('ada', 'secret', (error, user) => {
  expectType<Error | null>()(error);
  expectType<User>()(user);
});
expectType<void>()(auth.login('ada', 'secret', () => {}));
auth.login('ada', 'secret', (error: Error | null, user?: User) => [error, user]);
auth.logout((error) => expectType<Error | null>()(error));
auth.login('ada', 'secret', (error: Error | null, user: User) => [error, user]);
auth.find('ada', (error, user) => {
  if (!error) expectType<User | undefined>()(user);
});
auth.size((error, width, height) => {
  if (!error) expectType<number>()(width + height);
});
auth.fail((error) => expectType<Error | null>()(error));
auth.one((error, id) => {
  if (!error) expectType<number>()(id);
});
auth.anything('of any type', (error, ...results) => [error, ...results]);
// @ts-expect-error: the result is of another type
auth.login('ada', 'secret', (error: Error | null, user?: number) => [error, user]);
// @ts-expect-error: there is but one result
auth.login('ada', 'secret', (error, user, more) => [error, user, more]);
// @ts-expect-error: without one of the arguments
auth.login('ada', () => {});

// Callbacks, resent.
expectType<void>()(auth.login('ada', 'secret', () => {}, true));
auth.login('ada', 'secret', (error, user) => {
  if (!error) expectType<User>()(user);
}, false);
// @ts-expect-error: whether to resend stands behind a callback
auth.login('ada', 'secret', true);
// @ts-expect-error: options are for withOptions
auth.login('ada', 'secret', () => {}, { resend: true });

// Fewer arguments, more arguments.
declare const whatever: any;
expectType<number>()(await auth.note('text'));
expectType<number>()(await auth.note('text', 'to', true));
expectType<number>()(await auth.note('text', whatever));
expectType<void>()(auth.note('text', (error, id) => {
  if (!error) expectType<number>()(id);
}));
expectType<void>()(auth.note('text', 'to', () => {}));
expectType<void>()(auth.note('text', 'to', true, () => {}, true));
expectType<number>()(await auth.sum());
expectType<number>()(await auth.sum(1, 2, 3));
expectType<void>()(auth.sum(1, 2, 3, (error, sum) => {
  if (!error) expectType<number>()(sum);
}));
expectType<void>()(auth.sum(1, () => {}, true));
// @ts-expect-error: an argument of another type
auth.note('text', 'to', 'yes');
// @ts-expect-error: the first is not optional
auth.note(() => {});
// @ts-expect-error: an argument of another type
auth.sum(1, '2');

// Names that the proxy keeps for itself.
expectType<typeof auth>()(auth.on('changed', () => {}));
// @ts-expect-error: or awaiting a proxy were a call
auth.then;

// Options.
const bound = auth.withOptions({ timeout: 100, resend: true, signal: new AbortController().signal });
expectType<Promise<User>>()(bound.login('ada', 'secret'));
expectType<Promise<number>>()(bound.note('text'));
expectType<Promise<[width: number, height: number]>>()(bound.size());
// @ts-expect-error: options go with promises
bound.login('ada', 'secret', () => {});
// @ts-expect-error: an argument of another type
bound.login('ada', 7);
// @ts-expect-error: these are the methods alone
bound.events;
// @ts-expect-error: not milliseconds
auth.withOptions({ timeout: '1s' });
// @ts-expect-error: no such option
auth.withOptions({ retries: 3 });

// The other forms of connectAndInspect.
ws.connectAndInspect<{ auth: AuthApi }>('app', null, ['auth'], {}, new URL(url)).then((inspected) =>
  expectType<ProxyOf<AuthApi>>()(inspected.proxies.auth));
ws.connectAndInspect<{ auth: AuthApi }>('app', null, ['auth'], url, (error, at, found) => {
  if (error || !at || !found) throw error;
  expectType<ProxyOf<AuthApi>>()(found.auth);
  at.close();
});
ws.connectAndInspect<{ auth: AuthApi }>('app', {}, ['auth'], { connectTimeout: 5 }, url, (error, at, found) => {
  if (!error && found) expectType<ProxyOf<AuthApi>>()(found.auth);
  at?.close();
});
// @ts-expect-error: no such interface
ws.connectAndInspect<{ auth: AuthApi }>('app', null, ['chat'], url);
// @ts-expect-error: names, not one name
ws.connectAndInspect<{ auth: AuthApi }>('app', null, 'auth', url);

// One interface, on a connection there is.
const chat = await connection.inspectInterface<ChatApi>('chat');
expectType<ProxyOf<ChatApi>>()(chat);
expectType<Promise<void>>()(chat.say('hello'));
connection.inspectInterface<ChatApi>('chat', (error, proxy) => {
  if (!error) expectType<Promise<void>>()(proxy.say('hello'));
});
// @ts-expect-error: no such method
chat.shout('hello');

// A proxy of a known interface serves where any proxy does.
const any: RemoteProxy = chat;
expectType<RemoteProxy>()(any);

// By name.
expectType<unknown>()(await connection.callMethod('auth', 'login', ['ada', 'secret']));
expectType<User>()(await connection.callMethod<User>('auth', 'login', ['ada', 'secret'], { timeout: 100 }));
expectType<User>()(await connection.callMethodWithResend<User>('auth', 'login', ['ada', 'secret']));
expectType<void>()(connection.callMethod('auth', 'login', ['ada', 'secret'], (error, user) => {
  expectType<any>()(user);
  expectType<Error | null>()(error);
}));
connection.callMethod<[user: User]>('auth', 'login', ['ada', 'secret'], (error, user) => {
  if (!error) expectType<User>()(user);
});
// @ts-expect-error: arguments are an array
connection.callMethod('auth', 'login', 'ada');
// @ts-expect-error: no such option
connection.callMethod('auth', 'login', [], { retries: 3 });
// @ts-expect-error: or null
connection.callMethod('auth', 'login', [], 100);
