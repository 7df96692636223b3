// What a page would send and get: records, of about the sizes that the table names.

const WORDS = ['red', 'green', 'blue', 'fast', 'slow', 'new', 'sale', 'local'];

function record(index, { title, note }) {
  return {
    id: 1000 + index,
    name: `${title} ${index}`,
    tags: [WORDS[index % 8], WORDS[(index * 3 + 1) % 8]],
    // Never whole: the engine would give the few records with a whole one another shape.
    score: (index * 7919 % 1000) + 0.5,
    ok: index % 3 !== 0,
    owner: { id: index % 50, login: `user${index % 50}`, note: note(index) },
    at: new Date(1_700_000_000_000 + index * 61_000).toISOString(),
  };
}

const VARIANTS = {
  plain: { title: 'Order number', note: (index) => `see order ${index}` },
  nulls: { title: 'Order number', note: () => null },
  'non-ASCII': { title: 'Заказ №', note: (index) => `см. заказ ${index} — “срочно”` },
};

const SIZES = { '30 B': 0, '1 kB': 7, '100 kB': 570, '2 MB': 11_300 };

/** Every size in every variant: `{ size, variant, value }`, the value being a list of arguments. */
export function* samples() {
  for (const [size, records] of Object.entries(SIZES)) {
    if (records === 0) {
      yield { size, variant: 'plain', value: ['general', 'hello there', 42] };
      continue;
    }
    for (const [variant, texts] of Object.entries(VARIANTS)) {
      const rows = Array.from({ length: records }, (_, index) => record(index, texts));
      yield { size, variant, value: [rows] };
    }
  }
}
