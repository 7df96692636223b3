// What the page lives through: online, offline, hidden, frozen, back from the cache.

import { quietly } from './emitter.js';

/** Events of the global object; a worker has the first two only, a service worker none that come. */
const GLOBAL = ['online', 'offline', 'pageshow'];
/** Events of the document, where there is one. */
const DOCUMENT = ['visibilitychange', 'resume'];

/**
 * Tells of `online`: the network is back; of `offline`: there is none to try; and of `awake`: somebody looks
 * at the page again, or it runs again. Returns what ends that.
 */
export function watchPage(tell) {
  const { document } = globalThis;
  const hear = ({ type }) => {
    if (type === 'visibilitychange' && document.visibilityState === 'hidden') return;
    tell(type === 'online' || type === 'offline' ? type : 'awake');
  };
  // Where a name means nothing the listener is never called; and not every host of WebAssembly is a browser.
  const each = (act) => {
    for (const name of GLOBAL) quietly(() => globalThis[act](name, hear));
    for (const name of DOCUMENT) quietly(() => document[act](name, hear));
  };
  each('addEventListener');
  return () => each('removeEventListener');
}

/** Whether the browser says that there is no network. What is no browser does not say. */
export function isOffline() {
  let online;
  quietly(() => { online = navigator.onLine; });
  return online === false;
}
