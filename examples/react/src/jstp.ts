import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { ws, type Connection, type Inspected } from 'jstp-wasm';
import { SERVER, type Demo } from './demo';

/**
 * A connection for as long as the component is mounted; undefined until it is there. `error` is that of a
 * first attempt, which nothing repeats by itself; a connection that breaks later reconnects alone.
 */
export function useDemo() {
  const [demo, setDemo] = useState<Inspected<Demo>>();
  const [error, setError] = useState<Error>();
  useEffect(() => {
    let mounted = true;
    const opening = ws.connectAndInspect<Demo>('demo', null, ['calculator', 'clock'], SERVER);
    opening.then(
      (opened) => mounted && setDemo(opened),
      (reason: Error) => mounted && setError(reason),
    );
    return () => {
      mounted = false;
      // Also when it opens only after this: StrictMode mounts twice, and one of the two stays. An error has
      // the connection if only an inspection failed.
      opening.catch((reason) => reason).then(({ connection }) => connection?.close());
    };
  }, []);
  return { demo, error };
}

/** `connection.state`, and the component is rendered anew when it changes. */
export function useConnectionState(connection: Connection) {
  const subscribe = useCallback(
    (changed: () => void) => {
      connection.on('stateChange', changed);
      return () => {
        connection.off('stateChange', changed);
      };
    },
    [connection],
  );
  return useSyncExternalStore(subscribe, () => connection.state);
}

/** When the next attempt to reconnect is, in milliseconds since the epoch; undefined while none is due. */
export function useNextAttempt(connection: Connection) {
  const [at, setAt] = useState<number>();
  useEffect(() => {
    const changed = (_state: unknown, _previous: unknown, detail: { nextAttemptAt?: number }) =>
      setAt(detail.nextAttemptAt);
    connection.on('stateChange', changed);
    return () => {
      connection.off('stateChange', changed);
    };
  }, [connection]);
  return at;
}
