import { onScopeDispose, readonly, ref, shallowRef } from 'vue';
import { ws, type ConnectionState, type Inspected } from 'jstp-wasm';
import { SERVER, type Demo } from './demo';

/**
 * A connection for as long as the component, or another scope, lives. `error` is that of a first attempt,
 * which nothing repeats by itself; a connection that breaks later reconnects alone.
 */
export function useDemo() {
  // Shallow: a proxy of a connection is not a connection.
  const demo = shallowRef<Inspected<Demo>>();
  const error = shallowRef<Error>();
  const state = ref<ConnectionState>('connecting');
  const nextAttemptAt = ref<number>();
  let isDisposed = false;

  const opening = ws.connectAndInspect<Demo>('demo', null, ['calculator', 'clock'], SERVER);
  opening.then(
    (opened) => {
      if (isDisposed) return;
      opened.connection.on('stateChange', (now, _previous, detail) => {
        state.value = now;
        nextAttemptAt.value = detail.nextAttemptAt;
      });
      state.value = opened.connection.state;
      demo.value = opened;
    },
    (reason: Error) => {
      error.value = reason;
    },
  );
  onScopeDispose(() => {
    isDisposed = true;
    // Also when it opens only after this. An error has the connection if only an inspection failed.
    opening.catch((reason) => reason).then(({ connection }) => connection?.close());
  });
  return { demo, error, state: readonly(state), nextAttemptAt: readonly(nextAttemptAt) };
}
