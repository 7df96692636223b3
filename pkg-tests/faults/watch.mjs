// Runs in the page before anything else, so it uses nothing from outside itself.

/**
 * Keeps in `window.seen` how many WebSockets were made, how many at most were connecting or open at
 * once, which of them and which timers there are now, and the memory of the WebAssembly module.
 */
export function watch() {
  const seen = { made: 0, mostAtOnce: 0, sockets: new Set(), timers: new Set(), memory: null };
  window.seen = seen;

  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      seen.made += 1;
      seen.sockets.add(this);
      const busy = [...seen.sockets].filter((socket) => socket.readyState <= WebSocket.OPEN);
      seen.mostAtOnce = Math.max(seen.mostAtOnce, busy.length);
      this.addEventListener('close', () => seen.sockets.delete(this));
    }
  };

  const { setTimeout, clearTimeout } = window;
  window.setTimeout = (handler, ...rest) => {
    const timer = setTimeout((...args) => {
      seen.timers.delete(timer);
      handler(...args);
    }, ...rest);
    seen.timers.add(timer);
    return timer;
  };
  window.clearTimeout = (timer) => {
    seen.timers.delete(timer);
    clearTimeout(timer);
  };

  for (const name of ['instantiate', 'instantiateStreaming']) {
    const original = WebAssembly[name];
    WebAssembly[name] = async (...args) => {
      const made = await original.apply(WebAssembly, args);
      seen.memory = (made.instance ?? made).exports.memory;
      return made;
    };
  }
}
