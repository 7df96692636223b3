// The log of events received: the newest first, ticks in a row as one line.

import { addFirst, byId, make, timeOfDay } from './dom.js';
import { write } from './values.js';

const LINES = 100;

let last = { event: '', count: 0 };

/** Adds an event to the log. */
export function logEvent(interfaceName, name, args) {
  const event = `${interfaceName}.${name}`;
  const list = byId('events');
  // One line a second would push everything else out of sight.
  const isRepeated = event === 'clock.tick' && event === last.event;
  last = { event, count: isRepeated ? last.count + 1 : 1 };
  if (isRepeated) list.firstElementChild.remove();
  const times = last.count > 1 ? [make('span', { class: 'count' }, `×${last.count}`)] : [];
  const line = make(
    'li',
    {},
    make('b', {}, event),
    ...times,
    make('time', {}, timeOfDay(new Date())),
    make('code', {}, args.map(write).join(', ')),
  );
  addFirst(list, line, LINES);
}
