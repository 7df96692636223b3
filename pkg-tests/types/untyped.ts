// Without interfaces everything is any, as in JavaScript.

import type { Callback, ProxyOf } from 'jstp-wasm';
import jstp, { Application, RemoteProxy, ws } from 'jstp-wasm';
import { expectType } from './expect.js';

const url = 'ws://localhost';
const { connection, proxies } = await jstp.ws.connectAndInspect('app', null, ['calculator', 'chat'], url);
expectType<Record<string, ProxyOf>>()(proxies);
const { calculator, chat } = proxies;
expectType<any>()(await calculator.add(20, 22));
calculator.add(1, 2, (error: Error | null, sum: number) => [error, sum]);
expectType<any>()(await calculator.withOptions({ timeout: 1 }).add(1, 2));
chat.on('message', (from, text) => expectType<any>()([from, text][0]));
chat.emit('typing', 'Ada');
for await (const [time] of chat.events('tick')) expectType<any>()(time);
// @ts-expect-error: not a method, and not untyped either
chat.on(7, () => {});

const names: string[] = ['calculator'];
expectType<Record<string, ProxyOf>>()((await ws.connectAndInspect('app', null, names, url)).proxies);
ws.connectAndInspect('app', undefined, ['calculator'], url, (error, at, found) => {
  if (error) console.error(error);
  found?.calculator?.multiply?.(6, 7, (failed: Error | null, product: number) => console.log(failed, product));
  at?.close();
});

expectType<ProxyOf>()(await connection.inspectInterface('chat'));
connection.inspectInterface('chat', (error, proxy) => {
  if (!error) proxy.say('hello');
});
expectType<any>()(await connection.remoteProxies.chat.say('hello'));
expectType<RemoteProxy>()(new RemoteProxy(connection, 'chat', ['say']));
const callback: Callback = (error, first, second) => [error, first, second];
callback(null, 1, 2);

new Application('page', {
  dialog: {
    async confirm(at, question) {
      return `${at.id}: yes to ${question}`;
    },
    size(at, answer) {
      answer(null, 800, 600, at.id);
    },
    many: { arity: 3, method: (at, ...args) => [at, ...args] },
  },
}, {
  events: {
    hello(at, name) {
      console.log(at.id, `hello ${name}`);
    },
  },
}, '1.2.3');
// @ts-expect-error: an interface is an object of methods
new Application('page', { dialog: 7 });
// @ts-expect-error: so it is without the arity
new Application('page', { dialog: { confirm: { method: () => {} } } });
// @ts-expect-error: a page that serves nothing says so
new Application('page');
