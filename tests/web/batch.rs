//! Several messages in one of the WebSocket's (docs/extensions.md).

use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::page;
use crate::staging::FAKE;

/// The browser's own WebSocket, which notes what passes.
const SPY: &str = "
    class Spy extends WebSocket {
      static sent = [];
      static came = [];
      constructor(url, protocols) {
        super(url, protocols);
        Spy.offered = protocols;
        this.addEventListener('message', ({ data }) => Spy.came.push(data));
      }
      send(text) { Spy.sent.push(text); super.send(text); }
    }
    const EXTENSION = 'metarhia-jstp.batch';
";

/// A server that has agreed to the extension, scripted.
const AGREED: &str = "
    class Agreed extends Fake {
      protocol = 'metarhia-jstp.batch';
      answer(text) { if (text.startsWith('{handshake')) this.message(\"{handshake:[0],ok:'id'}\"); }
    }
    const heard = [];
    let hear = (connection, value) => { heard.push(value); };
    const application = new Application('page', {}, { i: { e: (...args) => hear(...args) } });
";

#[wasm_bindgen_test]
async fn what_is_called_in_one_turn_travels_together_where_the_server_agrees() {
    page(&format!(
        "{SPY}
         const connection = await connect('fixture', null, {{ WebSocket: Spy }});
         equal(Spy.offered, [EXTENSION, 'metarhia-jstp']);
         const {{ protocol }} = connection.getTransport();
         equal([EXTENSION, 'metarhia-jstp'].includes(protocol), true);
         equal(Spy.sent, [\"{{handshake:[0,'fixture']}}\"]);
         const sums = await Promise.all([1, 2, 3].map((x) => connection.callMethod('calc', 'add', [x, x])));
         equal(sums, [2, 4, 6]);
         const calls = [1, 2, 3].map((x) => `{{call:[${{x}},'calc'],add:[${{x}},${{x}}]}}`);
         const answers = [1, 2, 3].map((x) => `{{callback:[${{x}}],ok:[${{2 * x}}]}}`);
         if (protocol === EXTENSION) {{
           equal(Spy.sent.slice(1), [`[${{calls}}]`]);
           equal(Spy.came.slice(1), [`[${{answers}}]`]);
         }} else {{
           equal(Spy.sent.slice(1), calls);
           equal(Spy.came.slice(1), answers);
         }}
         equal(connection.stats.messagesOut, 4);
         equal(connection.stats.messagesIn, 4);
         equal(await connection.callMethod('calc', 'add', [4, 4]), 8);
         equal(Spy.sent.at(-1), \"{{call:[4,'calc'],add:[4,4]}}\", 'one alone');
         const many = await Promise.all(Array.from({{ length: 2000 }}, (_, x) =>
           connection.callMethod('calc', 'add', [x, 1])));
         equal(many.every((sum, x) => sum === x + 1), true);",
    ))
    .await;
}

#[wasm_bindgen_test]
async fn a_page_may_do_without() {
    page(&format!(
        "{SPY}
         const connection = await connect('fixture', null, {{ WebSocket: Spy, batch: false }});
         equal(Spy.offered, ['metarhia-jstp']);
         equal(connection.getTransport().protocol, 'metarhia-jstp');
         await Promise.all([1, 2].map((x) => connection.callMethod('calc', 'add', [x, x])));
         equal(Spy.sent.length, 3);
         const error = await failure(ws.connect('fixture', null, {{ batch: 1 }}, url));
         equal(error.message.startsWith('webSocketConfig.batch must be a boolean'), true, error.message);",
    ))
    .await;
}

#[wasm_bindgen_test]
async fn a_session_goes_on_over_a_transport_with_another_choice() {
    page(&format!(
        "{SPY}
         const handled = [];
         const application = new Application('page', {{}},
           {{ events: {{ got: (connection, name, args) => handled.push(args[0]) }} }});
         let batch = true;
         const reconnector = (connection, reconnect) =>
           setTimeout(() => reconnect({{ WebSocket: Spy, batch }}, url));
         const connection = await connect('fixture', {{ application, reconnector }}, {{ WebSocket: Spy }});
         const ticks = [];
         let next = 0;
         for (batch of [false, true, true, false]) {{
           const again = new Promise((resolve) => connection.once('reconnect', resolve));
           connection.getTransport().close(4000);
           const sums = [1, 2, 3].map((x) => connection.callMethod('calc', 'add', [x, next]));
           connection.emitRemoteEvent('events', 'n', [next++]);
           equal(await again, null);
           const sent = Spy.sent.findLastIndex((text) => text.startsWith('{{handshake'));
           equal(Spy.sent[sent].includes(',session:['), true);
           equal(await Promise.all(sums), [1, 2, 3].map((x) => x + next - 1));
           const together = connection.getTransport().protocol === EXTENSION;
           equal(Spy.sent[sent + 1].startsWith(together ? '[' : '{{'), true, Spy.sent[sent + 1]);
         }}
         await connection.callMethod('calc', 'add', [0, 0]);
         equal(handled, [0, 1, 2, 3]);",
    ))
    .await;
}

#[wasm_bindgen_test]
async fn the_messages_of_an_array_are_delivered_one_after_the_other() {
    page(&format!(
        "{FAKE}{AGREED}
         const [, connection] = await attempt(Agreed, {{ application }});
         const logged = [];
         connection.on('incomingMessage', (message) => logged.push(Object.keys(message)[0]));
         const rejected = [];
         connection.on('messageRejected', (message) => rejected.push(message));
         const call = connection.callMethod('i', 'm', []);
         await later();
         Fake.last.message(\" [{{event:[-1,'i'],e:[1]}},{{foo:[1]}}, {{callback:[1],ok:[5]}},{{}},{{event:[-2,'i'],e:[2]}},]\");
         equal(heard, [1, 2]);
         equal(await call, 5);
         equal(rejected, [{{ foo: [1] }}]);
         equal(logged, ['event', 'foo', 'callback', undefined, 'event']);
         equal(connection.stats.messagesIn, 6);
         // A malformed one closes, once those before it have been delivered.
         Fake.last.message(\"[{{event:[-3,'i'],e:[3]}},5,{{event:[-4,'i'],e:[4]}}]\");
         equal(heard, [1, 2, 3]);
         equal(Fake.last.closedWith, 1000);
         for (const text of ['[]', '[', '[{{}}', '[[{{}}]]', \"[{{handshake:[0],ok:'x'}}]\"]) {{
           const [, other] = await attempt(Agreed, {{ application }});
           Fake.last.message(text);
           equal(Fake.last.closedWith, 1000, text);
         }}
         // Where it is not agreed on, an array is no message.
         class Plain extends Agreed {{ protocol = 'metarhia-jstp'; }}
         await attempt(Plain, {{ application }});
         Fake.last.message(\"[{{event:[-1,'i'],e:[9]}}]\");
         equal(Fake.last.closedWith, 1000);
         equal(heard, [1, 2, 3]);",
    ))
    .await;
}

#[wasm_bindgen_test]
async fn page_code_may_send_and_close_between_two_of_them() {
    page(&format!(
        "{FAKE}{AGREED}
         const [, connection] = await attempt(Agreed, {{ application }});
         const events = (from, to) => `[${{Array.from({{ length: to - from + 1 }},
           (_, index) => `{{event:[-${{from + index}},'i'],e:[${{from + index}}]}}`)}}]`;
         // What each of them has the page send leaves together, in order.
         hear = (connection, value) => {{ heard.push(value); connection.emitRemoteEvent('i', 'r', [value]); }};
         Fake.last.message(events(1, 3));
         await later();
         equal(Fake.sent.slice(1), [\"[{{event:[1,'i'],r:[1]}},{{event:[2,'i'],r:[2]}},{{event:[3,'i'],r:[3]}}]\"]);
         // A page that closes hears no more, and what it sent before leaves before.
         hear = (connection, value) => {{
           heard.push(value);
           connection.emitRemoteEvent('i', 'r', [value]);
           if (value === 5) connection.close();
         }};
         const closing = Fake.last;
         closing.close = function (code) {{ Fake.sent.push(`close ${{code}}`); Fake.prototype.close.call(this, code); }};
         closing.message(events(4, 7));
         equal(heard, [1, 2, 3, 4, 5]);
         equal(Fake.sent.slice(2), [\"[{{event:[4,'i'],r:[4]}},{{event:[5,'i'],r:[5]}}]\", 'close 1000']);",
    ))
    .await;
}

#[wasm_bindgen_test]
async fn what_is_sent_is_split_at_64_kib() {
    page(&format!(
        "{FAKE}{AGREED}
         const [, connection] = await attempt(Agreed);
         const long = 'x'.repeat(1000);
         for (let index = 0; index < 200; index++) connection.emitRemoteEvent('i', 'e', [index, long]);
         connection.emitRemoteEvent('i', 'e', ['x'.repeat(100000)]);
         connection.emitRemoteEvent('i', 'last', []);
         await later();
         const sent = Fake.sent.slice(1);
         equal(sent.length, 6);
         equal(sent.slice(0, 4).every((text) => text.length <= 65536), true);
         equal(sent.slice(0, 3).every((text) => text.length > 64000), true);
         equal(sent.slice(0, 4).join('').match(/(?<=e:.)[0-9]+/g).map(Number).every((number, at) => number === at), true);
         // One of them is the ping that asks for an acknowledgement.
         equal(sent[4].startsWith('{{event:[202,'), true);
         equal(sent[5], \"{{event:[203,'i'],last:[]}}\");
         connection.close();",
    ))
    .await;
}
