// Properties that only this package uses, on objects of its own, and that get short names in it.
//
// Whatever a page may see or bring along must not be among them, nor what the engine has: a name that src/types.ts,
// a declaration of TypeScript's, or a text in src/js/ knows is refused by pkg-tests/package.test.mjs. So a property
// that is to be short gets a name that means nothing elsewhere.

export const PRIVATE = [
  // The glue's own.
  '__wrap', '__wbg_ptr', 
  // A link, and what the module calls.
  'answer', 'attach', 'beware', 'called', 'dropTransport', 'forget', 'isBatch', 'opened',
  'setLogging', 'tell', 
  // A line, and who reconnects it.
  'agree', 'awaitsHandshake', 'because', 'cannotConnect', 'closedByOwner', 'endWait', 'fail', 'hasSession', 'have',
  'inspected', 'isAttempting', 'isGivenUp', 'isRenewing', 'lost', 'reached', 'reconnecting', 'releaseIfOver', 'renewed',
  'sessionRefused', 'tellPage', 'timer', 'waiter',
  // Whoever waits.
  'failed', 'isAsking', 'isOver', 'over',
  // What options become.
  'given', 'limits', 'logs', 'policy', 'renews', 'renewsAtFirst', 'settings',
  // Statics of the classes.
  'attempt', 'deliver', 'emitLocally', 'reconnectFunction', 'refreshProxies', 'resumed', 'sessionState', 'setFirst',
  'untilEnded',
  // The emitter and the slow writer.
  'isEmpty', 'isSpent',
];
