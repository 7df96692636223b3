// protocol.md 2.5, 2.6 and 5.3: the handshake, on a transport that has not made one.

const accepted = "{handshake:[0],ok:'<uuid>'}";

const request = (name, text, upstream) => ({
  name: `${name}: ${text}`,
  says: `
    > ${text}
    < ${accepted}
  `,
  upstream,
});

const refusal = (name, text, error, upstream) => ({
  name: `${name}: ${text}`,
  says: `
    > ${text}
    < {handshake:[0],error:${error}}
    < close 1000
  `,
  upstream,
});

/** Everything that is not a handshake. */
export const before = [
  ...[
    "{call:[1,'calc'],answer:[]}",
    '{callback:[1],ok:[]}',
    "{event:[1,'events'],x:[]}",
    "{inspect:[1,'calc']}",
    '{ping:[1]}',
    '{pong:[1]}',
    '{foo:[1]}',
    "'text'",
    '[1]',
    '{handshake',
  ].map((text) => ({
    name: `before the handshake ${text} is fatal`,
    says: `
      > ${text}
      < close 1000
    `,
  })),
  ...['null', 'undefined', '{handshake:null}', '{handshake:[0],ok:1}', '{handshake:[0],error:[1]}',
    '{handshake:[0],error:[]}'].map((text) => ({
    name: `before the handshake ${text} is fatal`,
    says: `
      > ${text}
      < close 1000
    `,
    upstream: { quirk: text.endsWith('error:[]}') ? 'Q70' : 'Q33', contained: true },
  })),
  ...['5', 'true', '[]'].map((text) => ({
    name: `before the handshake ${text} is fatal`,
    says: `
      > ${text}
      < close 1000
    `,
    upstream: {
      quirk: 'Q70',
      says: `
        > ${text}
        > {handshake:[0,'fixture']}
        < ${accepted}
      `,
    },
  })),
  ...['{handshake:5}', '{handshake:[]}', '{handshake:[0]}', "{handshake:[0,'']}"].map((text) => ({
    name: `a handshake that asks for nothing is fatal: ${text}`,
    says: `
      > ${text}
      < close 1000
    `,
  })),
  {
    name: 'the obsolete heartbeat may come before the handshake',
    says: `
      > {}
      > {}
      > {handshake:[0,'fixture']}
      < ${accepted}
    `,
  },
].map((row) => ({ cites: 'protocol.md 2.1', ...row }));

export const requests = [
  request('anonymous, latest version', "{handshake:[0,'fixture']}"),
  request('anonymous by name', "{handshake:[0,'fixture'],anonymous:[]}"),
  request('anonymous with any value', "{handshake:[0,'fixture'],anonymous:'x'}"),
  request('a third key is ignored', "{handshake:[0,'fixture'],anonymous:1,login:['x','y']}"),
  request('the id is not checked', "{handshake:[7,'fixture']}"),
  request('the id is not checked', "{handshake:['x','fixture']}"),
  request('no version', "{handshake:[0,'fixture',undefined]}"),
  request('no version', "{handshake:[0,'fixture','']}"),
  request('a version', "{handshake:[0,'fixture','1.0.0']}"),
  request('further header elements are ignored', "{handshake:[0,'fixture','1.0.0',5]}"),
  request('another application', "{handshake:[0,'other']}"),
  {
    name: 'nothing more is answered to a refused client',
    says: `
      > {handshake:[0,'nope']}
      > {handshake:[0,'fixture']}
      < {handshake:[0],error:[10]}
      < close 1000
    `,
  },
].map((row) => ({ cites: 'protocol.md 2.5', ...row }));

export const refusals = [
  refusal('unknown application', "{handshake:[0,'nope']}", '[10]'),
  refusal('unknown application', "{handshake:[0,'Fixture']}", '[10]'),
  refusal('unknown application', "{handshake:[0,'fixture@1']}", '[10]'),
  refusal('an application that is no string', '{handshake:[0,5]}', '[10]'),
  refusal('an application that is no string', '{handshake:[0,{}]}', '[10]'),
  refusal('an inherited name', "{handshake:[0,'constructor']}", '[10]'),
  refusal('a version that is no string', "{handshake:[0,'fixture',1]}", '[10]'),
  refusal('a version that is no string', "{handshake:[0,'fixture',[]]}", '[10]'),
  refusal('a version that is no string', "{handshake:[0,'fixture',null]}", '[10]', {
    quirk: 'Q27',
    says: `
      > {handshake:[0,'fixture',null]}
      < ${accepted}
    `,
  }),
  refusal('a strategy the policy does not know', "{handshake:[0,'fixture'],magic:1}", '[11]'),
  refusal('the application is looked up first', "{handshake:[0,'nope'],magic:1}", '[10]'),
  refusal('unknown session', "{handshake:[0,'fixture'],session:['x',0]}", '[11]'),
  refusal('session without a count', "{handshake:[0,'fixture'],session:['x']}", '[11]'),
  refusal('session credentials that are empty', "{handshake:[0,'fixture'],session:[]}", '[11]'),
  refusal('session credentials that are no array', "{handshake:[0,'fixture'],session:5}", '[11]', {
    quirk: 'Q33',
    contained: true,
  }),
  refusal('session credentials that are null', "{handshake:[0,'fixture'],session:null}", '[11]', {
    quirk: 'Q33',
    contained: true,
  }),
].map((row) => ({ cites: 'protocol.md 2.6', ...row }));

export const authentication = [
  request('login', "{handshake:[0,'fixture'],login:['marcus','secret']}"),
  request('login with an empty password', "{handshake:[0,'fixture'],login:['julia','']}"),
  request('login that takes its time', "{handshake:[0,'fixture'],login:['slow','slow']}"),
  request('login and a range', "{handshake:[0,'fixture','^1'],login:['marcus','secret']}"),
  request('token', "{handshake:[0,'fixture'],token:'letmein'}"),
  {
    name: 'the user name is known afterwards',
    says: `
      > {handshake:[0,'other'],login:['marcus','secret']}
      < ${accepted}
      > {call:[1,'session'],username:[]}
      < {callback:[1],ok:['marcus']}
    `,
  },
  refusal('wrong password', "{handshake:[0,'fixture'],login:['marcus','x']}", '[11]'),
  refusal('no password', "{handshake:[0,'fixture'],login:['marcus']}", '[11]'),
  refusal('unknown user', "{handshake:[0,'fixture'],login:['nobody','secret']}", '[11]'),
  refusal('credentials of another shape', "{handshake:[0,'fixture'],login:'marcus'}", '[11]'),
  refusal('credentials of another shape', "{handshake:[0,'fixture'],login:null}", '[11]'),
  refusal('wrong token', "{handshake:[0,'fixture'],token:'x'}", '[11]'),
  refusal(
    'an error of the policy with a code of its own',
    "{handshake:[0,'fixture'],login:['blocked','x']}",
    "[1100,'Account blocked']",
  ),
  {
    name: 'a handshake while another is being processed is fatal',
    cites: 'protocol.md 5.2',
    says: `
      > {handshake:[0,'fixture'],login:['slow','slow']}
      > {handshake:[0,'fixture']}
      < close 1000
    `,
    upstream: {
      quirk: 'Q24',
      says: `
        > {handshake:[0,'fixture'],login:['slow','slow']}
        > {handshake:[0,'fixture']}
        < {handshake:[0],ok:'<uuid>'}
        < {handshake:[-1],ok:'<uuid>'}
      `,
    },
  },
].map((row) => ({ cites: 'protocol.md 2.6', ...row }));

/** With 1.0.0, 1.2.3 and 2.0.0 stored; `null` is a refusal with 10. */
const picks = {
  '*': '2.0.0',
  x: '2.0.0',
  1: '1.2.3',
  '1.x': '1.2.3',
  v1: '1.2.3',
  '^1.0': '1.2.3',
  '~1.0': '1.0.0',
  '1.0': '1.0.0',
  '1.2': '1.2.3',
  '1.0.0': '1.0.0',
  '=1.0.0': '1.0.0',
  '= 1.0.0': '1.0.0',
  '1.2.3': '1.2.3',
  '2': '2.0.0',
  '>1': '2.0.0',
  '>=1': '2.0.0',
  '<2': '1.2.3',
  '<=1.0': '1.0.0',
  '>=1.2.3 <1.5': '1.2.3',
  '1 - 1': '1.2.3',
  '1.0.0 - 1.2.0': '1.0.0',
  '^1.2.0 || 3': '1.2.3',
  '<1 || >=2': '2.0.0',
  '||': '2.0.0',
  3: null,
  '>2': null,
  '1.1': null,
  '1.0.1': null,
  '2.0.0-beta': null,
  9999: null,
  latest: null,
  foo: null,
  '1 || foo': null,
  '>=1,<2': null,
  '==1.0.0': null,
};

export const versions = [
  ...Object.entries(picks).map(([range, version]) => ({
    name: `the range '${range}' picks ${version ?? 'nothing'}`,
    says: version
      ? `
        > {handshake:[0,'fixture','${range}']}
        < ${accepted}
        > {call:[1,'session'],version:[]}
        < {callback:[1],ok:['${version}']}
      `
      : `
        > {handshake:[0,'fixture','${range}']}
        < {handshake:[0],error:[10]}
        < close 1000
      `,
  })),
  ...['v1.0.0', '1.0.0+build'].map((version) => ({
    name: `the complete version '${version}' is compared by value`,
    says: `
      > {handshake:[0,'fixture','${version}']}
      < ${accepted}
      > {call:[1,'session'],version:[]}
      < {callback:[1],ok:['1.0.0']}
    `,
    upstream: {
      quirk: 'Q27',
      says: `
        > {handshake:[0,'fixture','${version}']}
        < {handshake:[0],error:[10]}
        < close 1000
      `,
    },
  })),
].map((row) => ({ cites: 'protocol.md 5.3', ...row }));

/** What a server started with `--greet` says to a new client. */
export const greeting = {
  cites: 'protocol.md 5.5',
  says: `
    > {handshake:[0,'fixture']}
    < ${accepted}
    < {event:[-1,'events'],hello:['<uuid>']}
  `,
  upstream: {
    cites: 'Q22',
    says: `
      > {handshake:[0,'fixture']}
      < {event:[0,'events'],hello:['<uuid>']}
      < {handshake:[-1],ok:'<uuid>'}
    `,
  },
};
