// Line: what stands between a connection and its core: who waits for what, and what becomes of what the core
// has to say.

import {
  ATTACH, AWAITS_HANDSHAKE, CLOSE, CLOSED_BY_OWNER, CONFIGURE, CONFIGURE_TRANSPORT, CONNECTING, CONNECT_TIMEOUT, DEADLINE,
  DELIVERED, DRAIN, DROP_TRANSPORT, ENDED, ENDS, ERROR, EVENT, FIGURES, FORGET, HANDSHAKE_TIMEOUT,
  HAS_SESSION, LAST_ID, LOG, MAX_MESSAGE, NEW_SESSION, NOT_OPENED_IN_TIME, NOT_TEXT, OPEN, OPENED, OUTLET,
  PUT_BACK, RECEIVED, RELEASE, RESULTS, RESUME, RTT, STATES, STATUS, TAKE, TEXT, WITHDRAW,
} from './border.js';
import { Connection } from './connection.js';
import { Emitter, report } from './emitter.js';
import { errorOf, refusal } from './errors.js';
import { handshake, quoted } from './heads.js';
import { why } from './options.js';
import { Reconnecting } from './reconnecting.js';
import { RemoteProxy } from './remote-proxy.js';
import {
  ERR_CALLBACK_LOST,
  ERR_NO_HANDSHAKE_RESPONSE,
  ERR_TIMEOUT,
  RemoteError,
} from './remote-error.js';
import { Session } from './session.js';
import { Outlet, protocols } from './socket.js';

/** Why there is no connection when the page did not wait for it. */
export const BY_OWNER = 'closed by its owner';

/** Lines that are let go of while somebody still waits, in case the module fails. */
const left = new Set();

/**
 * Calls with resend wait over a close for another transport, which nobody can open once the page has let go of
 * the connection.
 */
const orphans = new FinalizationRegistry((waits) => {
  for (const { waiter } of waits.values()) waiter.failed(new RemoteError(ERR_CALLBACK_LOST));
});

export class Line {
  /** The status of a link that is closed for good. */
  static CLOSED = STATES.indexOf('closed');

  link;
  settings;
  /** The page's. */
  connection;
  reconnecting = new Reconnecting(this);
  attempts = 0;

  #isAttached = false;
  /** Whether to let go of the page's side once all is told. */
  #isReleasing = false;
  #isLogging = false;
  /** Whether something is being told, which the core's state may be ahead of. */
  #isTelling = false;
  #told = 'closed';
  #sessionId;
  #reason = '';
  #error;
  /** Who waits for the answer to which request. */
  #waits = new Map();
  /** Who asked for the handshake under way, and the user it is for. */
  #handshake;
  /** Who waits for the transport to open, or for an attempt to fail otherwise. */
  #attempt;
  /** Why the transport came to nothing before the connect policy had it, or had answered. */
  #earlyFailure;
  /** How the transport that ended last did so. */
  #end = {};
  /** When the core wants to hear of a deadline, and what it will hear of it by. */
  #deadline = 0;
  #timer;

  constructor(link, settings) {
    this.link = link;
    this.settings = settings;
    this.#isLogging = settings.logs;
    settings.limits.forEach((limit, which) => limit === undefined || link.ask(CONFIGURE + which, limit));
    link.ask(LOG, settings.logs);
  }

  /** Hears of all that happens, for the connection. */
  attach() {
    this.#isAttached = true;
    this.link.say(ATTACH, 0, this);
    orphans.unregister(this);
  }

  get is() {
    const status = this.link.ask(STATUS, 0);
    return {
      state: STATES[status & 7],
      closedByOwner: (status & CLOSED_BY_OWNER) > 0,
      hasSession: (status & HAS_SESSION) > 0,
      awaitsHandshake: (status & AWAITS_HANDSHAKE) > 0,
    };
  }

  /** The id of the session at work, if there is one. */
  get sessionId() {
    return this.is.hasSession ? this.#sessionId : undefined;
  }

  /** The state as a page sees it. */
  get state() {
    const { state, closedByOwner } = this.is;
    // After an attempt that was refused, and between a session and the next, the core has nothing to wait
    // for, unlike the page.
    const goesOn = this.reconnecting.isAttempting || this.reconnecting.isRenewing;
    return state === 'closed' && goesOn && !closedByOwner ? 'waiting' : state;
  }

  get rtt() {
    const rtt = this.link.ask(RTT, 0);
    return Number.isNaN(rtt) ? undefined : rtt;
  }

  get stats() {
    const stats = Object.entries(FIGURES).map(([name, which]) => [name, this.link.ask(which, 0)]);
    return { ...Object.fromEntries(stats), attempts: this.attempts, rtt: this.rtt };
  }

  /** Notes why the state is about to change, and the error behind it. */
  because(reason, error) {
    this.#reason = reason;
    this.#error = error;
  }

  /** All is told that follows from what happened; tells the page if the state is another than it was told. */
  changed() {
    this.#tellState();
    if (this.#isReleasing) this.releaseIfOver();
  }

  #tellState() {
    const { state, reconnecting } = this;
    const previous = this.#told;
    // The next attempt has its time only once this one has ended.
    if (previous === state || (state === 'waiting' && reconnecting.isAttempting)) return;
    this.#told = state;
    if (!this.#isAttached) return;
    const detail = { reason: this.#reason };
    if (this.#error !== undefined) detail.error = this.#error;
    if (reconnecting.at !== undefined) detail.nextAttemptAt = reconnecting.at;
    this.because('');
    this.#emit('stateChange', state, previous, detail);
  }

  #emit(name, ...args) {
    Emitter.emitLocally(this.connection, name, args);
  }

  // What a page asks for.

  /** Emits the events of protocol.md 10, or none of them any more. */
  setLogging(wanted) {
    this.#isLogging = wanted || this.settings.logs;
    this.link.ask(LOG, this.#isLogging);
  }

  /**
   * Issues a request of one of the kinds above, whose waiter is settled when the core says so, or when `timeout`
   * has passed, with a proxy of the interface that was `inspected` if one was; throws what
   * is the caller's own fault. Returns the request's number.
   */
  request(waiter, kind, body, timeout, inspected) {
    let call;
    try {
      call = this.#say(kind, body);
      // Entered before anything is delivered: page code that runs then may end it all.
      const timer = timeout === undefined ? undefined
        : setTimeout(() => this.endWait(call, new RemoteError(ERR_TIMEOUT)), timeout);
      this.#waits.set(call, { waiter, timer, inspected });
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      waiter.failed(error);
    } finally {
      this.#drain();
    }
    return call;
  }

  #take(call) {
    const wait = this.#waits.get(call);
    if (wait) clearTimeout(wait.timer);
    this.#waits.delete(call);
    return wait?.waiter;
  }

  /** Ends a wait: a request that has not left is not sent, one that has is forgotten. */
  endWait(call, error) {
    const waiter = this.#take(call);
    if (!waiter) return;
    this.link.ask(WITHDRAW, call);
    this.#drain();
    waiter.failed(error);
  }

  emit(body) {
    try {
      this.#say(EVENT, body);
    } finally {
      this.#drain();
    }
  }

  /** Asks for a session, as `readAuth` has made of it; `credentials` is the text of those. */
  handshake(waiter, app, { strategy, username, session, resume }, credentials) {
    if (session) this.adopt(session);
    try {
      if (session || resume) {
        const received = this.link.ask(RECEIVED, 0);
        this.#say(RESUME, handshake(app, 'session', `[${quoted(this.sessionId)},${received}]`));
      } else {
        this.#say(NEW_SESSION, handshake(app, strategy, credentials));
      }
      // Entered before anything is delivered.
      this.#handshake = { waiter, username };
    } catch (error) {
      waiter.failed(error);
    }
    this.#drain();
  }

  /** Begins with a session from elsewhere. */
  resume(session) {
    const { guaranteedDeliveredCount, receivedCount, latestBufferedMessageId, buffer } = Session.state(session);
    this.#sessionId = session.id;
    this.link.adopt(guaranteedDeliveredCount, receivedCount, latestBufferedMessageId);
    for (const [id, text] of [...buffer].sort(([one], [other]) => one - other)) this.link.say(PUT_BACK, id, text);
    Connection.adopt(this.connection, session);
  }

  /** Goes on with a session from elsewhere, if a handshake is what comes next. */
  adopt(session) {
    const { awaitsHandshake, hasSession } = this.is;
    if (!awaitsHandshake) return;
    if (hasSession) this.have(FORGET);
    this.resume(session);
  }

  /** Counts and buffer of the session at work, under upstream's names, or undefined. */
  sessionState() {
    if (!this.is.hasSession) return undefined;
    const { link } = this;
    const buffer = [];
    for (let at = 1; link.value(at) !== undefined; at += 2) buffer.push([link.value(at), link.value(at + 1)]);
    return {
      guaranteedDeliveredCount: link.ask(DELIVERED, 0),
      buffer,
      receivedCount: link.ask(RECEIVED, 0),
      latestBufferedMessageId: link.ask(LAST_ID, 0),
    };
  }

  /** Has everything done and told that follows from what was asked for; who waits hears of it in any case. */
  #drain() {
    const { link } = this;
    if (this.#isAttached) return this.#wake(link.ask(DRAIN, 0));
    link.say(ATTACH, 0, this);
    this.#wake(link.ask(DRAIN, 0));
    // Page code that heard of it may have begun to open the connection again.
    if (!this.#isAttached) this.#isReleasing = link.ask(RELEASE, 0) > 0;
    return undefined;
  }

  /** Has the core hear of its next deadline, if it has one. */
  #wake(deadline) {
    if (deadline === this.#deadline) return;
    this.#deadline = deadline;
    clearTimeout(this.#timer);
    if (!(deadline > 0)) return;
    // A millisecond more, since the core cuts fractions off; and a browser takes larger numbers for negative ones.
    const millis = Math.min(deadline - Math.floor(performance.now()) + 1, 0x7fffffff);
    this.#timer = setTimeout(() => {
      this.#deadline = 0;
      this.#hear(DEADLINE);
    }, millis);
  }

  /** Has the core hear what happened, and what follows from it. */
  #hear(what, number, text) {
    this.#wake(this.link.hear(what, number, text));
  }

  /** Sends what a page asks for; throws what is the caller's own fault. */
  #say(what, text) {
    const { link } = this;
    const said = link.say(what, 0, text);
    if (said < 0) throw refusal(-1 - said, link.ask(MAX_MESSAGE, 0));
    return said;
  }

  /** Has the core do something that cannot fail, and what follows from it. */
  have(what, number = 0) {
    this.link.ask(what, number);
    this.#drain();
  }

  /** Answers a call or an inspect of the peer's with results, or with an error. */
  answer(id, failed, text) {
    this.link.say(failed ? ERROR : RESULTS, id, text);
    this.#drain();
  }

  /** Ends the connection. */
  close() {
    this.reconnecting.stop();
    this.because('closed by the page');
    if (this.is.state === 'connecting') this.#takeAttempt()?.failed(this.cannotConnect(BY_OWNER));
    this.have(CLOSE);
    // The core may have been closed already, and only the page have waited for another attempt.
    if (this.#isTelling) this.#isReleasing = this.link.ask(RELEASE, 0) > 0;
    else this.#tellState();
    this.releaseIfOver();
  }

  /** Gives the session up: what is pending fails. */
  forget() {
    this.close();
    this.have(FORGET);
  }

  // Transports.

  /** The browser's WebSocket, or undefined. */
  get transport() {
    return this.link.value(OUTLET)?.socket;
  }

  /** Opens the transport of an attempt; `waiter` hears how it goes. */
  open(waiter) {
    const { link, settings } = this;
    const { url, batch, construct, limits } = settings.transport;
    // One transport at a time: the server may still take the old one for alive.
    this.have(DROP_TRANSPORT);
    limits.forEach((limit, which) => link.ask(CONFIGURE_TRANSPORT + which, limit));
    if (this.reconnecting.isGivenUp) throw this.cannotConnect(BY_OWNER);
    this.#attempt = waiter;
    this.#earlyFailure = undefined;
    try {
      if (construct) link.say(TAKE, 0, new Outlet(new construct(url, protocols(batch))));
      else link.say(OPEN, batch, url);
      link.value(OUTLET).listen(this);
    } catch (error) {
      this.dropTransport();
      throw error instanceof RemoteError ? error : this.cannotConnect(why(error));
    }
    // Page code may stand behind the constructor.
    if (this.reconnecting.isGivenUp) {
      this.dropTransport();
      throw this.cannotConnect(BY_OWNER);
    }
    this.attempts++;
    this.because('opening a transport');
    this.have(CONNECTING);
  }

  /** The connect policy is about to run; `waiter` hears of what prevents its answer, or this throws it. */
  agree(waiter) {
    const error = this.#takeEarlyFailure();
    if (error) throw error;
    this.#attempt = waiter;
  }

  /** Lets go of the transport, whatever state it is in; the session stays. */
  dropTransport() {
    this.#attempt = undefined;
    this.have(DROP_TRANSPORT);
  }

  #takeAttempt() {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    return attempt;
  }

  #takeEarlyFailure() {
    const error = this.#earlyFailure;
    this.#earlyFailure = undefined;
    return error;
  }

  /** What whoever waits for a transport hears in its place. */
  cannotConnect(reason) {
    return new Error(`Cannot connect to ${this.settings.transport.url}: ${reason}`);
  }

  /** Lets go of the page's side if there is nothing left to tell it. */
  releaseIfOver() {
    // Page code that heard of the end may have begun to open the connection again.
    if (this.state !== 'closed' || this.reconnecting.isAttempting || this.transport) return;
    // It may have yet to hear what is being delivered.
    this.#isReleasing = this.link.ask(RELEASE, 0) > 0;
    if (this.#isReleasing || !this.#isAttached) return;
    this.#isAttached = false;
    for (const reference of left) if (!reference.deref()?.#waits.size) left.delete(reference);
    if (this.#waits.size > 0) {
      left.add(new WeakRef(this));
      orphans.register(this.connection, this.#waits, this);
    }
    Connection.ended(this.connection);
  }

  // What the transport has to say. Called from its outlet.

  opened(isBatch) {
    this.because('transport open');
    this.#takeAttempt()?.done([]);
    this.#hear(OPENED, isBatch);
  }

  /** A message came, or undefined in the place of one that is not UTF-8. */
  heard(text) {
    const [, , most] = this.settings.transport.limits;
    // More than what shows that it is too large has no place in linear memory, which is never given back.
    this.#hear(text === undefined ? NOT_TEXT : TEXT, 0, text?.slice(0, most + 1));
  }

  ended(code, reason) {
    this.#end = { code, reason };
    this.#hear(ENDED, code);
  }

  // What the core has to say. Called from Rust.

  /** The peer calls a method (0), emits an event (1), or asks for an interface's methods (2). */
  asked(what, id, interfaceName, name, args) {
    this.#telling(() => {
      if (what === 2) {
        this.#log('inspect', interfaceName);
        return Connection.inspected(this.connection, id, interfaceName);
      }
      // The engine has no memory for them.
      if (args === undefined) return undefined;
      return what === 0 ? this.#called(id, interfaceName, name, args) : this.#emitted(interfaceName, name, args);
    });
  }

  /** What is thrown goes no further: the module would never come to the end of its delivery. */
  #telling(tell) {
    const outer = this.#isTelling;
    this.#isTelling = true;
    try {
      tell();
    } catch (error) {
      report(error);
    }
    this.#isTelling = outer;
  }

  #called(id, interfaceName, methodName, args) {
    this.#log('call', interfaceName, methodName, args);
    return Connection.called(this.connection, id, interfaceName, methodName, args);
  }

  #emitted(interfaceName, name, args) {
    this.#log('event', interfaceName, name, args);
    RemoteProxy.deliver(this.connection, interfaceName, name, args);
    this.connection.application.handleEvent(this.connection, interfaceName, name, args);
  }

  /** By the numbers that src/tell.rs has for what is told. */
  tell(what, number, value) {
    this.#telling(() => this.#tell(what, number, value));
  }

  #tell(what, number, value) {
    switch (what) {
      case 0: return this.#connected(number, value);
      case 1: return this.#refused(value);
      case 2: return this.#handshakeFailed(number, value);
      case 3: return this.#done(number, value);
      case 4: return this.#take(number)?.done([]);
      case 5: return this.#failed(number, value);
      case 6: return this.#take(number)?.failed(new RemoteError(value));
      case 7: return this.#undeliverable(number);
      case 8: return this.#log('callback', ...(number ? [value, undefined] : [undefined, value]));
      case 9: return this.#log('heartbeat', {});
      case 10: return Connection.log(this.connection, 'messageRejected', [value]);
      case 11: return this.#broken(value);
      case 12: return this.#closed(number);
      case 13: return this.changed();
      default: return this.#log(number ? 'outgoingMessage' : 'incomingMessage', value);
    }
  }

  #connected(resumed, id) {
    const { connection } = this;
    this.reconnecting.reached();
    this.because(resumed ? 'session resumed' : 'new session');
    if (!resumed) this.#sessionId = id;
    this.#log('handshake', undefined, resumed ? this.link.ask(DELIVERED, 0) : id);
    const { waiter, username = null } = this.#handshake ?? {};
    this.#handshake = undefined;
    if (!waiter) return;
    if (resumed) {
      Connection.resumed(connection);
      return waiter.done([]);
    }
    // Given up by page code before this was told.
    if (id === undefined) return waiter.done([undefined]);
    const session = new Session(connection, username, id);
    Connection.connected(connection, username, session);
    return waiter.done([session]);
  }

  #refused(array) {
    this.#log('handshake', array, undefined);
    this.#noHandshake(errorOf(array));
  }

  #handshakeFailed(how, sentence) {
    const { url } = this.settings.transport;
    if (how === 3) {
      const error = new Error(`${url}: ${sentence}`);
      // A peer that does not speak the protocol is no connection to hand out.
      this.#takeAttempt()?.failed(error);
      return this.#noHandshake(error);
    }
    const reason = [
      () => this.#closeCode(),
      () => `nothing came within ${this.link.ask(HANDSHAKE_TIMEOUT, 0)} ms`,
      () => BY_OWNER,
    ][how]();
    return this.#noHandshake(new RemoteError(ERR_NO_HANDSHAKE_RESPONSE,
      `${RemoteError.defaultMessages[ERR_NO_HANDSHAKE_RESPONSE]}: ${url}, ${reason}`));
  }

  #noHandshake(error) {
    this.because('handshake failed', error);
    const asked = this.#handshake;
    this.#handshake = undefined;
    if (asked) {
      // Should the transport end before the policy has said so.
      this.#earlyFailure = error;
      return asked.waiter.failed(error);
    }
    // The connect policy has not asked for a handshake, or has its answer.
    const attempt = this.#takeAttempt();
    if (attempt) return attempt.failed(error);
    this.#earlyFailure = error;
    return undefined;
  }

  #closeCode() {
    const { code, reason } = this.#end;
    return `close code ${code}${reason ? `, ${reason}` : ''}`;
  }

  #done(call, results) {
    const inspected = this.#waits.get(call)?.inspected;
    const waiter = this.#take(call);
    if (!waiter) return;
    if (results === undefined) return waiter.failed(new RangeError('no memory for the value of a message'));
    this.#log('callback', undefined, results);
    if (inspected === undefined) return waiter.done(results);
    let proxy;
    try {
      proxy = RemoteProxy.inspected(this.connection, inspected, results);
    } catch (error) {
      // The page has frozen the proxy or `remoteProxies`.
      return waiter.failed(error);
    }
    return waiter.done([proxy]);
  }

  #failed(call, array) {
    const waiter = this.#take(call);
    if (!waiter) return;
    if (array === undefined) {
      return waiter.failed(new Error("the peer's answer holds neither results nor an error"));
    }
    this.#log('callback', array, undefined);
    return waiter.failed(errorOf(array));
  }

  #undeliverable(id) {
    const { url } = this.settings.transport;
    const error = new Error(`${url}: message ${id} is given up: the peer closed each time it was sent again`);
    this.#emit('error', error, this.connection);
  }

  /** The peer sent what is no message. While the handshake is under way, connect reports it. */
  #broken(sentence) {
    if (!this.reconnecting.hasConnected) return;
    this.#emit('error', new Error(`${this.settings.transport.url}: ${sentence}`), this.connection);
  }

  #closed(end) {
    const { connection, reconnecting } = this;
    const attempt = this.#takeAttempt();
    if (attempt) {
      const early = this.#takeEarlyFailure();
      if (early) attempt.failed(early, connection);
      else attempt.failed(this.#notOpened(end));
    }
    this.#emit('close', connection);
    if (this.is.state === 'waiting' || reconnecting.isAttempting) {
      this.because(ENDS[end]);
      return reconnecting.lost();
    }
    this.changed();
    if (reconnecting.hasConnected && this.is.closedByOwner) reconnecting.tellPage();
    return this.releaseIfOver();
  }

  #notOpened(end) {
    return this.cannotConnect(end === NOT_OPENED_IN_TIME
      ? `no answer within ${this.link.ask(CONNECT_TIMEOUT, 0)} ms`
      : `no WebSocket server accepted it (${this.#closeCode()}). It may be down, out of reach, `
        + 'refuse this origin, or not offer the subprotocol metarhia-jstp');
  }

  /** Emits one of the events of protocol.md 10, if anybody listens. */
  #log(name, ...args) {
    if (this.#isLogging) Connection.log(this.connection, name, args);
  }

  // What becomes of everybody when the module has failed.

  /** Those that nothing in the module leads to. */
  static left() {
    return [...left].map((reference) => reference.deref()).filter(Boolean);
  }

  /** Whoever waits hears of it. */
  fail(failure) {
    this.reconnecting.stop();
    this.reconnecting.isAttempting = false;
    this.reconnecting.isRenewing = false;
    const waiters = [...this.#waits.keys()].map((call) => this.#take(call));
    waiters.push(this.#handshake?.waiter, this.#takeAttempt());
    this.#handshake = undefined;
    for (const waiter of waiters) waiter?.failed(failure);
  }

  /** Nothing more comes of the connection. */
  end(failure) {
    this.#isAttached = false;
    Connection.failed(this.connection, this.#told, failure);
    this.#told = 'closed';
  }
}
