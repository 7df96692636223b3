// protocol.md 2.1 to 2.4: the shape of messages, ids, and each kind received after the handshake.

/** protocol.md 2.1, after the handshake. */
export const shape = [
  {
    name: 'keys after the verb are ignored',
    says: `
      > {call:[1,'calc'],add:[1,2],answer:[]}
      < {callback:[1],ok:[3]}
    `,
  },
  {
    name: 'the first key is the kind, whatever follows',
    says: `
      > {ping:[1],call:[2,'calc'],answer:[]}
      < {pong:[1]}
    `,
  },
  {
    name: 'an empty object is the obsolete heartbeat and changes nothing',
    says: `
      > {}
      > {call:[1,'calc'],answer:[]}
      < {callback:[1],ok:[24]}
    `,
  },
  ...['null', 'undefined'].map((text) => ({
    name: `a message that is ${text} is malformed`,
    says: `
      > ${text}
      < close 1000
    `,
    upstream: { quirk: 'Q33', contained: true },
  })),
  ...['5', 'true', "''", '[]'].map((text) => ({
    name: `a message that is ${text} is malformed`,
    says: `
      > ${text}
      < close 1000
    `,
    upstream: { quirk: text === '5' ? 'Q33' : 'Q70', says: `> ${text}` },
  })),
  ...["'text'", '[1]', "[{ping:[1]}]"].map((text) => ({
    name: `a message that is ${text} is malformed`,
    says: `
      > ${text}
      < close 1000
    `,
    upstream: { quirk: 'Q33', says: `> ${text}` },
  })),
  ...['call', 'callback', 'event', 'inspect', 'ping', 'pong'].map((kind) => ({
    name: `a ${kind} whose header is null is malformed`,
    says: `
      > {${kind}:null}
      < close 1000
    `,
    upstream: { quirk: 'Q33', contained: true },
  })),
  {
    name: 'a call whose header is a number is malformed',
    says: `
      > {call:5}
      < close 1000
    `,
    upstream: {
      quirk: 'Q33',
      says: `
        > {call:5}
        < {callback:[],error:[17]}
      `,
    },
  },
  {
    name: 'a ping whose header is an object is malformed',
    says: `
      > {ping:{}}
      < close 1000
    `,
    upstream: {
      quirk: 'Q33',
      says: `
        > {ping:{}}
        < {pong:[]}
      `,
    },
  },
  {
    name: 'a callback whose header is a string is malformed',
    says: `
      > {callback:'x'}
      < close 1000
    `,
    upstream: { quirk: 'Q33', says: `> {callback:'x'}` },
  },
  ...[
    ["{call:['x','calc'],answer:[]}", "{callback:['x'],ok:[24]}"],
    ["{call:[],answer:[]}", '{callback:[],error:[12]}'],
    ["{call:[1.5,'calc'],answer:[]}", '{callback:[1.5],ok:[24]}'],
    ["{call:[null,'calc'],answer:[]}", '{callback:[null],ok:[24]}'],
    ["{inspect:['x','nope']}", "{callback:['x'],error:[12]}"],
    ["{event:[,'events'],x:[]}", "{event:[-1,'events'],got:['x',[]]}"],
    ['{ping:[]}', '{pong:[]}'],
    ["{ping:['1']}", "{pong:['1']}"],
    ['{ping:[9007199254740992]}', '{pong:[9007199254740992]}'],
    ['{ping:[1e300]}', '{pong:[1e+300]}'],
  ].map(([text, answer]) => ({
    name: `a header that does not start with a safe integer is ignored: ${text}`,
    says: `> ${text}`,
    upstream: {
      quirk: 'Q10',
      says: `
        > ${text}
        < ${answer}
      `,
    },
  })),
  ...["{callback:['x'],ok:[]}", "{callback:[],ok:[]}", "{pong:['x']}", '{pong:[1.5]}'].map(
    (text) => ({
      name: `a header that does not start with a safe integer is ignored: ${text}`,
      says: `> ${text}`,
    }),
  ),
  ...['{foo:[1]}', '{foo:5}', '{foo:null}', "{Call:[1,'calc'],answer:[]}", "{'':[1]}"].map(
    (text) => ({
      name: `an unknown kind is ignored: ${text}`,
      says: `> ${text}`,
    }),
  ),
  {
    name: 'a second handshake request is fatal',
    says: `
      > {handshake:[0,'fixture']}
      < close 1000
    `,
  },
  {
    name: 'a handshake response after the handshake is fatal',
    says: `
      > {handshake:[0],ok:'x'}
      < close 1000
    `,
  },
  {
    name: 'after a fatal message nothing more is answered',
    says: `
      > {handshake:[0,'fixture']}
      > {call:[1,'calc'],answer:[]}
      < close 1000
    `,
  },
  ...['{call:[1,', '{call:[1,] answer:[]}', '}', 'nonsense', '{a:1}{a:1}', '{call'].map((text) => ({
    name: `a text that cannot be parsed closes the transport: ${text}`,
    cites: 'protocol.md 1.2',
    says: `
      > ${text}
      < close 1000
    `,
  })),
  {
    name: 'blanks and comments may stand around a message',
    cites: 'mdsf.md 2',
    says: `
      > /* before */ { call:[ 1, 'calc' ], answer:[] } // after
      < {callback:[1],ok:[24]}
    `,
  },
].map(citing('protocol.md 2.1'));

/** protocol.md 2.2, as far as one transport shows it. */
export const ids = [
  {
    name: "the server's ids run -1, -2, -3; answers carry the id they answer and use none",
    says: `
      > {call:[1,'calc'],answer:[]}
      < {callback:[1],ok:[24]}
      > {ping:[2]}
      < {pong:[2]}
      > {call:[3,'events'],emit:['a',[]]}
      < {event:[-1,'events'],a:[]}
      < {callback:[3],ok:[]}
      > {inspect:[4,'nope']}
      < {callback:[4],error:[12]}
      > {call:[5,'back'],invoke:['page','m',[]]}
      < {call:[-2,'page'],m:[]}
      > {call:[6,'back'],ping:[]}
      < {ping:[-3]}
      > {call:[7,'back'],inspect:['page']}
      < {inspect:[-4,'page']}
      > {event:[8,'events'],x:[]}
      < {event:[-5,'events'],got:['x',[]]}
    `,
  },
  ...['77', '0', '-5', '9007199254740991', '-9007199254740991'].map((id) => ({
    name: `an answer copies the id ${id} as it came`,
    says: `
      > {call:[${id},'calc'],answer:[]}
      < {callback:[${id}],ok:[24]}
      > {inspect:[${id},'nope']}
      < {callback:[${id}],error:[12]}
      > {ping:[${id}]}
      < {pong:[${id}]}
    `,
  })),
  {
    name: 'a repeated id is not a duplicate',
    says: `
      > {call:[1,'echo'],count:['k']}
      < {callback:[1],ok:[1]}
      > {call:[1,'echo'],count:['k']}
      < {callback:[1],ok:[2]}
    `,
  },
  {
    name: 'ids may fall',
    says: `
      > {call:[9,'calc'],answer:[]}
      < {callback:[9],ok:[24]}
      > {call:[2,'calc'],answer:[]}
      < {callback:[2],ok:[24]}
    `,
  },
].map(citing('protocol.md 2.2'));

/** protocol.md 2.3 and 2.4: each kind. */
export const kinds = [
  {
    name: 'the wire samples',
    cites: 'protocol.md 2.3',
    says: `
      > {call:[1,'calc'],answer:[]}
      < {callback:[1],ok:[24]}
      > {call:[2,'calc'],divide:[10,0]}
      < {callback:[2],error:[1,'Error: Zero division']}
      > {inspect:[3,'calc']}
      < {callback:[3],ok:['answer','add','divide']}
      > {inspect:[4,'nope']}
      < {callback:[4],error:[12]}
      > {ping:[5]}
      < {pong:[5]}
    `,
  },
  ...[
    "{call:[1,'calc']}",
    "{call:[1,'calc'],answer:5}",
    "{call:[1,'calc'],answer:null}",
    "{call:[1,'calc'],answer:undefined}",
    "{call:[1,'calc'],answer:{}}",
    "{call:[1,'nope']}",
    "{call:[1,'nope'],m:null}",
  ].map((text) => ({
    name: `a call without a verb or with a payload that is no array gets 17: ${text}`,
    says: `
      > ${text}
      < {callback:[1],error:[17]}
    `,
  })),
  {
    name: 'a string is no array of arguments',
    says: `
      > {call:[1,'calc'],add:'ab'}
      < {callback:[1],error:[17]}
    `,
    upstream: {
      quirk: 'Q33',
      says: `
        > {call:[1,'calc'],add:'ab'}
        < {callback:[1],ok:['ab']}
      `,
    },
  },
  {
    name: 'an object with a length is no array of arguments',
    says: `
      > {call:[1,'calc'],answer:{length:0}}
      < {callback:[1],error:[17]}
    `,
    upstream: {
      quirk: 'Q33',
      contained: true,
    },
  },
  {
    name: 'calls are answered when their answer is there, not in the order they came',
    says: `
      > {call:[1,'echo'],later:[60,'late']}
      > {call:[2,'calc'],answer:[]}
      < {callback:[2],ok:[24]}
      < {callback:[1],ok:['late']}
    `,
  },
  {
    name: 'a method that never answers holds nothing up',
    says: `
      > {call:[1,'echo'],never:[]}
      > {call:[2,'calc'],answer:[]}
      < {callback:[2],ok:[24]}
    `,
  },
  ...[
    ['ok:[]', '{ok:[]}'],
    ["ok:['r',2]", "{ok:['r',2]}"],
    ['error:[12]', '{error:[12]}'],
    ["error:[12,'told apart by its code alone']", '{error:[12]}'],
    ["error:[1,'Error: x']", "{error:[1,'Error: x']}"],
    ["error:[1025,'m','a',{b:2}]", "{error:[1025,'m','a',{b:2}]}"],
    ['error:[1100]', '{error:[1100]}'],
  ].map(([answer, outcome]) => ({
    name: `a callback settles the server's own call: ${answer}`,
    says: `
      > {call:[1,'back'],invoke:['page','m',[1,'two']]}
      < {call:[-1,'page'],m:[1,'two']}
      > {callback:[-1],${answer}}
      < {callback:[1],ok:[${outcome}]}
    `,
  })),
  ...['{callback:[-1]}', '{callback:[-1],ok:null}'].map((text) => ({
    name: `an unusable answer fails the caller: ${text}`,
    says: `
      > {call:[1,'back'],invoke:['page','m',[]]}
      < {call:[-1,'page'],m:[]}
      > ${text}
      < {callback:[1],ok:[{error:<any>}]}
    `,
    upstream: {
      quirk: 'Q37',
      says: `
        > {call:[1,'back'],invoke:['page','m',[]]}
        < {call:[-1,'page'],m:[]}
        > ${text}
      `,
    },
  })),
  ...[
    '{callback:[-1],ok:true}',
    '{callback:[-1],ok:5}',
    '{callback:[-1],error:[]}',
    '{callback:[-1],error:5}',
  ].map((text) => ({
    name: `an unusable answer fails the caller: ${text}`,
    says: `
      > {call:[1,'back'],invoke:['page','m',[]]}
      < {call:[-1,'page'],m:[]}
      > ${text}
      < {callback:[1],ok:[{error:<any>}]}
    `,
    upstream: { quirk: 'Q70', contained: true },
  })),
  {
    name: 'a callback nobody waits for is rejected without closing',
    says: `
      > {callback:[-1],ok:[]}
      > {callback:[5],error:[12]}
    `,
  },
  {
    name: 'only the first callback counts',
    says: `
      > {call:[1,'back'],invoke:['page','m',[]]}
      < {call:[-1,'page'],m:[]}
      > {callback:[-1],ok:[1]}
      < {callback:[1],ok:[{ok:[1]}]}
      > {callback:[-1],ok:[2]}
    `,
  },
  ...['{callback:[1e15],ok:[]}', '{callback:[-1000000000000000],ok:[]}', '{pong:[1e15]}'].map(
    (text) => ({
      name: `an id from the wire bounds no loop: ${text}`,
      cites: 'protocol.md 4.3',
      says: `> ${text}`,
      upstream: { quirk: 'Q11', hangs: true },
    }),
  ),
  {
    name: 'an event reaches the application',
    says: `
      > {event:[1,'events'],message:['bob','hi']}
      < {event:[-1,'events'],got:['message',['bob','hi']]}
      > {event:[2,'events'],empty:[]}
      < {event:[-2,'events'],got:['empty',[]]}
    `,
  },
  ...[
    "{event:[1,'events'],x:5}",
    "{event:[1,'events'],x:null}",
    "{event:[1,'events'],x:{}}",
    "{event:[1,'events']}",
  ].map((text) => ({
    name: `an event without an array of arguments is rejected without closing: ${text}`,
    says: `> ${text}`,
  })),
  {
    name: 'an event nobody handles is not answered',
    says: `
      > {event:[1,'calc'],x:[]}
      > {event:[2,'nope'],x:[]}
    `,
  },
  {
    name: 'the server emits events; those of a method come before its answer',
    says: `
      > {call:[1,'events'],emit:['x',[1,{a:2}]]}
      < {event:[-1,'events'],x:[1,{a:2}]}
      < {callback:[1],ok:[]}
      > {call:[2,'events'],flood:[3,'p']}
      < {event:[-2,'events'],tick:[0,'p']}
      < {event:[-3,'events'],tick:[1,'p']}
      < {event:[-4,'events'],tick:[2,'p']}
      < {callback:[2],ok:[3]}
    `,
  },
  ...[
    ['calc', "['answer','add','divide']"],
    ['echo', "['one','many','none','later','never','count']"],
    ['fail', "['code','custom','text','throws','rejects']"],
    ['session', "['id','username','set','get','version']"],
    ['events', "['emit','flood','broadcast']"],
    ['back', "['invoke','invokeResend','inspect','ping']"],
    ['admin', "['close','forget','invokeLater','lateAnswers','apps','adopt']"],
  ].map(([name, methods]) => ({
    name: `inspect lists the methods of ${name} in the order of their definition`,
    says: `
      > {inspect:[1,'${name}']}
      < {callback:[1],ok:${methods}}
    `,
  })),
  ...["{inspect:[1,'']}", '{inspect:[1]}', '{inspect:[1,5]}', '{inspect:[1,null]}'].map((text) => ({
    name: `inspect of what is no interface gets 12: ${text}`,
    says: `
      > ${text}
      < {callback:[1],error:[12]}
    `,
  })),
  {
    name: 'the server inspects the client',
    says: `
      > {call:[1,'back'],inspect:['page']}
      < {inspect:[-1,'page']}
      > {callback:[-1],ok:['a','b']}
      < {callback:[1],ok:[['a','b']]}
      > {call:[2,'back'],inspect:['nope']}
      < {inspect:[-2,'nope']}
      > {callback:[-2],error:[12]}
      < {callback:[2],ok:[{error:[12]}]}
    `,
  },
  {
    name: 'the server pings and waits for the pong',
    says: `
      > {call:[1,'back'],ping:[]}
      < {ping:[-1]}
      > {pong:[-1]}
      < {callback:[1],ok:[<number>]}
    `,
  },
  {
    name: 'a pong nobody waits for is ignored',
    says: `
      > {pong:[-1]}
      > {pong:[3]}
    `,
  },
].map(citing('protocol.md 2.4'));

function citing(section) {
  return (row) => ({ cites: section, ...row });
}
