// Border: the numbers by which the module and line.js call things. src/connection.rs, src/driver.rs and src/tell.rs
// have the same ones. Each further way into the module would be an export, a shim and a method of the glue.

/** States by the number that the core has for them. */
export const STATES = ['connecting', 'handshaking', 'ready', 'waiting', 'closed'];

// What else the status tells.
export const CLOSED_BY_OWNER = 8;
export const HAS_SESSION = 16;
export const AWAITS_HANDSHAKE = 32;

// What `link.say` does.
export const CALL = 0;
export const CALL_WITH_RESEND = 1;
export const EVENT = 2;
export const INSPECT = 3;
export const PING = 4;
export const NEW_SESSION = 5;
export const RESUME = 6;
export const RESULTS = 7;
export const ERROR = 8;
export const PUT_BACK = 9;
export const ATTACH = 10;
export const OPEN = 11;
/** The same with a socket that the page's own constructor has opened. */
export const TAKE = 12;

// What `link.value` tells first.
export const OUTLET = 0;

// What `link.hear` hears.
export const OPENED = 0;
export const TEXT = 1;
export const NOT_TEXT = 2;
export const ENDED = 3;
export const DEADLINE = 4;

// What `link.ask` tells and does. The figures that a page sees, in its order, by their names.
export const FIGURES = {
  unacknowledgedMessages: 10, unacknowledgedBytes: 11, pendingCalls: 12, messagesIn: 0, messagesOut: 1, bytesIn: 2, bytesOut: 3,
};
export const DRAIN = 4;
export const RELEASE = 5;
export const DELAY = 6;
export const NO_DELAY = 7;
export const LOG = 8;
export const DROP_TRANSPORT = 9;
export const DELIVERED = 13;
export const RECEIVED = 14;
export const LAST_ID = 15;
export const RTT = 16;
export const CONNECT_TIMEOUT = 17;
export const HANDSHAKE_TIMEOUT = 18;
export const MAX_MESSAGE = 19;
export const STATUS = 20;
export const CONNECTING = 21;
export const FORGET = 22;
export const CLOSE = 23;
export const HEARTBEAT = 24;
export const WITHDRAW = 25;
export const CONFIGURE = 32;
export const CONFIGURE_TRANSPORT = 39;

/** Why a transport ended, by the core's numbers. */
export const ENDS = [
  'transport closed',
  'transport did not open in time',
  'transport did not close in time',
  'nothing came from the server',
  'another transport took over',
];
export const NOT_OPENED_IN_TIME = 1;
