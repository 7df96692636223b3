import { run as page } from './page.js';
import { ask } from './talk.js';

export const run = (server) => ({
  ...page(server),
  worker: ask(new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }), server),
});
