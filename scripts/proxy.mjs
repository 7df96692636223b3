// A proxy between the browser and the test runner's web server, which keeps a thread for each open
// connection and, when a browser opens several at once, can leave one of them waiting for a thread
// until another closes: the page then loads its modules after many seconds or never. Through here
// every request has a connection of its own that closes with the answer.
import { createServer, request } from 'node:http';

/**
 * Starts the proxy; resolves with the browser's switches for it and a way to stop it. For a browser that is told
 * of no proxy it stands at `url` in the place of `origin`.
 */
export async function startProxy(origin) {
  const proxy = createServer((incoming, outgoing) => {
    const forwarded = request(new URL(incoming.url, origin), {
      method: incoming.method,
      headers: { ...incoming.headers, connection: 'close' },
      agent: false,
    });
    forwarded.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', (error) => {
      if (!outgoing.headersSent) outgoing.writeHead(502);
      outgoing.end(error.message);
    });
    incoming.pipe(forwarded);
  });
  await new Promise((resolve, reject) => {
    proxy.once('error', reject);
    proxy.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${proxy.address().port}/`,
    /** Switches that lead all requests here but those to the given `host:port`s. */
    switches: (...direct) => [
      `--proxy-server=127.0.0.1:${proxy.address().port}`,
      `--proxy-bypass-list=${['<-loopback>', ...direct].join(';')}`,
    ],
    stop: () => {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}
