import { useEffect, useState, type FormEvent } from 'react';
import type { Connection, ConnectionState, ProxyOf } from 'jstp-wasm';
import type { Demo } from './demo';
import { useConnectionState, useDemo, useNextAttempt } from './jstp';

export function App() {
  const [isOpen, setOpen] = useState(true);
  return (
    <>
      <h1>JSTP with React</h1>
      {isOpen ? <Page close={() => setOpen(false)} /> : <Closed open={() => setOpen(true)} />}
    </>
  );
}

function Closed({ open }: { open: () => void }) {
  return (
    <>
      <p role="status">Disconnected</p>
      <p>
        <button type="button" onClick={open}>Connect</button>
      </p>
    </>
  );
}

function Page({ close }: { close: () => void }) {
  const { demo, error } = useDemo();
  return (
    <>
      {demo ? (
        <Status connection={demo.connection} />
      ) : error ? (
        <p role="status" data-state="failed">Not connected: {error.message}</p>
      ) : (
        <p role="status" data-state="connecting">Connecting…</p>
      )}
      <p>
        <button type="button" onClick={close}>{error ? 'Close' : 'Disconnect'}</button>
      </p>
      {demo && <Calculator calculator={demo.proxies.calculator} />}
      {demo && <Clock clock={demo.proxies.clock} />}
    </>
  );
}

function Status({ connection }: { connection: Connection }) {
  const state = useConnectionState(connection);
  const next = useNextAttempt(connection);
  return (
    <p role="status" data-state={state}>{sentence(state, next)}</p>
  );
}

function sentence(state: ConnectionState, next: number | undefined) {
  if (state === 'ready') return 'Connected';
  if (state === 'closed') return 'Disconnected';
  if (state !== 'waiting') return 'Connecting…';
  const when = next === undefined ? '' : ` Next attempt at ${new Date(next).toLocaleTimeString()}.`;
  return `The line is broken. What you ask for waits.${when}`;
}

function Calculator({ calculator }: { calculator: ProxyOf<Demo['calculator']> }) {
  const [result, setResult] = useState('');
  const add = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setResult('…');
    try {
      setResult(String(await calculator.add(Number(form.get('a')), Number(form.get('b')))));
    } catch (error) {
      setResult((error as Error).message);
    }
  };
  return (
    <form onSubmit={add}>
      <input name="a" type="number" step="any" defaultValue="20" aria-label="First number" /> +
      <input name="b" type="number" step="any" defaultValue="22" aria-label="Second number" />{' '}
      <button type="submit">Add</button> <output>{result}</output>
    </form>
  );
}

function Clock({ clock }: { clock: ProxyOf<Demo['clock']> }) {
  const [time, setTime] = useState<string>();
  useEffect(() => {
    clock.on('tick', setTime);
    return () => {
      clock.off('tick', setTime);
    };
  }, [clock]);
  return (
    <p>
      The server’s clock: <time>{time ? new Date(time).toLocaleTimeString() : 'no tick yet'}</time>
    </p>
  );
}
