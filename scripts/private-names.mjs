// Properties that only this package uses, on objects of its own, and that get short names in it.
//
// Whatever a page may see or bring along must not be among them, nor what the engine has: a name that src/types.ts,
// a declaration of TypeScript's, or a text in src/js/ knows is refused by pkg-tests/names.test.mjs. So a property
// that is to be short gets a name that means nothing elsewhere.

export const PRIVATE = [
  // A link, in the glue, and what the module calls.
  '__wrap', '__wbg_ptr', 'ask', 'asked', 'beware', 'hear', 'say', 'tell',
  // A transport.
  'heard', 'isBatch', 'letGo', 'listen', 'opened', 'socket',
  // A line, and who reconnects it.
  'agree', 'answer', 'attach', 'awaitsHandshake', 'because', 'cannotConnect', 'closedByOwner', 'dropTransport', 'endWait',
  'fail', 'forget', 'hasSession', 'have', 'inspected', 'isAttempting', 'isGivenUp', 'isRenewing', 'lost', 'reached',
  'reconnecting', 'releaseIfOver', 'renewed', 'sessionRefused', 'setLogging', 'tellPage', 'timer', 'waiter',
  // Whoever waits.
  'failed', 'isAsking', 'isOver', 'over',
  // What reads options, and what they become.
  'flag', 'given', 'limits', 'logs', 'millis', 'optional', 'policy', 'renews', 'renewsAtFirst', 'settings',
  // Statics of the classes.
  'attempt', 'called', 'deliver', 'emitLocally', 'reconnectFunction', 'refreshProxies', 'resumed', 'sessionState',
  'setFirst', 'untilEnded',
  // The emitter and the slow writer.
  'isEmpty', 'isSpent',
];
