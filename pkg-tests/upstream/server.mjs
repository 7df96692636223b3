// The fixture server on upstream's Node implementation (`@metarhia/jstp` 2.3.0), so that one suite
// runs against it and against `jstp-server --fixture`.
//
//   node pkg-tests/upstream/server.mjs --listen 127.0.0.1:0 [--heartbeat MS] [--greet] …
//
// The first line on standard output is `listening ws://HOST:PORT`; SIGTERM and SIGINT end it.
//
// What upstream cannot do, and what stands here instead:
//
// | fixture | upstream | here |
// | --- | --- | --- |
// | `fail.throws`, `fail.rejects` | 16 is sent, then the process ends (Q35) | uncaught exceptions are contained: a line `contained: …` on standard error, the process lives on |
// | messages that kill the process (Q33, Q34, Q70), a reset after the upgrade (Q69) | the process ends | contained likewise; the message is lost and its connection stays open |
// | ids that make loops endless (Q11) | the process hangs | nothing helps; do not send them to a server that is still needed |
// | `back.invokeResend` | a repeated call has lost its arguments (Q5) | as upstream |
// | `back.inspect` | yields a proxy, which leaves out names that an EventEmitter has | as upstream |
// | `back.*` for a lost callback | the bare number −1 (Q6) | `{ error: [-1] }`, as from any other server |
// | `--greet` | the greeting leaves before the handshake's answer (Q22) | as upstream |
// | `admin.close` | the client may come back to the same session (Q46) | as upstream |
// | `--handshake-timeout` | always 3000 ms, authentication included (Q23) | only 3000 is accepted |
// | `--auth-timeout` | there is none | refused |
// | application `faults` | it needs control over TCP | not offered, `--faults` is refused |

import { createApplications } from './applications.mjs';
import { authenticate } from './auth.mjs';
import { jstp } from '../lib/upstream.mjs';
import { parseOptions } from './options.mjs';

function contain(error) {
  process.stderr.write(`contained: ${error instanceof Error ? error.stack : String(error)}\n`);
}

let options;
try {
  options = parseOptions(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`upstream/server.mjs: ${error.message}\n`);
  process.exit(2);
}

/** A store from which `admin.forget` and the session lifetime can remove. */
function createProvider() {
  const { sessionLifetime } = options;
  return sessionLifetime === undefined
    ? new jstp.SimpleSessionStorageProvider()
    : new jstp.SimpleSessionStorageProvider(sessionLifetime, sessionLifetime);
}

const provider = createProvider();
const applications = createApplications({ server: () => server, provider, createProvider });

const serverOptions = {
  applications: applications.list(),
  authPolicy: authenticate,
  sessionStorageProvider: provider,
  heartbeatInterval: options.heartbeat,
  clientExpirationTime: options.clientExpiration,
};
const webSocketOptions = {};
if (options.origins.length > 0) {
  webSocketOptions.originCheckStrategy = (origin) => options.origins.includes(origin);
}
const onConnect = (connection) => {
  if (options.greet) {
    connection.emitRemoteEvent('events', 'hello', [connection.session.id]);
  }
};

const server = options.tls
  ? jstp.wss.createServer({ ...serverOptions, ...options.tls }, webSocketOptions, onConnect)
  : jstp.ws.createServer(serverOptions, webSocketOptions, onConnect);

server.listen(options.port, options.host, () => {
  // From here on only: wrong options or a port that is taken must end the process.
  process.on('uncaughtException', contain);
  process.on('unhandledRejection', contain);
  const { address, port } = server.address();
  const host = address.includes(':') ? `[${address}]` : address;
  process.stdout.write(`listening ${options.tls ? 'wss' : 'ws'}://${host}:${port}\n`);
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => process.exit(0));
}
