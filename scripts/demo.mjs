// Runs the demo until it is told to stop: the native server, and the page that talks to it.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort, startServer } from './server.mjs';
import { staticServer } from './static.mjs';

const folder = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

const signalled = new Promise((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve());
});

try {
  process.exitCode = await run();
} catch (error) {
  console.error(`demo: ${error.message}`);
  process.exitCode = 1;
}

async function run() {
  const command = process.env.JSTP_SERVER_BIN
    ? [process.env.JSTP_SERVER_BIN]
    : ['cargo', 'run', '--quiet', '--release', '--package', 'jstp-server', '--bin', 'jstp-server', '--'];
  const server = await startServer([...command, '--listen', '127.0.0.1:0']);
  const site = staticServer({
    folders: {
      '/': folder('www/'),
      '/pkg/': folder('pkg/'),
      // For `?library=upstream`; without the tests' npm packages it is not there.
      '/upstream/': folder('pkg-tests/node_modules/@metarhia/jstp/dist/'),
    },
    values: { '/config.json': { server: server.url } },
  });
  try {
    site.listen(await freePort(Number(process.env.PORT) || 8080), '127.0.0.1');
    await once(site, 'listening');
    console.log(`\n  Open http://127.0.0.1:${site.address().port}/ (Ctrl-C ends it)\n`);
    const died = await Promise.race([signalled, server.exited]);
    if (died) throw new Error(`the server ${died}`);
    return 0;
  } finally {
    site.close();
    site.closeAllConnections();
    await server.stop();
  }
}
