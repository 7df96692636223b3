// Texts to compare on: ranges and versions picked by hand, and as many more as asked for.

/** Ranges that stand for a rule, or for an accident of npm's that somebody may lean on. */
export const pickedRanges = [
  // what protocol.md 5.3 lists
  '', '*', 'x', '>1.0.0', '>=2.0.0-beta', '1', '^1.1', 'v1', '1.0', '~1.0', '~>1.0',
  '>2.0.0-beta.1 <2.0.0', '1 - 1', '1.0.0 - 1.2.0', '^2.1.0-rc', '>=1.2.3 <1.5', '<1 || >=2',
  '>=3.0.0-0', '^0.1', '0.x', '^0', '^0.0', '^0.0.3', '~0.0.1', '3', '3.x', '>=3', '2.1', '=1.0.0',
  '= 1.0.0', '>1', '>1.0', '>=1.x', '2.0.0-beta', '9999', '<=1.0', '1.2.3 || ', '||', '1 || foo',
  '>=1,<2', '==1.0.0', 'latest',
  // every operator before every shape
  ...['', '=', '>', '>=', '<', '<=', '^', '~', '~>', 'v', '=v', '>=v', '^v', '~v', '~>=', '^=', '=='].flatMap(
    (operator) =>
      ['0', '1', '1.x', '1.2', '1.2.X', '1.*.3', '1.2.3', '0.0.3', '0.2.3', '1.2.3-beta.1', '1.2.3+b', '*', '']
        .flatMap((shape) => [operator + shape, `${operator} ${shape}`]),
  ),
  // both sides of a hyphen
  ...['*', '1', '1.0', 'v1.0.1', '=1.0.0', '1.2.3-beta', '1.0.0+b', 'foo'].flatMap((low) =>
    ['x', '2', '= 2', '2.0', 'v2.0.0', '=2.0.0', 'v=2.0.0-beta.2', '2.0.0+b', ''].map((high) => `${low} - ${high}`),
  ),
  '1 - 2 3', '1 - 2 - 3', '1 -2', '1- 2', '1-2', '> 1 - 2', '1 - 2 || 3', ' - ', '-', '1\u00a0-\u00a02',
  // spaces between an operator and its version
  '> = 1', '>= = 1', '~ > 1', '~> >1', '~> >=1', '~> = 1', '~ = 1', '^ = 1', '~ ~ 1', '^ ^1', '~ ^1', '~ > =1',
  '~ > >1', '^ v 1', 'v 1', 'v = 1', '= = 1', '1.2.3-rc = 1', '1.2.3-v = 1.2.3', '1.2.3-1v = 1', '1.x.x-01v = 1',
  '1.2.3-1a+v = 1', '1.0.0 =v 1', '1.2.3-1a00.1.x-v = 1', '1.2.3-v= *', '1.0.0 > *', '1.0.0> *', '>\t1 <\n2',
  '\ufeff1', '\u0085 1', '1\u30001.0.1', '  1  ||  2  ', '1|2', '|||', '||||', '1||', '| |',
  // stars where no star belongs
  '1.0.0*', '*1.0.0', '1.*0.0', '>*1.0.0', '1.0.0>=*', '<1.0.0*', '**', '1.0*', '~1.0.0*', '~>*1.0.0', '<>*',
  '1.0.0-a*b', 'v*1.0.0', '1.x*', '*.1.2', '*-beta', '*.*.*-beta', 'x.X.*+b', '1.2.3-*',
  // numbers and lengths at their ends
  '9007199254740991', '9007199254740991.0.0', '^9007199254740990', '9007199254740992.0.0', '<=9007199254740991.x',
  '<9007199254740991.x', '>9007199254740990', '~1.9007199254740991', '1.x.99999999999999999999', '^x.99999999999999999999',
  '18446744073709551616', '18446744073709551615.0.0', `1.x.${'9'.repeat(257)}`, `1.x.${'9'.repeat(258)}`,
  '01', '1.02', '1.2.03', '1.2.3-01', '1.2.3-0', '1.2.3-00', '1.2.3-0a', '1.2.3+01', '1.x.x-01', '0.00.1', '000',
  ...[248, 249, 250, 251, 252].flatMap((n) => [
    `1.2.3-${'a'.repeat(n)}`, `>=1.2.3-${'a'.repeat(n)}`, `^1.2.3-${'a'.repeat(n)}`, `v1.2.3+${'a'.repeat(n)}`,
    `1.2.x-${'a'.repeat(n)}`, `1.2.x-1${'a'.repeat(n)}`, `1.2.x+${'a'.repeat(n)}`, `^1.2.3+${'a'.repeat(n)}.${'b'.repeat(n)}`,
    `1 - 2.0.0-${'a'.repeat(n)}+b`, `1 - v2.0.0-${'a'.repeat(n)}`, `1.0.0-${'a'.repeat(n)} - 2`,
  ]),
  `1.2.x-${'1'.repeat(256)}a`, `1.2.x-${'1'.repeat(257)}a`, `1.2.x-${'1'.repeat(257)}`, `1.2.x-${'1'.repeat(258)}`,
  // not ranges
  'foo', '1.2.3.4', '1.2.3.', '.1', '1.', '1..2', '1.2-beta', '1+b', '1.2.3-', '1.2.3+', '1.2.3-a..b', '1.2.3-a+b+c',
  '1.2.3_a', '!1', '!=1.0.0', '>>1', '><1', '=>1', '=<1', '^^1', '~~1', '~^1', '^~1', '^>1', '^<1', '~<1', '1,2',
  '1 && 2', '(1)', '"1"', '1.2.é', '１', '😀', 'V1', '1.2.3-é', 'null', '-1', '1e3', '0x1', '1.2.3 foo', '\0',
];

/** Versions around every border that the ranges draw. */
export const pickedVersions = [
  '0.0.0-0', '0.0.0', '0.0.1', '0.0.3-alpha', '0.0.3', '0.0.4', '0.1.2', '0.2.3-beta.1', '0.2.3', '0.2.4', '0.3.0',
  '1.0.0-beta', '1.0.0', 'v1.0.0', '1.0.0+b', '1.0.1', '1.1.0', '1.2.0', '1.2.3-0', '1.2.3-1', '1.2.3-beta',
  '1.2.3-beta.1', '1.2.3-beta.2', '1.2.3-beta.11', '1.2.3-beta.a', '1.2.3-rc', '1.2.3', '1.2.3+a', '1.2.4-beta',
  '1.2.4', '1.3.0-alpha', '1.3.0', '1.10.0', '2.0.0-0', '2.0.0-beta.1', '2.0.0-beta.2', '2.0.0', '2.1.0-rc.1',
  '2.1.0-rc.1+b', '3.0.0-alpha', '3.0.0', '9999.0.0', '9007199254740990.0.0', '9007199254740991.0.0',
  '1.9007199254740991.9007199254740991', '1.2.3--', '1.2.3-A', '1.2.3-a-b', '1.2.3-9007199254740993',
];

/** Texts that are versions, nearly so, or not at all. */
export const pickedVersionTexts = [
  ...pickedVersions, '', ' ', 'v', '1', '1.2', '1.2.3.4', ' 1.2.3', '1.2.3 ', '=1.2.3', '= 1.2.3', 'v 1.2.3', 'vv1.2.3',
  'V1.2.3', '=v1.2.3', 'v=1.2.3', '01.2.3', '1.02.3', '1.2.03', '1.2.3-01', '1.2.3-0', '1.2.3-0a', '1.2.3+01', '1.2.3-',
  '1.2.3+', '1.2.3-+b', '1.2.3-a.', '1.2.3-.a', '1.2.3-a..b', '1.2.3+a..b', '1.2.3+a+b', '1.2.3-a_b', '1.2.3-é', '1.2.x', '*',
  '9007199254740992.0.0', '0.9007199254740992.0', '0.0.9007199254740992', '18446744073709551616.0.0', '1.2.3-99999999999999999999',
  '1.2.3\n', '１.2.3', '-1.2.3', '+1.2.3', '1.-2.3', '1.2.3beta', 'latest', '\ufeff1.2.3',
  ...[249, 250, 251].flatMap((n) => [`1.2.3-${'a'.repeat(n)}`, `v1.2.3-${'a'.repeat(n)}`, `1.2.3+${'1'.repeat(n)}`]),
];

/** A generator of numbers in [0, 1) that a seed determines. */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** Generates texts: `range()` is mostly a range, `nearly()` often not, `version()` always a version. */
export function texts(random) {
  const below = (n) => Math.floor(random() * n);
  const one = (list) => list[below(list.length)];
  const chance = (p) => random() < p;
  const many = (most, make) => Array.from({ length: below(most + 1) }, make);

  const number = () => (chance(0.02) ? one(['9007199254740990', '9007199254740991', '9007199254740992', '99999999999999999999']) : String(below(chance(0.1) ? 12 : 4)));
  const identifier = () => one(['alpha', 'beta', 'rc', '0', '1', '2', '10', 'a', 'b1', '-', '1a', '0v', 'v', 'x', '3v', 'A']);
  const identifiers = () => [identifier(), ...many(2, identifier)].join('.');
  const tail = () => (chance(0.3) ? `-${identifiers()}` : '') + (chance(0.1) ? `+${identifiers()}` : '');
  const version = () => `${below(4)}.${below(4)}.${below(4)}${tail()}`;
  const part = () => (chance(0.15) ? one(['x', 'X', '*']) : number());
  const partial = () => {
    const parts = [part(), ...many(2, part)];
    return parts.join('.') + (parts.length === 3 ? tail() : '');
  };
  const gap = () => (chance(0.15) ? one([' ', '  ', '\t', '\u00a0', '\n ']) : '');
  const prefix = () => (chance(0.1) ? one(['v', '=', 'v=', '=v', '= ', 'v ', '==']) : '');
  const operator = () => (chance(0.3) ? '' : one(['<', '<=', '>', '>=', '=', '^', '~', '~>']));
  const comparator = () => operator() + gap() + prefix() + (chance(0.5) ? version() : partial());
  const alternative = () =>
    chance(0.15) ? `${prefix()}${partial()} - ${prefix()}${partial()}` : many(3, comparator).join(chance(0.9) ? ' ' : '  ');
  const range = () => [alternative(), ...many(chance(0.3) ? 2 : 0, alternative)].join(one(['||', ' || ', ' ||']));

  const soup = () =>
    many(9, () =>
      one([' ', ' ', ' - ', '||', '|', '^', '~', '~>', '>', '<', '=', '>=', '<=', 'v', 'x', '*', '.', '-', '+', '0', '1', '2', '1.2', '1.2.3', '0.0', '-beta', '-1v', '.x', 'é', ',']),
    ).join('');
  const damaged = () => {
    const letters = [...range()];
    for (let times = 1 + below(2); times > 0; times--) {
      letters.splice(below(letters.length + 1), below(2), ...many(1, () => one([...' <>=~^v.x*-+|01a,'])));
    }
    return letters.join('');
  };
  return { version, range, nearly: () => one([range, soup, damaged])() };
}
