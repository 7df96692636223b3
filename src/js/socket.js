// The sockets that this package opened, which are closed when the module behind them has failed.

const opened = new WeakSet();

/** Opens a WebSocket, by the page's own constructor where it gave one. */
export function openSocket(url, protocol, constructor) {
  const socket = new (constructor ?? WebSocket)(url, [protocol]);
  opened.add(socket);
  return socket;
}

/** Closes one that nobody listens to any more; false if the value is none of ours. */
export function dropSocket(value) {
  if (!opened.has(value)) return false;
  value.onopen = value.onmessage = value.onclose = null;
  // Some libraries throw an error that nobody listens to.
  value.onerror = () => {};
  try {
    value.close();
  } catch {
    // One of the page's own making.
  }
  return true;
}
