// The few things the panels do with the document. Text is inserted as text, never as markup.

/** The element with this id, which the page has. */
export const byId = (id) => document.getElementById(id);

/** A new element; children are nodes and strings. */
export function make(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Calls `listener` instead of submitting the form. */
export function onSubmit(form, listener) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    listener();
  });
}

/** Adds a line at the end of a list that scrolls, and drops the first beyond `limit`. */
export function addLast(list, line, limit) {
  const scroll = list.closest('.scroll');
  // Whoever has scrolled back to read stays there.
  const follows = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
  list.append(line);
  while (list.children.length > limit) list.firstElementChild.remove();
  if (follows) scroll.scrollTop = scroll.scrollHeight;
}

/** Adds a line at the top of a list, and drops the last beyond `limit`. */
export function addFirst(list, line, limit) {
  list.prepend(line);
  while (list.children.length > limit) list.lastElementChild.remove();
}

/** A time of day from an ISO time, for people. */
export function timeOfDay(iso) {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return String(iso);
  return time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}
