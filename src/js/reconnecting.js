// Reconnecting: the default reconnector, the caller's own, and attempts made by hand (protocol.md 7.3, 7.5).

import { DELAY, FORGET, NO_DELAY } from './border.js';
import { Failure, attempt } from './connecting.js';
import { Connection } from './connection.js';
import { Emitter, report } from './emitter.js';
import { isOffline, watchPage } from './page-life.js';
import { ERR_AUTH_FAILED } from './remote-error.js';

export class Reconnecting {
  isAttempting = false;
  /** Set when the server no longer knew the session: the proxies are inspected anew. */
  isRenewing = false;
  /** Set when the connection is closed before the attempt under way has opened a transport. */
  isGivenUp = false;
  /** There has been a handshake that succeeded. */
  hasConnected = false;
  /** When the next attempt is made, in milliseconds since the epoch, if that is known. */
  at;

  #line;
  #timer;
  /** The session's transport was made when the browser said that there is no network. */
  #reachedOffline = false;
  /** There is no network, so nothing is tried until there is. */
  #isOffline = false;
  /** Ends the listening to what the page lives through. */
  #stopWatching;

  constructor(line) {
    this.#line = line;
  }

  /** The transport of a session is gone; whether and when there is another is the reconnector's to decide. */
  lost() {
    // A session from an earlier page may be there before any handshake; without one nothing is armed.
    if (!this.isAttempting && this.hasConnected) this.#ask();
  }

  /** Forgets an attempt that has not begun, or has yet to open its transport. */
  stop() {
    this.isGivenUp = true;
    this.#set();
    this.#isOffline = false;
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }

  /** A handshake succeeded. */
  reached() {
    this.hasConnected = true;
    this.#reachedOffline = isOffline();
  }

  #set(millis, ring) {
    clearTimeout(this.#timer);
    this.at = millis === undefined ? undefined : Date.now() + millis;
    this.#timer = millis === undefined ? undefined : setTimeout(ring, millis);
  }

  #attemptIn(millis) {
    this.#set(millis, () => {
      this.at = undefined;
      this.attempt(undefined, true);
    });
  }

  #pageEvent(event) {
    if (this.at === undefined && !this.#isOffline) return;
    if (event === 'offline') {
      this.#isOffline = true;
      return this.#set();
    }
    // A page that was frozen has not been told that the network is back.
    if (event === 'awake' && this.#isOffline && isOffline()) return undefined;
    this.#isOffline = false;
    // The network is back for everybody, so not all at once.
    return this.#attemptIn(event === 'online' ? Math.floor(Math.random() * 1000) : 0);
  }

  /**
   * A reconnector of the page's own hears of the end of a transport that `close` asked for, too; there is
   * nothing it can do about it but look at `closedIntentionally`.
   */
  tellPage() {
    const { connection, settings } = this.#line;
    if (!settings.reconnector) return;
    try {
      Reflect.apply(settings.reconnector, undefined, [connection, Connection.reconnectFunction(connection)]);
    } catch (error) {
      report(error);
    }
  }

  #ask() {
    const { link, settings } = this.#line;
    if (settings.reconnector) return this.tellPage();
    this.#stopWatching?.();
    this.#stopWatching = watchPage((event) => this.#pageEvent(event));
    // The event may have come before there was anything to stop. A server that was reached without a network,
    // on this machine, needs none.
    if (isOffline() && !this.#reachedOffline) {
      this.#isOffline = true;
      return undefined;
    }
    return this.#attemptIn(link.ask(DELAY, Math.random()));
  }

  /**
   * Makes an attempt. `reports` is whether the connection's events tell of it; those of an attempt by hand do not, as
   * upstream.
   */
  async attempt(waiter, reports, transport) {
    const line = this.#line;
    const { connection, settings } = line;
    if (this.isAttempting) {
      const error = new Error('an attempt to reconnect is under way');
      // A callback never runs inside the call it was given to.
      queueMicrotask(() => waiter?.failed(error, connection));
      return;
    }
    // A failure is the reconnector's to go on from. One of the page's own has been asked already when an attempt by
    // hand begins without a transport.
    const asks = reports || !settings.reconnector || line.is.state === 'ready';
    line.attach();
    this.isAttempting = true;
    this.stop();
    this.isGivenUp = false;
    if (transport) settings.transport = transport;
    if (reports) Emitter.emitLocally(connection, 'reconnectAttempt', ['ws', ...settings.transport.given]);
    await undefined;
    let failure;
    try {
      await attempt(connection, line, settings);
    } catch (thrown) {
      failure = Failure.of(thrown);
    }
    this.#attempted(failure, waiter, reports, asks);
  }

  /** What follows from an attempt that has ended. */
  #attempted(failure, waiter, reports, asks) {
    const line = this.#line;
    const { connection, link, settings } = line;
    const tell = (error) => reports && Emitter.emitLocally(connection, 'reconnect', [error]);
    this.isAttempting = false;
    if (!failure) {
      link.ask(NO_DELAY, 0);
      this.renewed();
      tell(null);
      waiter?.done([connection]);
      return;
    }
    const { error } = failure;
    const lost = this.sessionRefused(error);
    if (line.state === 'waiting') line.because('attempt failed', error);
    tell(error);
    waiter?.failed(error, failure.connection && connection);
    // A listener may have closed the connection, or begun an attempt of its own.
    const { state, closedByOwner } = line.is;
    if (asks && !this.isAttempting && state !== 'ready' && !closedByOwner) {
      if (lost && !settings.renews) line.close();
      else if (lost && !settings.reconnector) this.#attemptIn(0);
      else this.#ask();
    }
    line.changed();
    line.releaseIfOver();
  }

  /** There is a session again, and what a lost one had been told is asked anew. */
  renewed() {
    if (!this.isRenewing) return;
    this.isRenewing = false;
    Connection.refreshProxies(this.#line.connection);
  }

  /**
   * Whether the error says that the server does not know the session any more. What it held is lost then, and
   * the page is told.
   */
  sessionRefused(error) {
    const line = this.#line;
    const { connection, settings } = line;
    if (!line.is.hasSession || error?.code !== ERR_AUTH_FAILED) return false;
    this.isRenewing = settings.renews;
    line.have(FORGET);
    Connection.sessionLost(connection, error);
    return true;
  }
}

