//! What docs/quirks.md says of the client, where a page is needed to see it. What the core alone can
//! show is in crates/proto/vectors, under the same numbers.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::page;
use crate::staging::staged;

#[wasm_bindgen_test]
async fn quirk_6_a_lost_answer_is_a_remote_error() {
    staged(
        "class Silent extends Peer { called() {} }
         const connection = await time.within(dial({ inDoubtTimeout: 0, reconnector: (c, reconnect) => reconnect() }, Silent));
         const told = [];
         connection.callMethod('i', 'm', [], (...all) => told.push(all));
         const promised = failure(connection.callMethod('i', 'm', []));
         Silent.prototype.agree = function () { this.message('{handshake:[0],ok:2}'); };
         Fake.last.end(1006);
         const { name, code, message } = await time.within(promised);
         equal([name, code, message], ['RemoteError', -1, 'Connection closed before receiving callback']);
         equal(told.length, 1);
         equal([told[0].length, told[0][0] instanceof RemoteError, told[0][0].code], [1, true, -1]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_13_a_message_the_server_closes_on_each_time_is_given_up() {
    staged(
        "class Picky extends Peer {
           answer(text) { if (text.includes('poison')) this.end(1000); else super.answer(text); }
           agree(rest) { this.message(rest.includes('session:') ? '{handshake:[0],ok:1}' : `{handshake:[0],ok:'id'}`); }
         }
         const connection = await time.within(dial({ reconnector: (c, reconnect) => reconnect() }, Picky));
         equal(await time.within(connection.callMethod('i', 'm', [])), 7);
         const errors = [];
         connection.on('error', (...all) => errors.push(all));
         const poison = failure(connection.callMethodWithResend('i', 'm', ['poison']));
         const after = connection.callMethod('i', 'm', []);
         equal((await time.within(poison, 60000)).code, -1);
         equal(await time.within(after, 60000), 7);
         equal(errors.length, 1);
         equal(errors[0][0].message, 'ws://fake/: message 2 is given up: the peer closed each time it was sent again');
         equal(errors[0][1] === connection, true);
         // The first time, and twice again.
         equal(Fake.sent.filter((text) => text.includes('poison')).length, 3);
         equal(connection.state, 'ready');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_18_a_session_keeps_data_of_any_name() {
    page(
        "const session = new Session(null, 'marcus', 'id');
         const data = { connection: 1, buffer: [1], storage: { storage: {} }, id: 'x' };
         session.set('buffer', data).set('connection', 'mine').set('storage', []);
         const text = session.toString();
         const back = Session.fromString(text);
         equal([...back], [['buffer', data], ['connection', 'mine'], ['storage', []]]);
         equal(back.toString(), text);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_19_a_resumed_session_has_its_user() {
    staged(
        "const session = new Session(null, 'marcus', 'id');
         const connection = await time.within(dial({ session }));
         equal([connection.username, connection.session === session], ['marcus', true]);
         equal(Fake.sent[0], \"{handshake:[0,'app'],session:['id',0]}\");",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_28_a_scoped_name_is_a_name() {
    staged(
        "for (const [app, sent] of [
           ['@scope/app', \"{handshake:[0,'@scope/app']}\"],
           ['@scope/app@^1', \"{handshake:[0,'@scope/app','^1']}\"],
           [{ name: '@scope/app', version: '' }, \"{handshake:[0,'@scope/app']}\"],
         ]) {
           Fake.sent.length = 0;
           opened.push(await time.within(ws.connect(app, null, { WebSocket: Peer }, 'ws://fake/')));
           equal(Fake.sent[0], sent);
         }
         equal([new Application('@scope/app', {}).name, new Application('@scope/app@2.0.0', {}).version],
           ['@scope/app', '2.0.0']);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_29_an_empty_password_is_a_login() {
    page(
        "for (const connectPolicy of [
           new SimpleConnectPolicy('julia', ''),
           new SimpleConnectPolicy('julia'),
           (app, connection, session, callback) => connection.handshake(app, 'julia', '',
             (error, session) => callback(error, connection, session)),
         ]) {
           const connection = await connect('fixture', { connectPolicy });
           equal(connection.username, 'julia');
           equal(await connection.callMethod('session', 'username', []), 'julia');
         }",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_32_a_refused_transport_is_closed_by_the_client() {
    staged(
        "class Refusing extends Peer { agree() { this.message('{handshake:[0],error:[10]}'); } }
         const error = await time.within(failure(dial(null, Refusing)));
         equal([error.code, error.connection.state], [10, 'closed']);
         equal(Fake.last.closedWith, 1000);
         await time.pass(100);
         equal([Peer.all.length, Peer.open, time.timers], [1, 0, 0]);",
    )
    .await;
}

/// `serve` connects with an application of one interface `i`; `ask` has the server call a method of it, and
/// resolves to what it is answered; `reported` is what was told to the page's developer.
const SERVED: &str = r"
    const reported = [];
    const { reportError } = globalThis;
    globalThis.reportError = ({ message }) => reported.push(message);
    opened.push({ close() { globalThis.reportError = reportError; } });
    const serve = (methods, handlers) =>
      time.within(dial({ application: new Application('page', { i: methods }, { i: handlers }) }));
    const ask = async (method, args = '[]', iface = 'i') => {
      Fake.sent.length = 0;
      Fake.last.message(`{call:[-1,'${iface}'],${method}:${args}}`);
      await time.pass(1);
      return Fake.sent;
    };
";

#[wasm_bindgen_test]
async fn quirk_34_no_prototype_is_in_reach() {
    staged(&format!(
        "{SERVED}
         const connection = await serve({{ m: (c, callback) => callback(null) }}, {{}});
         for (const [method, iface, code] of [
           ['constructor', 'i', 14], ['toString', 'i', 14], ['setPrototypeOf', 'constructor', 12], ['m', 'toString', 12],
           ['m', '__proto__', 12],
         ]) {{
           equal(await ask(method, '[]', iface), [`{{callback:[-1],error:[${{code}}]}}`]);
         }}
         connection.remoteProxies.calc = undefined;
         for (const iface of ['constructor', '__proto__', 'calc', 'i']) {{
           Fake.last.message(`{{event:[-2,'${{iface}}'],constructor:[1]}}`);
         }}
         equal([reported, connection.state], [[], 'ready']);
         class Inspected extends Peer {{
           answer(text) {{
             if (!text.startsWith('{{inspect')) return super.answer(text);
             this.message(\"{{callback:[1],ok:['constructor','__proto__','on','then','m',7]}}\");
           }}
         }}
         const other = await time.within(dial(null, Inspected));
         const proxy = await time.within(other.inspectInterface('__proto__'));
         equal(Object.keys(proxy), ['m']);
         equal(Object.hasOwn(other.remoteProxies, '__proto__'), true);
         equal(Object.getPrototypeOf(other.remoteProxies) === Object.prototype, true);"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn quirk_35_exceptions_are_contained() {
    staged(&format!(
        "{SERVED}
         const connection = await serve({{
           throws(connection, callback) {{ throw new Error('at once'); }},
           throwsAfter(connection, callback) {{ callback(null, 3); throw new Error('late'); }},
           async plain(connection) {{ throw new Error('kept'); }},
           async coded(connection) {{ throw new RemoteError(1025, 'words', ['info']); }},
         }}, {{ bad() {{ throw new Error('in a handler'); }}, async worse() {{ throw new Error('in another'); }} }});
         equal(await ask('throws'), ['{{callback:[-1],error:[16]}}']);
         equal(await ask('throwsAfter'), ['{{callback:[-1],ok:[3]}}']);
         equal(await ask('plain'), ['{{callback:[-1],error:[16]}}']);
         equal(await ask('coded'), ['{{callback:[-1],error:[1025,\"words\",\"info\"]}}']);
         Fake.last.message(\"{{event:[-2,'i'],bad:[]}}\");
         Fake.last.message(\"{{event:[-3,'i'],worse:[]}}\");
         await time.pass(1);
         equal(reported, ['at once', 'late', 'kept', 'in a handler', 'in another']);
         equal(connection.state, 'ready');"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn quirk_36_a_method_answers_once() {
    staged(&format!(
        "{SERVED}
         await serve({{
           twice(connection, callback) {{ callback(null, 1); callback(null, 2); callback('no'); }},
           later(connection, callback) {{ callback('no'); setTimeout(callback, 10, null, 1); }},
           promised(connection, callback) {{ callback(null, 1); return Promise.resolve(2); }},
         }});
         equal(await ask('twice'), ['{{callback:[-1],ok:[1]}}']);
         equal(await ask('later'), ['{{callback:[-1],error:[1,\"no\"]}}']);
         equal(await ask('promised'), ['{{callback:[-1],ok:[1]}}']);
         await time.pass(100);
         equal(Fake.sent.length, 1);"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn quirk_37_a_falsy_error_is_none() {
    staged(&format!(
        "{SERVED}
         await serve({{
           zero(connection, callback) {{ callback(0, 4); }},
           empty(connection, callback) {{ callback('', 5); }},
           async nothing(connection) {{ throw undefined; }},
           async none(connection) {{ return undefined; }},
           promised(connection, callback) {{ return Promise.resolve(6); }},
         }});
         equal(await ask('zero'), ['{{callback:[-1],ok:[4]}}']);
         equal(await ask('empty'), ['{{callback:[-1],ok:[5]}}']);
         equal(await ask('nothing'), ['{{callback:[-1],ok:[]}}']);
         equal(await ask('none'), ['{{callback:[-1],ok:[]}}']);
         equal(await ask('promised'), ['{{callback:[-1],ok:[6]}}']);
         equal(reported, []);"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn quirk_38_parameters_are_counted_or_given() {
    staged(&format!(
        "{SERVED}
         await serve({{
           plain: (connection, a, callback) => callback(null, a),
           defaulted: (connection, a = 1, callback) => callback(null, a),
           async rest(connection, ...args) {{ return args.length; }},
           given: {{ arity: 2, method: (connection, a = 1, ...rest) => rest.pop()(null, a, rest) }},
           givenAsync: {{ arity: 3, method: async (connection, ...args) => args.length }},
         }});
         equal(await ask('plain', '[8]'), ['{{callback:[-1],ok:[8]}}']);
         equal(await ask('plain', '[]'), ['{{callback:[-1],error:[17]}}']);
         equal(await ask('plain', '[8,9]'), ['{{callback:[-1],error:[17]}}']);
         equal(await ask('defaulted', '[8]'), ['{{callback:[-1],error:[17]}}']);
         equal(await ask('rest', '[8]'), ['{{callback:[-1],error:[17]}}']);
         equal(await ask('given', '[8,9]'), ['{{callback:[-1],ok:[8,[9]]}}']);
         equal(await ask('given', '[8]'), ['{{callback:[-1],error:[17]}}']);
         equal(await ask('givenAsync', '[1,2,3]'), ['{{callback:[-1],ok:[3]}}']);"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn quirk_39_a_last_undefined_is_sent() {
    page(
        "const { proxies: { echo } } = await inspect(['echo']);
         equal(await echo.one(undefined), undefined);
         const all = await new Promise((resolve) => echo.one(undefined, (...all) => resolve(all)));
         equal(all[0], null);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_49_callbacks_get_what_there_is() {
    page(
        "const outcome = (...args) => new Promise((resolve) => args.shift()(...args, (...all) => resolve(all)));
         for (const [begin, interfaces] of [[ws.connect, []], [ws.connectAndInspect, [['calc']]]]) {
           const [refused, connection] = await outcome(begin, 'nowhere', null, ...interfaces, url);
           equal([refused.code, connection.state], [10, 'closed']);
           const malformed = await outcome(begin, 'fixture', null, ...interfaces, 'not a URL:');
           equal([malformed.length, malformed[0] instanceof Error], [1, true]);
         }
         const [missing, usable, none] = await outcome(ws.connectAndInspect, 'fixture', null, ['calc', 'nope'], url);
         opened.push(usable);
         equal([missing.code, none], [12, undefined]);
         equal(await usable.remoteProxies.calc.add(1, 2), 3);
         const seen = [];
         class Seen extends WebSocket { constructor(to, ...rest) { seen.push(to); super(to, ...rest); } }
         const address = new URL('/path?token=1', url);
         await connect('fixture', null, { WebSocket: Seen });
         opened.push(await ws.connect('fixture', null, { WebSocket: Seen }, address));
         equal(seen, [new URL(url).href, address.href]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_50_the_connect_callback_runs_once_and_with_errors() {
    staged(
        "const told = [];
         ws.connect('app', { reconnector() {} }, { WebSocket: Peer }, 'ws://fake/', (...all) => told.push(all));
         await time.pass(100);
         const [[error, connection]] = told;
         opened.push(connection);
         equal([error, Fake.last.binaryType], [null, 'arraybuffer']);
         const bytes = new TextEncoder().encode(\"{event:[-1,'i'],x:['é']}\");
         const heard = next(connection, 'event');
         Fake.last.message(bytes.buffer);
         equal(await heard, ['i', 'x', ['é']]);
         Fake.last.onerror({});
         Fake.last.end(1006);
         // What an old socket still says is nobody's business.
         Fake.last.onerror({});
         equal([Fake.last.onopen, Fake.last.onmessage, Fake.last.onclose], [null, null, null]);
         await time.pass(100);
         equal(told.length, 1);
         Peer.refusing = true;
         ws.connect('app', null, { WebSocket: Peer }, 'ws://fake/', (...all) => told.push(all));
         await time.pass(100);
         equal([told.length, told[1].length, told[1][0] instanceof Error], [2, 1, true]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_51_a_connection_opened_again_resumes_by_itself_again() {
    staged(
        "const connection = await time.within(dial());
         connection.close();
         equal(connection.closedIntentionally, true);
         await time.pass(60000);
         equal(Peer.all.length, 1);
         await time.within(ws.reconnect(connection, { WebSocket: Peer }, 'ws://fake/'));
         equal([connection.state, connection.closedIntentionally], ['ready', false]);
         Fake.last.end(1006);
         await time.pass(1100);
         equal([connection.state, Peer.all.length], ['ready', 3]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_52_closing_ends_an_attempt() {
    staged(
        "class Slow extends Peer { begin() { setTimeout(() => super.begin(), 500); } agree(rest) { setTimeout(() => super.agree(rest), 500); } }
         for (const [wait, state] of [[1200, 'connecting'], [1700, 'handshaking']]) {
           const connection = await time.within(dial(null, Slow), 2000);
           const outcomes = [];
           connection.on('reconnect', (error) => outcomes.push(error));
           Fake.last.end(1006);
           await time.pass(wait);
           equal(connection.state, state);
           connection.close();
           equal(connection.state, 'closed');
           await time.pass(60000);
           equal([connection.state, connection.getTransport(), Peer.open, time.timers], ['closed', null, 0, 0]);
           equal(outcomes.length, 1);
           equal(/closed by its owner/.test(outcomes[0].message), true, outcomes[0].message);
         }",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_53_a_reconnect_by_hand_cancels_the_timer() {
    staged(
        "const connection = await time.within(dial());
         Fake.last.end(1006);
         await time.pass(500);
         equal([connection.state, time.timers], ['waiting', 1]);
         await time.within(ws.reconnect(connection, { WebSocket: Peer }, 'ws://fake/'));
         await time.pass(60000);
         equal([connection.state, Peer.all.length, Peer.open, time.timers], ['ready', 2, 1, 0]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_54_one_attempt_at_a_time_and_one_transport() {
    staged(
        "const connection = await time.within(dial());
         const first = Fake.last;
         const told = [];
         const again = () => ws.reconnect(connection, { WebSocket: Peer }, 'ws://fake/');
         const attempts = [again(), again()];
         ws.reconnect(connection, { WebSocket: Peer }, 'ws://fake/', (...all) => told.push(all));
         equal(told, [], 'a callback inside the call it was given to');
         equal((await time.within(failure(attempts[1]))).message, 'an attempt to reconnect is under way');
         equal(await time.within(attempts[0]) === connection, true);
         equal([told.length, told[0][0].message], [1, 'an attempt to reconnect is under way']);
         await time.pass(100);
         equal([first.closedWith, Peer.all.length, Peer.open], [1000, 2, 1]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_55_each_transport_that_ends_is_told() {
    staged(
        "const connection = await time.within(dial());
         let closes = 0;
         connection.on('close', (which) => { closes += which === connection ? 1 : 0; });
         Peer.prototype.agree = function () { this.message('{handshake:[0],error:[42]}'); };
         Fake.last.end(1006);
         await time.pass(4000);
         // The one that was, and those of two refused attempts, after 1 s and 2 s.
         equal([closes, Peer.all.length], [3, 3]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_56_one_heartbeat_with_a_deadline() {
    staged(
        "const connection = await time.within(dial({ reconnector() {} }));
         const pings = () => Fake.sent.filter((text) => text.startsWith('{ping')).length;
         connection.startHeartbeat(100);
         connection.startHeartbeat(100);
         await time.pass(1050);
         equal(pings() <= 10 && pings() >= 9, true, `${pings()} pings`);
         connection.stopHeartbeat();
         equal(time.timers, 0);
         const before = pings();
         await time.pass(60000);
         equal(pings(), before);
         connection.startHeartbeat(100);
         const mute = Fake.last;
         mute.answer = () => {};
         await time.pass(10400);
         equal([connection.state, connection.getTransport()], ['waiting', null]);
         // It is dropped without its close event, and late events of it touch nothing.
         equal([mute.onopen, mute.onmessage, mute.onclose], [null, null, null]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_57_calls_around_close() {
    staged(
        "class Silent extends Peer { called() {} }
         const connection = await time.within(dial(null, Silent));
         const settled = [];
         const note = (name, promise) => promise.then((ok) => settled.push([name, ok]), ({ code }) => settled.push([name, code]));
         note('pending', connection.callMethod('i', 'm', [1]));
         note('resendable', connection.callMethodWithResend('i', 'm', [2]));
         connection.close();
         await time.pass(100);
         note('later', connection.callMethod('i', 'm', [3]));
         note('later resendable', connection.callMethodWithResend('i', 'm', [4]));
         connection.emitRemoteEvent('i', 'e', [5]);
         await time.pass(60000);
         equal(settled, [['pending', -1], ['later', -3]]);
         Fake.sent.length = 0;
         await time.within(ws.reconnect(connection, { WebSocket: Peer }, 'ws://fake/'));
         await time.pass(100);
         equal(settled.slice(2), [['resendable', 7], ['later resendable', 7]]);
         equal(Fake.sent.filter((text) => /e:\\[5\\]|m:\\[[24]\\]/.test(text)).length, 3);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_58_a_proxys_own_events_stay_local() {
    page(
        "const { connection, proxies: { events } } = await inspect(['events']);
         const complaints = [];
         const { error } = console;
         console.error = (...all) => complaints.push(all);
         opened.push({ close() { console.error = error; } });
         const got = [];
         events.on('got', (name) => got.push(name));
         await connection.callMethod('events', 'emit', ['error', ['from afar']]);
         equal(complaints, [['from afar']]);
         const added = [];
         events.on('newListener', (name) => added.push(name));
         const hear = () => {};
         events.on('x', hear);
         events.on('removeListener', (name) => added.push(name));
         events.off('x', hear);
         equal(added, ['x', 'removeListener', 'x']);
         equal(events.emit('error', 1), false);
         equal(complaints[1], [1]);
         await connection.ping();
         equal(got, ['error'], 'what the server heard of');
         equal(await connection.inspectInterface('events') === events, true);
         await connection.callMethod('events', 'emit', ['got', ['again']]);
         equal(got, ['error', 'again'], 'a listener after a second inspection');
         console.error = error;",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_59_an_error_nobody_hears_is_a_line_in_the_console() {
    staged(
        "const complaints = [];
         const { error } = console;
         console.error = (...all) => complaints.push(all);
         opened.push({ close() { console.error = error; } });
         const connection = await time.within(dial({ reconnector() {} }));
         Fake.last.message('{broken');
         equal(complaints.length, 1);
         equal([complaints[0][0] instanceof Error, complaints[0][1] === connection], [true, true]);
         await time.pass(100);
         equal(connection.state, 'waiting');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_60_what_passes_is_told_while_somebody_listens() {
    staged(
        "const connection = await time.within(dial());
         let parsed = 0;
         const { parse } = JSON;
         JSON.parse = (...args) => { parsed += 1; return parse(...args); };
         opened.push({ close() { JSON.parse = parse; } });
         const call = async () => {
           parsed = 0;
           await time.within(connection.callMethod('i', 'm', []));
           return parsed;
         };
         const unheard = await call();
         const seen = [];
         const hear = (message) => seen.push(message);
         connection.on('incomingMessage', hear).once('heartbeat', hear);
         equal(await call() > unheard, true);
         Fake.last.message('{}');
         connection.off('incomingMessage', hear);
         equal(await call(), unheard, 'values made when nobody listens any more');
         equal(seen, [{ callback: [2], ok: [7] }, {}, {}]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_61_the_old_name_returns_the_array() {
    page(
        "equal(new RemoteError(1025, 'words', [1]).toJstpArray(), [1025, 'words', 1]);
         equal(new RemoteError(11).toJstpArray(), [11]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_63_a_reconnector_may_name_the_transport() {
    staged(
        "let reconnect;
         const connection = await time.within(dial({ reconnector: (c, again) => { reconnect = again; } }));
         const attempts = [];
         connection.on('reconnectAttempt', (transport, ...options) => attempts.push([transport, options.at(-1)]));
         const config = { WebSocket: Peer };
         const told = [];
         const tell = (...all) => told.push(all);
         for (const args of [
           [], [tell], ['ws'], ['wss', tell], [undefined], ['ws', undefined],
           [config, 'ws://fake/two'], [config, 'ws://fake/three', tell], ['ws', config, 'ws://fake/four', tell],
           ['wss', config, new URL('wss://fake/five')],
         ]) {
           Fake.last.end(1006);
           equal(reconnect(...args), undefined);
           await time.pass(100);
           equal(connection.state, 'ready', `the state after reconnect(${args.map(String)})`);
         }
         equal(attempts.map(([transport, url]) => `${transport} ${url}`), [
           ...Array(6).fill('ws ws://fake/'), 'ws ws://fake/two', 'ws ws://fake/three', 'ws ws://fake/four', 'ws wss://fake/five',
         ]);
         equal(Peer.all.slice(-2).map(({ url }) => url), ['ws://fake/four', 'wss://fake/five']);
         equal(told.map(([error, which]) => [error, which === connection]), Array(4).fill([null, true]));
         // Any other text is a URL, as upstream.
         Fake.last.end(1006);
         reconnect(config, 'nope', tell);
         await time.pass(100);
         equal(Fake.last.url.endsWith('/nope'), true, Fake.last.url);
         // A mistake is thrown where nobody else would hear of it.
         Fake.last.end(1006);
         let thrown;
         try { reconnect(5); } catch (error) { thrown = error; }
         equal([thrown instanceof TypeError, thrown.message], [true, 'requestUrl must be a string or a URL, got a number']);
         reconnect(5, tell);
         equal(told.length, 5, 'a callback inside the call it was given to');
         await time.pass(1);
         equal(told[5][0] instanceof TypeError, true);
         equal(connection.state, 'waiting');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_72_closing_has_a_code() {
    staged(
        "const connection = await time.within(dial());
         connection.close();
         equal(Fake.last.closedWith, 1000);",
    )
    .await;
}
