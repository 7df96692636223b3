// The clock: the server's time, at once and then with each tick.

import { byId, timeOfDay } from './dom.js';

/** Shows the time of `demo` from now on; returns a function that ends it. */
export function startClock(demo) {
  demo.on('clock', 'tick', show);
  demo.now((error, time) => {
    if (!error) show(time);
  });
  return () => {
    byId('date').textContent = 'Stopped when the connection closed';
  };
}

function show(iso) {
  const time = byId('time');
  time.dateTime = iso;
  time.textContent = timeOfDay(iso);
  byId('date').textContent = `${new Date(iso).toLocaleDateString([], { dateStyle: 'long' })}, from the server`;
}
