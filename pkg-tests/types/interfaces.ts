// The interfaces that the tests speak with.

import type { Events, Results } from 'jstp-wasm';

export interface User {
  name: string;
}

export interface AuthApi extends Events<{ changed: [user: string]; expired: [] }> {
  login(name: string, password: string): Promise<User> | User;
  logout(): void;
  find(name: string): Promise<User | undefined>;
  note(text: string, to?: string, urgent?: boolean): number;
  sum(...numbers: number[]): number;
  size(): Results<[width: number, height: number]>;
  wait(): Promise<void>;
  anything(value: any): any;
  fail(): Promise<never>;
  /** One result of a list's, and none. */
  one(): Results<[id: number]>;
  none(): Results<[]>;
  maybe?(name: string): boolean;
  /** Names that a proxy keeps for itself. */
  on(name: string): number;
  then(value: number): number;
  /** Not a method. */
  version: string;
}

export interface ClockApi {
  now(): Promise<Date>;
}

/** The same notation in an alias. */
export type ChatApi = { say(text: string): void } & Events<{ message: [from: string, text: string] }>;

export interface DialogApi extends Events<{ closed: [name: string, at: number] }> {
  confirm(question: string): Promise<boolean> | boolean;
  size(): Results<[width: number, height: number]>;
  hide(): void;
  pick(from: string[], title?: string): string;
}
