// A library that hands on what it has of the package: every type of it has a name.

import { Application, ws } from 'jstp-wasm';
import type { AuthApi, DialogApi } from './interfaces.js';

export const { connection, proxies } = await ws.connectAndInspect<{ auth: AuthApi }>(
  'app', null, ['auth'], 'ws://localhost');
export const { auth } = proxies;
export const { login, note, sum, size } = auth;
export const { login: boundLogin } = auth.withOptions({ timeout: 100 });
export const { on, emit, withOptions } = auth;
export const { client, stats, getTransport, callMethod } = connection;
export const changes = () => auth.events('changed');
export const connect = () => ws.connectAndInspect<{ auth: AuthApi }>('app', null, ['auth'], 'ws://localhost');
export const application = (dialog: Application<{ dialog: DialogApi }>['api']['dialog']) =>
  new Application<{ dialog: DialogApi }>('page', { dialog });
export const { api, eventHandlers } = new Application('page', {});
