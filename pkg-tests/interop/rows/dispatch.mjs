// protocol.md 6 and 9: how the server calls its methods, and what their outcome looks like.

export const dispatch = [
  {
    name: 'an unknown interface gets 12',
    says: `
      > {call:[1,'nope'],m:[]}
      < {callback:[1],error:[12]}
      > {call:[2],m:[]}
      < {callback:[2],error:[12]}
      > {call:[3,5],m:[]}
      < {callback:[3],error:[12]}
    `,
  },
  {
    name: 'an unknown method gets 14',
    says: `
      > {call:[1,'calc'],nope:[]}
      < {callback:[1],error:[14]}
      > {call:[2,'calc'],Answer:[]}
      < {callback:[2],error:[14]}
    `,
  },
  {
    name: 'an interface that every JavaScript object inherits is unknown',
    says: `
      > {call:[1,'toString'],m:[]}
      < {callback:[1],error:[12]}
    `,
    upstream: {
      quirk: 'Q34',
      says: `
        > {call:[1,'toString'],m:[]}
        < {callback:[1],error:[14]}
      `,
    },
  },
  {
    name: 'a method that every JavaScript object inherits is unknown',
    says: `
      > {call:[1,'calc'],toString:[]}
      < {callback:[1],error:[14]}
    `,
    upstream: {
      quirk: 'Q34',
      says: `
        > {call:[1,'calc'],toString:[]}
        < {callback:[1],error:[17]}
      `,
    },
  },
  {
    name: 'an interface that every JavaScript object inherits cannot be inspected',
    says: `
      > {inspect:[1,'constructor']}
      < {callback:[1],error:[12]}
    `,
    upstream: {
      quirk: 'Q34',
      says: `
        > {inspect:[1,'constructor']}
        < {callback:[1],ok:[]}
      `,
    },
  },
  ...[
    "'calc'],add:[]",
    "'calc'],add:[1]",
    "'calc'],add:[1,2,3]",
    "'calc'],answer:[1]",
    "'calc'],answer:[,]",
    "'fail'],rejects:[1]",
  ].map((rest) => ({
    name: `a wrong number of arguments gets 17: ${rest.slice(rest.indexOf(',') + 1)}`,
    says: `
      > {call:[1,${rest}}
      < {callback:[1],error:[17]}
    `,
  })),
  {
    name: 'an undefined argument is an argument',
    says: `
      > {call:[1,'echo'],many:[undefined,,3]}
      < {callback:[1],ok:[,,3]}
    `,
  },
  {
    name: 'one, several and no results',
    says: `
      > {call:[1,'echo'],one:['x']}
      < {callback:[1],ok:['x']}
      > {call:[2,'echo'],many:[1,'b',[3]]}
      < {callback:[2],ok:[1,'b',[3]]}
      > {call:[3,'echo'],none:[]}
      < {callback:[3],ok:[]}
    `,
  },
  {
    name: 'a result that is undefined and last is kept',
    cites: 'mdsf.md 4.1',
    says: `
      > {call:[1,'echo'],one:[undefined]}
      < {callback:[1],ok:[undefined]}
      > {call:[2,'echo'],many:[1,2,undefined]}
      < {callback:[2],ok:[1,2,undefined]}
    `,
    upstream: {
      quirk: 'Q39',
      says: `
        > {call:[1,'echo'],one:[undefined]}
        < {callback:[1],ok:[]}
        > {call:[2,'echo'],many:[1,2,undefined]}
        < {callback:[2],ok:[1,2,]}
      `,
    },
  },
  ...[
    ['null'],
    ['true'],
    ['false'],
    ["''"],
    ['[]'],
    ['{}'],
    ['0'],
    ['-0', '0'],
    ['0.1'],
    ['1e21', '1e+21'],
    ['1e-7'],
    ['0x10', '16'],
    ['5e-324'],
    ['1.7976931348623157e308', '1.7976931348623157e+308'],
    ['9007199254740993', '9007199254740992'],
    ['"it\'s"', "'it\\'s'"],
    ["'\"'", "'\\\"'"],
    ["'\\b\\f\\n\\r\\t\\v\\0\\\\'", "'\\b\\f\\n\\r\\t\\u000b\\u0000\\\\'"],
    ["'é ж 漢 😀'"],
    ["'\\u00e9\\x41'", "'éA'"],
    ["'\\u{1f600}\\ud83d\\ude00'", "'😀😀'"],
    ['[1,,3]'],
    ['[,,1]'],
    ['[[[[]]]]'],
    ['{a:1,b:{c:[2]}}'],
    ['{a:1,a:2}', '{a:2}'],
    ['{a:undefined,b:1}', '{b:1}'],
    ["{'a b':1,'':2,'é':3}"],
    ['{$:1,_a1:2,null:3,call:4}'],
  ].map(([value, written = value]) => ({
    name: `the value ${value} comes back`,
    cites: 'mdsf.md 4.1',
    says: `
      > {call:[1,'echo'],one:[${value}]}
      < {callback:[1],ok:[${written}]}
    `,
  })),
  {
    name: 'the line separators are escaped',
    cites: 'mdsf.md 4.1',
    says: `
      > {call:[1,'echo'],one:['a\\u2028b\\u2029c']}
      < {callback:[1],ok:['a\\u2028b\\u2029c']}
    `,
    upstream: {
      quirk: 'Q68',
      says: `
        > {call:[1,'echo'],one:['a\\u2028b\\u2029c']}
        < {callback:[1],ok:['a\u2028b\u2029c']}
      `,
    },
  },
  {
    name: '__proto__ is a key like any other',
    cites: 'mdsf.md 6',
    says: `
      > {call:[1,'echo'],one:[{__proto__:{a:1},b:2}]}
      < {callback:[1],ok:[{__proto__:{a:1},b:2}]}
    `,
    upstream: {
      quirk: 'Q64',
      says: `
        > {call:[1,'echo'],one:[{__proto__:{a:1},b:2}]}
        < {callback:[1],ok:[{b:2}]}
      `,
    },
  },
  ...['NaN', 'Infinity', '-Infinity'].map((value) => ({
    name: `a result that holds ${value} cannot be sent and is answered with 16`,
    cites: 'decisions.md',
    says: `
      > {call:[1,'echo'],one:[${value}]}
      < {callback:[1],error:[16]}
    `,
    upstream: {
      quirk: 'Q67',
      says: `
        > {call:[1,'echo'],one:[${value}]}
        < close 1000
      `,
    },
  })),
  {
    name: 'a plain error travels as its text, under code 1',
    says: `
      > {call:[1,'calc'],divide:[1,0]}
      < {callback:[1],error:[1,'Error: Zero division']}
      > {call:[2,'fail'],text:['no such luck']}
      < {callback:[2],error:[1,'no such luck']}
    `,
  },
  ...['10', '12', '16', '1', '1025', '-7'].map((code) => ({
    name: `an error that is the number ${code} travels alone`,
    cites: 'protocol.md 9',
    says: `
      > {call:[1,'fail'],code:[${code}]}
      < {callback:[1],error:[${code}]}
    `,
  })),
  {
    name: 'a RemoteError travels with its message and info',
    cites: 'protocol.md 9',
    says: `
      > {call:[1,'fail'],custom:[]}
      < {callback:[1],error:[1025,'Custom failure','a',{b:2}]}
    `,
  },
  {
    name: 'an exception gets 16 and is contained',
    says: `
      > {call:[1,'fail'],throws:[]}
      < {callback:[1],error:[16]}
      > {call:[2,'calc'],answer:[]}
      < {callback:[2],ok:[24]}
    `,
  },
  {
    name: 'an async failure gets 16 and is contained',
    says: `
      > {call:[1,'fail'],rejects:[]}
      < {callback:[1],error:[16]}
      > {call:[2,'calc'],answer:[]}
      < {callback:[2],ok:[24]}
    `,
  },
  {
    name: "a session's own storage",
    cites: 'the fixture',
    says: `
      > {call:[1,'session'],set:['k',{a:[1]}]}
      < {callback:[1],ok:[]}
      > {call:[2,'session'],get:['k']}
      < {callback:[2],ok:[{a:[1]}]}
      > {call:[3,'session'],get:['missing']}
      < {callback:[3],ok:[]}
      > {call:[4,'session'],username:[]}
      < {callback:[4],ok:[null]}
      > {call:[5,'session'],id:[]}
      < {callback:[5],ok:['<uuid>']}
    `,
  },
  {
    name: 'counts belong to the session and the key',
    cites: 'the fixture',
    says: `
      > {call:[1,'echo'],count:['a']}
      < {callback:[1],ok:[1]}
      > {call:[2,'echo'],count:['b']}
      < {callback:[2],ok:[1]}
      > {call:[3,'echo'],count:['a']}
      < {callback:[3],ok:[2]}
    `,
  },
  {
    name: "what the server sends before it closes arrives, and its close has code 1000",
    cites: 'protocol.md 1.3',
    says: `
      > {call:[1,'admin'],close:[]}
      < {callback:[1],ok:[]}
      < close 1000
    `,
  },
].map((row) => ({ cites: 'protocol.md 6', ...row }));
