import { ws, type Connection, type ConnectionState, type Proxies, type StateDetail } from 'jstp-wasm';
import { SERVER, type Demo } from './demo';
import '../../style.css';

const find = <Kind extends Element>(selector: string) => document.querySelector<Kind>(selector)!;
const status = find<HTMLElement>('#status');
const toggle = find<HTMLButtonElement>('#toggle');
const demo = find<HTMLElement>('#demo');
const form = find<HTMLFormElement>('#calculator');
const output = find<HTMLOutputElement>('#calculator output');
const time = find<HTMLTimeElement>('time');

let open: { connection: Connection; proxies: Proxies<Demo> } | null = null;

async function connect() {
  show('connecting');
  toggle.disabled = true;
  try {
    open = await ws.connectAndInspect<Demo>('demo', null, ['calculator', 'clock'], SERVER);
  } catch (error) {
    const { message, connection } = error as Error & { connection?: Connection };
    // There, if only an inspection failed.
    connection?.close();
    show('failed', `Not connected: ${message}`);
    return;
  } finally {
    toggle.disabled = false;
  }
  const { connection, proxies } = open;
  // A broken line is the library's business: it reconnects, and sends what was asked for meanwhile.
  connection.on('stateChange', (state, previous, detail) => show(state, sentence(state, detail)));
  proxies.clock.on('tick', (now) => {
    time.textContent = new Date(now).toLocaleTimeString();
  });
  show(connection.state);
}

toggle.addEventListener('click', () => {
  if (open === null) {
    void connect();
  } else {
    open.connection.close();
    open = null;
  }
});

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (open === null) return;
  const value = (name: string) => Number(new FormData(form).get(name));
  output.value = '…';
  try {
    output.value = String(await open.proxies.calculator.add(value('a'), value('b')));
  } catch (error) {
    output.value = (error as Error).message;
  }
});

function show(state: ConnectionState | 'failed', text = sentence(state)) {
  status.dataset['state'] = state;
  status.textContent = text;
  demo.hidden = open === null || state === 'closed';
  toggle.textContent = demo.hidden ? 'Connect' : 'Disconnect';
}

function sentence(state: ConnectionState | 'failed', detail?: StateDetail) {
  if (state === 'ready') return 'Connected';
  if (state === 'closed') return 'Disconnected';
  if (state !== 'waiting') return 'Connecting…';
  const next = detail?.nextAttemptAt;
  const when = next === undefined ? '' : ` Next attempt at ${new Date(next).toLocaleTimeString()}.`;
  return `The line is broken. What you ask for waits.${when}`;
}

void connect();
