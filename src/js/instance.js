// One instance of the module, and what becomes of everybody when it fails. It fails by a trap, after which
// its memory cannot be trusted: whoever waits is found among the values it holds, and told.

import { OPEN, RESUME, RTT, STATUS, TAKE } from './border.js';
import { report } from './emitter.js';
import glue from './jstp_wasm.js';
import { Line } from './line.js';
import { ERR_CALLBACK_LOST, ERR_CONNECTION_CLOSED, RemoteError } from './remote-error.js';
import { Outlet } from './socket.js';

/** What the glue can take for any result: a number, none, or several. */
const NOTHING = [];

/** Begins an instance; `over` is called when it fails. */
export async function instantiate(compiled, over) {
  const { imports, start, Link, ...api } = glue();
  const { exports } = await WebAssembly.instantiate(compiled, imports);
  let failure;

  const fail = (cause) => {
    failure = new RemoteError(ERR_CALLBACK_LOST,
      'jstp-wasm has failed, and all its connections with it; a new connect begins afresh');
    failure.cause = cause;
    over();
    Object.defineProperties(Link.prototype, Object.getOwnPropertyDescriptors(closed));
    report(failure);
    // Not in the middle of what called into the module.
    queueMicrotask(() => tellAll(exports.__wbindgen_externrefs, failure));
  };
  let depth = 0;
  const guard = (name, run) => {
    const isOfPage = api[name] || name.startsWith('link_');
    return (...args) => {
      if (failure) {
        if (isOfPage) throw failure;
        return NOTHING;
      }
      depth++;
      try {
        return run(...args);
      } catch (error) {
        if (error !== failure) {
          if (!(error instanceof WebAssembly.RuntimeError)) throw error;
          if (!failure) fail(error);
        }
        // A timer, or an event of a socket's, has nobody to throw at, and it has been told.
        if (depth > 1 || isOfPage) throw failure;
        return NOTHING;
      } finally {
        depth--;
      }
    };
  };

  const guarded = {};
  for (const [name, value] of Object.entries(exports)) {
    guarded[name] = typeof value === 'function' ? guard(name, value) : value;
  }
  start(guarded);
  return api;
}

/** Settles and closes all that is in the table of values that the module held, or waits without being there. */
function tellAll(table, failure) {
  // Several handles may lead to one value.
  const values = new Set(Array.from({ length: table.length }, (_, index) => table.get(index)));
  for (const value of values) if (value instanceof Outlet) value.letGo();
  const lines = [...values].filter((value) => value instanceof Line);
  lines.sort((one, other) => one.connection.id - other.connection.id);
  for (const line of [...Line.left(), ...lines]) line.fail(failure);
  for (const line of lines) line.end(failure);
}

const ignore = () => {};

/** What a link is whose module has failed. */
const closed = {
  ask: (what) => (what === STATUS ? Line.CLOSED : what === RTT ? NaN : 0),
  say(what) {
    if (what <= RESUME || what === OPEN || what === TAKE) throw new RemoteError(ERR_CONNECTION_CLOSED);
  },
  hear: ignore,
  adopt: ignore,
  value: ignore,
};
