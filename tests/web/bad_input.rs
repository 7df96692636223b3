//! Bad input from the page, and bad servers.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::page;
use crate::staging::FAKE;

#[wasm_bindgen_test]
async fn bad_arguments_are_named_before_a_socket_is_opened() {
    page(
        "let sockets = 0;
         class Spy extends WebSocket { constructor(...args) { super(...args); sockets++; } }
         const config = { WebSocket: Spy };
         const connect = (...args) => failure(ws.connect(...args));
         const inspect = (...args) => failure(ws.connectAndInspect(...args));
         for (const [attempt, words] of [
           [connect('fixture@nonsense', null, config, url), 'Invalid semver version range'],
           [connect({ name: 'fixture', version: '1 || foo' }, null, config, url), 'Invalid semver'],
           [connect({ name: 'fixture', version: 1 }, null, config, url), 'app.version must be a string'],
           [connect('', null, config, url), 'app'],
           [connect(7, null, config, url), 'app must be a string or { name, version }, got a number'],
           [connect('fixture', 'client', config, url), 'client must be an object'],
           [connect('fixture', { connectPolicy: 5 }, config, url), 'client.connectPolicy'],
           [connect('fixture', { application: {} }, config, url), 'client.application'],
           [connect('fixture', { handshakeTimeout: 'soon' }, config, url), 'client.handshakeTimeout'],
           [connect('fixture', null, config, 'ws://'), 'requestUrl'],
           [connect('fixture', null, config, 'ftp://127.0.0.1/'), 'requestUrl'],
           [connect('fixture', null, config, url + '/#fragment'), 'requestUrl'],
           [connect('fixture', null, config), 'requestUrl must be a string or a URL, got undefined'],
           [connect('fixture', null, { connectTimeout: -1 }, url), 'webSocketConfig.connectTimeout'],
           [connect('fixture', null, { connectTimeout: '1' }, url), 'webSocketConfig.connectTimeout'],
           [connect('fixture', null, { allowNonFinite: 1 }, url), 'webSocketConfig.allowNonFinite'],
           [connect('fixture', null, { WebSocket: 1 }, url), 'webSocketConfig.WebSocket'],
           [connect('fixture', null, 7, url), 'webSocketConfig must be an object'],
           [connect('fixture', null, url, 'callback'), 'callback must be a function'],
           [inspect('fixture', null, 'calc', config, url), 'interfaces must be an array'],
           [inspect('fixture', null, ['calc', 7], config, url), 'interfaces[1]'],
         ]) {
           const { message } = await attempt;
           equal(message.includes(words), true, `'${message}' saying ${words}`);
         }
         const [viaCallback, ...more] = await new Promise((resolve) =>
           ws.connect('fixture@nonsense', null, url, (...all) => resolve(all)));
         equal(viaCallback.message.startsWith('Invalid semver version range'), true);
         equal(more, []);
         equal(sockets, 0);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn an_absent_server_is_one_clear_error() {
    page(
        "const calls = [];
         await new Promise((resolve) => ws.connect('fixture', null, 'ws://127.0.0.1:9/', (...all) => {
           calls.push(all); setTimeout(resolve, 50);
         }));
         equal(calls.length, 1);
         equal(calls[0].length, 1);
         const [error] = calls[0];
         equal(error instanceof Error, true);
         equal(error.message.startsWith('Cannot connect to ws://127.0.0.1:9/: '), true, error.message);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_server_that_is_not_jstp_is_one_clear_error() {
    page(&format!(
        "{FAKE}
         const garbage = await attempt(class extends Fake {{
           answer() {{ this.message('<html>'); }} }});
         equal(garbage.length, 1);
         equal(garbage[0].message.startsWith('ws://fake/: the peer sent text that is not MDSF'), true,
           garbage[0].message);
         equal(Fake.last.closedWith, 1000);

         const closes = await attempt(class extends Fake {{
           answer() {{ this.end(1008, 'go away'); }} }});
         equal([closes[0].name, closes[0].code], ['RemoteError', -2]);
         equal(closes[0].message,
           'Connection closed before receiving handshake: ws://fake/, close code 1008, go away');
         equal(closes[1].state, 'closed');

         const refuses = await attempt(class extends Fake {{ begin() {{ this.end(1006); }} }});
         equal(refuses.length, 1);
         equal(refuses[0].message.includes('subprotocol metarhia-jstp'), true);

         const strange = await attempt(class extends Fake {{
           answer() {{ this.message('{{handshake:[0],ok:12}}'); }} }});
         equal(strange[0].message.includes('neither a session id'), true, strange[0].message);

         const asks = await attempt(class extends Fake {{
           answer(text) {{ if (text.startsWith('{{handshake:[0,')) this.message(\"{{handshake:[0,'x']}}\"); }} }});
         equal(asks.length, 1);
         equal(Fake.sent.at(-1), '{{handshake:[1],error:[15]}}');
         const throws = await attempt(class {{ constructor() {{ throw new Error('not here'); }} }});
         equal(throws[0].message, 'Cannot connect to ws://fake/: not here');"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn a_server_that_speaks_first_or_strangely_is_one_clear_error() {
    page(&format!(
        "{FAKE}
         const first = await attempt(class extends Fake {{
           begin() {{ this.onopen({{}}); this.message('hello'); }} }});
         equal(first.length, 1);
         equal(first[0].message.startsWith('ws://fake/: the peer sent text that is not MDSF'), true,
           first[0].message);
         const nameless = await attempt(class extends Fake {{
           answer() {{ this.message('{{handshake:[0],error:[]}}'); }} }});
         equal(nameless[0].message, 'the peer answered with an error that has no code');"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn a_silent_server_is_given_up() {
    page(&format!(
        "{FAKE}
         const silent = await attempt(Fake, {{ handshakeTimeout: 30 }});
         equal(silent[0].code, -2);
         equal(silent[0].message.endsWith('nothing came within 30 ms'), true, silent[0].message);
         equal(Fake.last.closedWith, 1000);
         const unopened = await attempt(class extends Fake {{ begin() {{}} }}, null, {{ connectTimeout: 30 }});
         equal(unopened[0].message, 'Cannot connect to ws://fake/: no answer within 30 ms');
         const idle = await attempt(Fake, {{ connectPolicy() {{}}, handshakeTimeout: 30 }});
         equal(idle[0].code, -2);"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn hostile_messages_do_no_harm() {
    page(&format!(
        "{FAKE}
         class Server extends Fake {{
           answer(text) {{ if (text.startsWith('{{handshake')) this.message(\"{{handshake:[0],ok:'id'}}\"); }}
         }}
         const [error, connection] = await attempt(Server);
         equal(error, null);
         equal(Fake.sent.at(-1), \"{{handshake:[0,'app']}}\");
         equal(Fake.last.protocols.includes('metarhia-jstp'), true);
         const rejected = [];
         connection.on('messageRejected', (message) => rejected.push(message));
         for (const text of ['{{foo:5}}', \"{{call:['x']}}\", '{{callback:[99],ok:[]}}',
                             '{{callback:[1e300],ok:[]}}', \"{{event:[-1,'i'],x:5}}\"]) Fake.last.message(text);
         equal(rejected.length, 5);
         Fake.last.message('{{}}');
         Fake.last.message(\"{{event:[-2,'constructor'],constructor:[]}}\");
         Fake.last.message(\"{{event:[-3,'__proto__'],toString:[{{__proto__:{{polluted:1}}}}]}}\");
         equal(({{}}).polluted, undefined);
         Fake.last.message(\"{{call:[-4,'constructor'],assign:[]}}\");
         Fake.last.message(\"{{inspect:[-5,'__proto__']}}\");
         Fake.last.message('{{ping:[-6]}}');
         equal(Fake.sent.slice(-3),
           ['{{callback:[-4],error:[12]}}', '{{callback:[-5],error:[12]}}', '{{pong:[-6]}}']);
         const errors = [];
         connection.on('error', (error) => errors.push(error.message));
         Fake.last.message('{{call:');
         equal(errors.length, 1);
         equal(connection.state, 'closed');
         await later(10);"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn a_message_larger_than_allowed_closes() {
    page(
        "const connection = await connect('fixture', null, { maxReceivedMessageSize: 1000 });
         const errors = [];
         connection.on('error', (error) => errors.push(error.message));
         const closed = next(connection, 'close');
         const lost = await failure(connection.callMethod('echo', 'one', ['x'.repeat(1000)]));
         await closed;
         equal(lost.code, -1);
         equal(errors.length, 1);
         equal(errors[0].includes('1000 bytes'), true, errors[0]);",
    )
    .await;
}
