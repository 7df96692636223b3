// An application is checked against the interfaces it serves.

import type { Answer, Connection, EventHandlers } from 'jstp-wasm';
import { Application, RemoteError, ws } from 'jstp-wasm';
import { expectType } from './expect.js';
import type { ChatApi, DialogApi } from './interfaces.js';

// By callback.
const byCallback = new Application<{ dialog: DialogApi }>('page', {
  dialog: {
    confirm(connection, question, callback) {
      expectType<Connection>()(connection);
      expectType<string>()(question);
      expectType<Answer<[result: boolean]>>()(callback);
      if (question === '') return callback(new RemoteError(1000, 'nothing to confirm'));
      if (question === '?') return callback(1000);
      return callback(null, true);
    },
    size(connection, callback) {
      callback(null, connection.id, 600);
    },
    hide(connection, callback) {
      connection.close();
      callback(null);
    },
    pick: (connection, from, title, callback) => callback(null, `${title} ${from[connection.id]}`),
  },
});

// By promise.
const byPromise = new Application<{ dialog: DialogApi }>('page@1.2.3', {
  dialog: {
    async confirm(connection, question) {
      expectType<Connection>()(connection);
      expectType<string>()(question);
      return question !== '';
    },
    // Several results only by callback.
    size: (connection, callback) => callback(null, connection.id, 600),
    async hide() {},
    async pick(connection, from, title) {
      expectType<string | undefined>()(title);
      return from[connection.id] ?? 'none';
    },
  },
}, {
  dialog: {
    closed(connection, name, at) {
      expectType<Connection>()(connection);
      expectType<string>()(name);
      expectType<number>()(at);
    },
  },
});

// With an arity.
new Application<{ dialog: DialogApi }>('page', {
  dialog: {
    confirm: {
      arity: 1,
      async method(connection, question = 'sure?') {
        expectType<string>()(question);
        return connection.handshakeDone;
      },
    },
    size: { arity: 0, method: (connection, ...[callback]) => callback(null, connection.id, 600) },
    hide: { arity: 0, async method() {} },
    pick: { arity: 1, method: async (connection: Connection, from: string[]) => from[connection.id] ?? 'none' },
  },
}, {}, '1.2.3');

// Methods that are a class's, or declared elsewhere.
const shared = {
  async confirm(connection: Connection, question: string) {
    return question === String(connection.id);
  },
  size(connection: Connection, callback: Answer<[number, number]>) {
    callback(null, connection.id, 600);
  },
  async hide() {},
  async pick(connection: Connection, from: string[]) {
    return from[connection.id] ?? 'none';
  },
};
new Application<{ dialog: DialogApi }>('page', { dialog: shared });

// What it heard of other interfaces.
new Application<{ dialog: DialogApi }, { chat: ChatApi; clock: any }>('page', { dialog: shared }, {
  chat: {
    message(connection, from, text) {
      expectType<Connection>()(connection);
      expectType<string>()(from + text);
    },
  },
  clock: { tick: (connection, time) => expectType<any>()([connection, time][1]) },
});
const handlers: EventHandlers<{ dialog: DialogApi }> = { dialog: {} };
new Application<{ dialog: DialogApi }>('page', { dialog: shared }, handlers);

// It serves as a client's.
ws.connect('app', { application: byCallback }, 'ws://localhost');
ws.connect('app', { application: byPromise }, 'ws://localhost');
// @ts-expect-error: an object is no application
ws.connect('app', { application: { dialog: shared } }, 'ws://localhost');

new Application<{ dialog: DialogApi }>('page', {
  // @ts-expect-error: a method is missing
  dialog: { confirm: shared.confirm, size: shared.size, hide: shared.hide },
});
new Application<{ dialog: DialogApi }>('page', {
  // @ts-expect-error: one too many
  dialog: { ...shared, async shrug() {} },
});
// @ts-expect-error: an interface is missing
new Application<{ dialog: DialogApi; chat: ChatApi }>('page', { dialog: shared });
// @ts-expect-error: one too many
new Application<{ dialog: DialogApi }>('page', { dialog: shared, chat: {} });
new Application<{ dialog: DialogApi }>('page', {
  // @ts-expect-error: a result of another type, by promise
  dialog: { ...shared, async confirm() { return 'yes'; } },
});
new Application<{ dialog: DialogApi }>('page', {
  // @ts-expect-error: a result of another type, by callback
  dialog: { ...shared, confirm: (connection, question, callback) => callback(null, `${connection.id}${question}`) },
});
new Application<{ dialog: DialogApi }>('page', {
  // @ts-expect-error: no result, by callback
  dialog: { ...shared, confirm: (connection, question, callback) => callback(null) },
});
new Application<{ dialog: DialogApi }>('page', {
  // @ts-expect-error: one result in the place of two
  dialog: { ...shared, size: (connection, callback) => callback(null, connection.id) },
});
new Application<{ dialog: DialogApi }>('page', {
  // @ts-expect-error: a promise holds one result, not two
  dialog: { ...shared, async size() { return [800, 600]; } },
});
new Application<{ dialog: DialogApi }>('page', {
  // @ts-expect-error: neither async nor by callback
  dialog: { ...shared, confirm: (connection, question) => question === String(connection.id) },
});
new Application<{ dialog: DialogApi }>('page', {
  // @ts-expect-error: an argument of another type
  dialog: { ...shared, async confirm(connection: Connection, question: number) { return question > connection.id; } },
});
new Application<{ dialog: DialogApi }>('page', {
  // @ts-expect-error: the connection comes first
  dialog: { ...shared, async confirm(question: string) { return question !== ''; } },
});
new Application<{ dialog: DialogApi }>('page', {
  // @ts-expect-error: an arity is a number
  dialog: { ...shared, confirm: { arity: '1', method: shared.confirm } },
});
new Application<{ dialog: DialogApi }>('page', {
  // @ts-expect-error: a result of another type, with an arity
  dialog: { ...shared, confirm: { arity: 1, async method() { return 'yes'; } } },
});
new Application<{ dialog: DialogApi }>('page', { dialog: shared }, {
  // @ts-expect-error: no such event
  dialog: { opened() {} },
});
new Application<{ dialog: DialogApi }>('page', { dialog: shared }, {
  // @ts-expect-error: an argument of another type
  dialog: { closed(connection: Connection, name: number) { console.log(connection, name); } },
});
