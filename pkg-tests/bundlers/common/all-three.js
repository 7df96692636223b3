import { run as others } from './page-and-worker.js';
import { ask } from './talk.js';

export const run = (server) => ({
  ...others(server),
  shared: ask(new SharedWorker(new URL('./worker.js', import.meta.url), { type: 'module' }), server),
});
