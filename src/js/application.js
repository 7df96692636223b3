// Application: what the page exposes to the server (protocol.md 5.3, 6).

import { report } from './emitter.js';
import {
  ERR_INTERFACE_NOT_FOUND,
  ERR_INTERNAL_API_ERROR,
  ERR_INVALID_SIGNATURE,
  ERR_METHOD_NOT_FOUND,
  RemoteError,
} from './remote-error.js';

// It is built before the module is loaded, so the check of its version is here.
const NUMBER = '(?:0|[1-9]\\d*)';
const PRERELEASE = `(?:${NUMBER}|\\d*[A-Za-z-][0-9A-Za-z-]*)`;
const VERSION = new RegExp(
  `^v?${NUMBER}\\.${NUMBER}\\.${NUMBER}` +
    `(?:-${PRERELEASE}(?:\\.${PRERELEASE})*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);

function own(object, name) {
  return object != null && Object.hasOwn(object, name) ? object[name] : undefined;
}

export class Application {
  static name = 'Application';
  constructor(name, api, eventHandlers = {}, version, storageProvider) {
    if (typeof name !== 'string' || name === '') {
      throw new TypeError('name must be a string that is not empty');
    }
    if (version !== null && typeof version === 'object') {
      storageProvider = version;
      version = undefined;
    }
    const at = name.lastIndexOf('@');
    // An `@` at the start belongs to the name: `@scope/app` (Q28).
    if (at > 0) {
      version = name.slice(at + 1) || version;
      name = name.slice(0, at);
    }
    version ||= '1.0.0';
    if (typeof version !== 'string' || version.length > 256 || !VERSION.test(version)) {
      throw new TypeError(`Invalid semver version: ${version}`);
    }
    this.name = name;
    this.version = version;
    this.api = api;
    this.eventHandlers = eventHandlers;
    if (storageProvider) this.sessionStorageProvider = storageProvider;
  }

  /** The names of an interface's methods in the order of definition, or undefined. */
  getMethods(interfaceName) {
    const methods = own(this.api, interfaceName);
    return methods == null ? undefined : Object.keys(methods);
  }

  /**
   * Calls a method for the peer. `callback(error, ...results)` runs once, whatever the method
   * does; an exception of the method's is reported here and is error 16 over there.
   */
  callMethod(connection, interfaceName, methodName, args, callback) {
    let answered = false;
    const answer = (...outcome) => {
      if (answered) return;
      answered = true;
      callback(...outcome);
    };
    const fail = (error) => {
      report(error);
      answer(new RemoteError(ERR_INTERNAL_API_ERROR));
    };
    const methods = own(this.api, interfaceName);
    if (methods == null) return answer(new RemoteError(ERR_INTERFACE_NOT_FOUND));
    const declared = own(methods, methodName);
    const method = typeof declared === 'function' ? declared : declared?.method;
    if (typeof method !== 'function') return answer(new RemoteError(ERR_METHOD_NOT_FOUND));

    const isAsync = method[Symbol.toStringTag] === 'AsyncFunction';
    const arity = typeof declared === 'function' ? undefined : declared.arity;
    // Declared parameters are the connection, the arguments and, unless async, the callback.
    const expected = arity ?? method.length - (isAsync ? 1 : 2);
    if (args.length !== expected) return answer(new RemoteError(ERR_INVALID_SIGNATURE));

    let returned;
    try {
      returned = isAsync
        ? method.call(methods, connection, ...args)
        : method.call(methods, connection, ...args, answer);
      if (typeof returned?.then !== 'function') return undefined;
    } catch (error) {
      return fail(error);
    }
    // A thenable may throw, and may settle twice.
    Promise.resolve(returned).then(
      (value) => (value === undefined ? answer(null) : answer(null, value)),
      (error) => {
        const plain = error instanceof Error && typeof error.toJSTP !== 'function';
        return plain ? fail(error) : answer(error);
      },
    ).catch(fail);
    return undefined;
  }

  /** Tells the handler of an event, if there is one. */
  handleEvent(connection, interfaceName, eventName, args) {
    const handlers = own(this.eventHandlers, interfaceName);
    const handler = own(handlers, eventName);
    if (typeof handler !== 'function') return;
    try {
      const returned = handler.call(handlers, connection, ...args);
      if (typeof returned?.then === 'function') returned.then(undefined, report);
    } catch (error) {
      report(error);
    }
  }
}
