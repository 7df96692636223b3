// Serves folders of files, and a few values as JSON, to a browser on this machine.
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, sep } from 'node:path';
import { pipeline } from 'node:stream';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.ts': 'text/plain; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};

/**
 * @param {object} site
 * @param {Record<string, string>} site.folders URL prefix (ending in `/`) to folder
 * @param {Record<string, unknown>} [site.values] URL path to a value that is answered as JSON
 * @param {Record<string, string>} [site.headers] what comes with every file besides
 * @returns {import('node:http').Server} not yet listening
 */
export function staticServer({ folders, values = {}, headers = {} }) {
  // The longest prefix decides, so `/pkg/` may lie inside `/`.
  const prefixes = Object.keys(folders).sort((a, b) => b.length - a.length);

  const find = async (path) => {
    const prefix = prefixes.find((candidate) => path.startsWith(candidate));
    if (prefix === undefined) return null;
    const folder = await realpath(folders[prefix]);
    // What the path leads to, links followed, decides whether it lies inside the folder.
    const inside = async (name) => {
      const file = await realpath(join(folder, name));
      return file === folder || file.startsWith(folder + sep) ? file : null;
    };
    const name = path.slice(prefix.length);
    const file = await inside(name);
    if (file === null) return null;
    if (!(await stat(file)).isDirectory()) return path.endsWith('/') ? null : { file };
    // Without the slash the page's relative addresses would point one level up.
    if (!path.endsWith('/')) return { redirect: `${path}/` };
    const index = await inside(join(name, 'index.html'));
    return index && { file: index };
  };

  return createServer(async (request, response) => {
    const answer = (status, headers = {}, text = '') => {
      response.writeHead(status, {
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
        ...headers,
      }).end(request.method === 'HEAD' ? undefined : text);
    };
    const plain = (status, text) => answer(status, { 'Content-Type': TYPES['.txt'] }, `${text}\n`);

    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'GET or HEAD only');
    let path;
    try {
      path = decodeURIComponent(request.url.replace(/[?#].*$/s, ''));
    } catch {
      return plain(400, 'the path is not valid percent-encoding');
    }
    if (!path.startsWith('/') || path.includes('\0')) return plain(400, 'not a path');
    if (Object.hasOwn(values, path)) {
      return answer(200, { 'Content-Type': TYPES['.json'] }, JSON.stringify(values[path]));
    }
    const found = await find(path).catch(() => null);
    if (found === null) return plain(404, 'not found');
    if (found.redirect) return answer(301, { Location: encodeURI(found.redirect).replace(/^\/+/, '/') });
    const { file } = found;

    response.writeHead(200, {
      ...headers,
      'Cache-Control': 'no-store',
      'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
      'X-Content-Type-Options': 'nosniff',
    });
    if (request.method === 'HEAD') return response.end();
    // A browser that leaves midway is its own business.
    pipeline(createReadStream(file), response, () => {});
  });
}
