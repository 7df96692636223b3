//! The client in a browser's window, against the fixture server.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::panic)]

mod page;

use page::page;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

// Connecting.

#[wasm_bindgen_test]
async fn a_call_is_answered_by_promise_and_by_callback() {
    page(
        "const connection = await connect();
         equal(connection.state, 'ready');
         equal(await connection.callMethod('calc', 'add', [2, 3]), 5);
         const answer = await new Promise((resolve) =>
           equal(connection.callMethod('calc', 'add', [2, 4], (...all) => resolve(all)), undefined));
         equal(answer, [null, 6]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn results_come_as_nothing_one_or_an_array() {
    page(
        "const connection = await connect();
         equal(await connection.callMethod('echo', 'none', []), undefined);
         equal(await connection.callMethod('echo', 'one', [{ a: [1] }]), { a: [1] });
         equal(await connection.callMethod('echo', 'many', [1, 'b', null]), [1, 'b', null]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn both_argument_forms_connect() {
    page(
        "const short = await ws.connect('fixture', null, url);
         const long = await ws.connect('fixture', {}, { connectTimeout: 5000, maxReceivedFrameSize: 1 }, url);
         const object = await ws.connect('fixture', undefined, new URL(url));
         const byCallback = await new Promise((resolve) =>
           equal(ws.connect('fixture', null, url, (...all) => resolve(all)), undefined));
         equal([short.state, long.state, object.state], ['ready', 'ready', 'ready']);
         equal(byCallback.length, 3);
         equal(byCallback[0], null);
         equal(byCallback[1].session === byCallback[2], true);
         opened.push(short, long, object, byCallback[1]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn an_application_is_named_by_range() {
    page(
        "const answer = async (app) => (await connect(app)).callMethod('calc', 'answer', []);
         equal(await answer('fixture'), 24);
         equal(await answer('fixture@^1.0.0'), 42);
         equal(await answer('fixture@'), 24);
         equal(await answer({ name: 'fixture', version: '1.2.3' }), 42);
         equal(await answer({ name: 'fixture' }), 24);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn the_fields_of_a_connection_are_upstreams() {
    page(
        "const client = {};
         const connection = await connect('fixture', client);
         const { id, server, username, remoteProxies, remoteAddress, hasConnected,
                 handshakeDone, closedIntentionally } = connection;
         equal(typeof id, 'number');
         equal([server, username, remoteAddress], [null, null, undefined]);
         equal(remoteProxies, {});
         equal([hasConnected, handshakeDone, closedIntentionally], [true, true, false]);
         equal(connection.client === client, true);
         equal(Object.keys(client), [], 'the client object');
         equal(connection.application.name, 'jstp');
         equal(connection.session.id.length, 36);
         equal(connection.session instanceof Map, true);
         equal(connection.getTransport() instanceof WebSocket, true);
         equal((await connect()).id > id, true);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_login_has_a_username() {
    page(
        "const login = async (...credentials) =>
           (await connect('fixture', { connectPolicy: new SimpleConnectPolicy(...credentials) })).username;
         equal(await login('marcus', 'secret'), 'marcus');
         equal(await login(), null);
         const refused = await failure(login('marcus', 'wrong'));
         equal([refused.name, refused.code, refused.message],
           ['RemoteError', 11, 'Authentication failed']);
         equal(refused.connection.state, 'closed');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_policy_of_the_pages_own_decides() {
    page(
        "let asked;
         const connectPolicy = (app, connection, session, callback) => {
           asked = [app, session];
           connection.handshake(app, { strategy: 'token', credentials: 'letmein' },
             (error, session) => callback(error, connection, session));
         };
         const connection = await connect('fixture@1', { connectPolicy });
         equal(asked, ['fixture@1', undefined]);
         equal(await connection.callMethod('calc', 'answer', []), 42);
         const thrown = await failure(ws.connect('fixture',
           { connectPolicy() { throw new Error('no credentials'); } }, url));
         equal(thrown.message, 'no credentials');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_refusal_names_its_code_and_brings_the_connection() {
    page(
        "const error = await failure(ws.connect('nowhere', null, url));
         equal([error.name, error.code, error.message], ['RemoteError', 10, 'Application not found']);
         equal(error.connection.state, 'closed');
         const [viaCallback, connection] = await new Promise((resolve) =>
           ws.connect('fixture@9', null, url, (...all) => resolve(all)));
         equal(viaCallback.code, 10);
         equal(connection.hasConnected, false);",
    )
    .await;
}

// Inspecting.

#[wasm_bindgen_test]
async fn proxies_have_a_method_for_each_remote_name() {
    page(
        "const { connection, proxies } = await inspect(['calc', 'echo']);
         equal(Object.getPrototypeOf(proxies), null);
         equal(Object.keys(proxies), ['calc', 'echo']);
         equal(await proxies.calc.divide(10, 4), 2.5);
         equal(proxies.calc === connection.remoteProxies.calc, true);
         const viaCallback = await new Promise((resolve) =>
           proxies.calc.add(1, 1, (...all) => resolve(all)));
         equal(viaCallback, [null, 2]);
         const again = await connection.inspectInterface('calc');
         equal(again === proxies.calc, true, 'the proxy after a second inspection');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn an_interface_that_is_missing_leaves_the_connection_usable() {
    page(
        "const error = await failure(ws.connectAndInspect('fixture', null, ['calc', 'nope'], url));
         equal([error.code, error.message], [12, 'Interface not found']);
         const { connection } = error;
         opened.push(connection);
         equal(await connection.callMethod('calc', 'add', [1, 2]), 3);
         equal(Object.keys(connection.remoteProxies), ['calc']);
         const empty = await inspect([]);
         equal(Object.keys(empty.proxies), []);",
    )
    .await;
}

// Answers that are errors.

#[wasm_bindgen_test]
async fn an_error_has_code_message_and_info() {
    page(
        "const connection = await connect();
         const call = (...args) => failure(connection.callMethod(...args));
         const parts = ({ name, code, message, info }) => [name, code, message, info];
         equal(parts(await call('fail', 'custom', [])),
           ['RemoteError', 1025, 'Custom failure', ['a', { b: 2 }]]);
         equal(parts(await call('fail', 'code', [14])), ['RemoteError', 14, 'Method not found', null]);
         equal(parts(await call('fail', 'text', ['so it is'])), ['RemoteError', 1, 'so it is', null]);
         equal(parts(await call('calc', 'divide', [1, 0])),
           ['RemoteError', 1, 'Error: Zero division', null]);
         equal((await call('nope', 'x', [])).code, 12);
         equal((await call('calc', 'nope', [])).code, 14);
         equal((await call('calc', 'add', [1])).code, 17);
         const viaCallback = await new Promise((resolve) =>
           connection.callMethod('fail', 'code', [11], (...all) => resolve(all)));
         equal(viaCallback.length, 1);
         equal(viaCallback[0].code, 11);",
    )
    .await;
}

// Events.

#[wasm_bindgen_test]
async fn events_pass_both_ways() {
    page(
        "const handled = [];
         const application = new Application('page', {},
           { events: { ready: (connection, ...args) => handled.push(args) } });
         const { proxies: { events } } = await inspect(['events'], { application });
         const ready = next(events, 'ready');
         const answered = await opened[0].callMethod('events', 'emit', ['ready', [1, { two: 2 }]]);
         equal(answered, undefined);
         equal(await ready, [1, { two: 2 }]);
         equal(handled, [[1, { two: 2 }]]);
         const got = next(events, 'got');
         const local = next(events, 'hello');
         events.emit('hello', 'server', 7);
         equal(await local, ['server', 7], 'what the local listener hears');
         equal(await got, ['hello', ['server', 7]], 'what comes back');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn events_come_in_order() {
    page(
        "const { proxies: { events } } = await inspect(['events']);
         const ticks = [];
         events.on('tick', (index, payload) => ticks.push([index, payload]));
         equal(await events.flood(200, 'x'), 200);
         equal(ticks.length, 200);
         equal(ticks.every(([index, payload], at) => index === at && payload === 'x'), true);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn events_may_be_iterated() {
    page(
        "const { proxies: { events } } = await inspect(['events']);
         const seen = [];
         const stream = events.events('tick');
         await events.flood(5, 'x');
         for await (const [index] of stream) { seen.push(index); if (index === 3) break; }
         equal(seen, [0, 1, 2, 3]);
         equal(events.listenerCount('tick'), 0);
         const controller = new AbortController();
         const aborted = events.events('tick', { signal: controller.signal });
         const first = aborted.next(), second = aborted.next();
         await events.flood(1, 'y');
         equal(await first, { value: [0, 'y'], done: false });
         controller.abort();
         equal((await second).done, true);
         const flooded = events.events('tick');
         await events.flood(1100, null);
         equal((await failure(flooded.next())).code, -4);
         equal((await flooded.next()).done, true);",
    )
    .await;
}

// Being called.

#[wasm_bindgen_test]
async fn the_server_calls_the_page() {
    page(
        "const application = new Application('page', {
           math: {
             twice: (connection, x, callback) => callback(null, x * 2),
             both: (connection, a, b, callback) => callback(null, b, a),
             later: async (connection, x) => { await later(1); return x; },
             fails: (connection, callback) => callback('no'),
             throws: (connection, callback) => { throw new Error('kept local'); },
             rejects: async (connection) => { throw new Error('kept local'); },
             open: { arity: 2, method: (connection, a, b, callback) => callback(null, a + b) },
           },
         });
         const connection = await connect('fixture', { application });
         // The page's own mistakes are reported, which a browser counts as uncaught.
         const quiet = (event) => event.preventDefault();
         addEventListener('error', quiet);
         const invoke = (method, ...args) =>
           connection.callMethod('back', 'invoke', ['math', method, args]);
         equal(await invoke('twice', 21), { ok: [42] });
         equal(await invoke('both', 1, 2), { ok: [2, 1] });
         equal(await invoke('later', 'x'), { ok: ['x'] });
         equal(await invoke('fails'), { error: [1, 'no'] });
         equal(await invoke('throws'), { error: [16] });
         equal(await invoke('rejects'), { error: [16] });
         equal(await invoke('open', 3, 4), { ok: [7] });
         equal(await invoke('twice'), { error: [17] });
         equal(await invoke('constructor'), { error: [14] });
         equal(await connection.callMethod('back', 'invoke', ['constructor', 'assign', []]),
           { error: [12] });
         equal(await connection.callMethod('back', 'inspect', ['math']),
           ['twice', 'both', 'later', 'fails', 'throws', 'rejects', 'open']);
         equal(await connection.callMethod('back', 'inspect', ['nope']), { error: [12] });
         removeEventListener('error', quiet);",
    )
    .await;
}

// Ping, close.

#[wasm_bindgen_test]
async fn a_ping_is_answered() {
    page(
        "const connection = await connect();
         equal([connection.rtt, connection.stats.rtt], [undefined, undefined]);
         equal(await connection.ping(), undefined);
         equal(connection.rtt >= 0 && connection.rtt < 5000, true);
         equal(connection.stats.rtt, connection.rtt);
         equal(await new Promise((resolve) => connection.ping((...all) => resolve(all))), [null]);
         equal(typeof await connection.callMethod('back', 'ping', []), 'number');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn closing_settles_everything() {
    page(
        "const { connection, proxies: { echo } } = await inspect(['echo']);
         const pending = [echo.never(), echo.never(), connection.inspectInterface('calc')]
           .map((promise) => failure(promise));
         const closed = next(connection, 'close');
         connection.close();
         equal((await Promise.all(pending)).map((error) => error.code), [-1, -1, -1]);
         equal((await closed)[0] === connection, true);
         equal([connection.state, connection.closedIntentionally], ['closed', true]);
         equal((await failure(echo.one(1))).code, -3);
         equal((await failure(connection.ping())).code, -3);
         equal(connection.getTransport(), null);
         connection.close();",
    )
    .await;
}

// A bad network.

/// Cuts the line as the network would, and lets the reconnector go on at once.
const CUT: &str = "
    const cut = async (connection) => {
      const closed = next(connection, 'close');
      connection.getTransport().close(4000);
      await closed;
    };
    const atOnce = (connection, reconnect) => setTimeout(reconnect);
";

#[wasm_bindgen_test]
async fn a_session_goes_on_over_the_next_transport() {
    page(&format!(
        "{CUT}
         const {{ connection, proxies: {{ echo, events }} }} = await inspect(['echo', 'events'],
           {{ reconnector: atOnce }});
         const before = connection.session;
         const attempts = [];
         connection.on('reconnectAttempt', (...args) => attempts.push(args));
         const got = [];
         events.on('got', (name, args) => got.push(args[0]));
         equal(await echo.count('key'), 1);
         await cut(connection);
         equal(connection.state === 'waiting' || connection.state === 'connecting', true);
         const offline = echo.count('key');
         for (const index of [1, 2, 3]) events.emit('x', index);
         equal(await next(connection, 'reconnect'), [null]);
         equal(connection.session === before, true);
         equal(await offline, 2, 'the call made while offline');
         equal(await echo.count('key'), 3);
         await connection.ping();
         equal(got, [1, 2, 3], 'events emitted while offline');
         equal(attempts.length, 1);
         equal(attempts[0][0], 'ws');"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn a_call_with_resend_is_made_again() {
    page(&format!(
        "{CUT}
         const {{ connection, proxies: {{ echo }} }} = await inspect(['echo'], {{ reconnector: atOnce }});
         let answered = 0;
         const slow = connection.callMethodWithResend('echo', 'later', [300, 'x'])
           .then((value) => {{ answered++; return value; }});
         const viaProxy = new Promise((resolve) =>
           echo.later(300, 'y', (...all) => resolve(all), true));
         await connection.ping();
         await cut(connection);
         equal(await slow, 'x');
         equal(await viaProxy, [null, 'y']);
         equal(answered, 1);"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn an_answer_lost_with_the_line_arrives_or_fails_as_lost() {
    page(&format!(
        "{CUT}
         const {{ connection, proxies: {{ echo }} }} = await inspect(['echo'], {{ reconnector: atOnce }});
         const never = failure(echo.never());
         await connection.ping();
         await cut(connection);
         equal((await never).code, -1);
         equal(connection.state, 'ready');"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn the_default_reconnector_resumes_after_its_delay() {
    page(&format!(
        "{CUT}
         const connection = await connect();
         await cut(connection);
         equal(connection.state, 'waiting');
         const begun = performance.now();
         equal(await next(connection, 'reconnect'), [null]);
         equal(performance.now() - begun > 900, true);
         equal(await connection.callMethod('calc', 'add', [1, 2]), 3);"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn a_page_sees_each_state_and_why() {
    page(&format!(
        "{CUT}
         const connection = await connect();
         const seen = [];
         connection.on('stateChange', (state, previous, detail) =>
           seen.push([previous, state, detail.reason, typeof detail.nextAttemptAt]));
         const begun = Date.now();
         const waiting = next(connection, 'stateChange');
         await cut(connection);
         const [, , {{ nextAttemptAt }}] = await waiting;
         equal(nextAttemptAt >= begun + 1000 && nextAttemptAt < begun + 3000, true);
         await next(connection, 'reconnect');
         await connection.ping();
         connection.close();
         await next(connection, 'close');
         equal(seen, [
           ['ready', 'waiting', 'transport closed', 'number'],
           ['waiting', 'connecting', 'opening a transport', 'undefined'],
           ['connecting', 'handshaking', 'transport open', 'undefined'],
           ['handshaking', 'ready', 'session resumed', 'undefined'],
           ['ready', 'closed', 'closed by the page', 'undefined'],
         ]);
         const {{ stats }} = connection;
         equal(stats.attempts, 2);
         equal(stats.messagesOut >= 3 && stats.messagesIn >= 3 && stats.bytesOut > 50, true);
         equal([stats.pendingCalls, stats.unacknowledgedMessages], [0, 0]);
         const other = await connect();
         await other[Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]();
         equal([other.state, other.getTransport()], ['closed', null]);"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn a_page_sees_when_the_attempt_after_a_failed_one_is() {
    page(&format!(
        "{CUT}
         const connection = await connect();
         const seen = [];
         connection.on('stateChange', (state, previous, {{ reason, nextAttemptAt }}) => {{
           if (state === 'handshaking' && seen.length < 2) connection.getTransport().close(4000);
           if (state === 'waiting') seen.push([reason, Math.floor((nextAttemptAt - Date.now()) / 1000)]);
         }});
         await cut(connection);
         equal((await next(connection, 'reconnect'))[0] instanceof Error, true);
         equal(await next(connection, 'reconnect'), [null]);
         equal(seen.map(([reason]) => reason), ['transport closed', 'attempt failed']);
         // Of a delay that has just begun, a little is gone already.
         equal([1, 2].includes(seen[1][1]), true);
         connection.close();"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn coming_online_is_a_reason_to_try() {
    page(&format!(
        "{CUT}
         const connection = await connect();
         await cut(connection);
         dispatchEvent(new Event('offline'));
         await later(1200);
         equal(connection.state, 'waiting');
         dispatchEvent(new Event('online'));
         equal(await next(connection, 'reconnect'), [null]);
         equal(connection.state, 'ready');"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn a_session_goes_on_in_another_page() {
    page(
        "const first = await connect('fixture', { connectPolicy: new SimpleConnectPolicy('marcus', 'secret'),
           reconnector: () => {} });
         first.session.set('draft', 'text');
         equal(await first.callMethod('echo', 'count', ['k']), 1);
         first.getTransport().close(4000);
         await next(first, 'close');
         first.emitRemoteEvent('events', 'kept', [1]);
         const kept = first.session.toString();
         equal(Object.keys(JSON.parse(kept)), ['id', 'username', 'guaranteedDeliveredCount', 'buffer',
           'receivedCount', 'latestBufferedMessageId', 'storage']);
         equal(JSON.parse(kept).buffer.at(-1)[1].includes('kept'), true);
         const session = Session.fromString(kept);
         equal([session instanceof Map, session.get('draft'), session.username], [true, 'text', 'marcus']);
         equal(session.toString(), kept);

         const application = new Application('page', {}, { events: { got: (c, name) => heard(name) } });
         let heard; const got = new Promise((resolve) => { heard = resolve; });
         const viaCallback = await new Promise((resolve) =>
           ws.connect('fixture', { session, application }, url, (...all) => resolve(all)));
         const second = viaCallback[1];
         opened.push(second);
         equal([viaCallback[0], viaCallback[2]], [null, undefined]);
         equal([second.session === session, second.username, second.hasConnected], [true, 'marcus', true]);
         equal(await got, 'kept', 'the event the first page could not send');
         equal(await second.callMethod('echo', 'count', ['k']), 2);
         for (const text of ['', '7', 'null', '{}', '{\"id\":7}']) {
           let thrown;
           try { Session.fromString(text); } catch (error) { thrown = error; }
           equal(thrown instanceof Error, true, text);
         }",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_session_that_is_unknown_is_an_error_unless_the_page_wants_a_new_one() {
    page(
        "const session = new Session(null, null, '00000000-0000-4000-8000-000000000000');
         const error = await failure(ws.connect('fixture', { session }, url));
         equal(error.code, 11);
         const fresh = await connect('fixture', { session, onSessionLost: 'renew' });
         equal(fresh.session.id === session.id, false);
         equal(await fresh.callMethod('calc', 'add', [1, 2]), 3);
         const wrong = await failure(ws.connect('fixture', { session: 'id' }, url));
         equal(wrong.message, \"client.session must be a Session, got 'id'\");",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_heartbeat_notices_a_transport_that_fell_silent() {
    page(&format!(
        "{FAKE}
         class Silent extends Fake {{
           answer(text) {{ if (text.startsWith('{{handshake')) this.message(\"{{handshake:[0],ok:'id'}}\"); }}
         }}
         const [, connection] = await attempt(Silent,
           {{ heartbeatInterval: 20, heartbeatTimeout: 60, reconnector: () => {{}} }});
         equal(connection.state, 'ready');
         await next(connection, 'close');
         equal(Fake.sent.includes('{{ping:[1]}}'), true);
         equal(connection.state, 'waiting');
         connection.close();"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn closing_while_waiting_ends_it() {
    page(&format!(
        "{CUT}
         const connection = await connect();
         const attempts = [];
         connection.on('reconnectAttempt', () => attempts.push(1));
         await cut(connection);
         const pending = failure(connection.callMethod('calc', 'add', [1, 2]));
         connection.close();
         equal((await pending).code, -1);
         equal(connection.state, 'closed');
         await later(2100);
         equal(attempts, []);"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn a_session_that_is_forgotten_settles_everything() {
    page(
        "const connection = await connect();
         const { id } = connection.session;
         const resendable = failure(connection.callMethodWithResend('echo', 'never', []));
         connection.forgetSession();
         equal((await resendable).code, -1);
         equal([connection.state, connection.session], ['closed', null]);
         await next(connection, 'close');
         await ws.reconnect(connection, url);
         equal(connection.session.id === id, false);
         equal(await connection.callMethod('calc', 'add', [1, 2]), 3);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn what_waits_for_delivery_has_a_limit() {
    page(&format!(
        "{CUT}
         const connection = await connect('fixture',
           {{ reconnector: () => {{}}, bufferLimit: {{ messages: 3 }} }});
         await cut(connection);
         let thrown;
         try {{
           for (let index = 0; index < 10; index++) connection.emitRemoteEvent('events', 'x', [index]);
         }} catch (error) {{ thrown = error; }}
         equal(thrown.code, -4);
         equal((await failure(connection.callMethod('calc', 'add', [1, 2]))).code, -4);
         equal(connection.stats.unacknowledgedMessages <= 3, true);
         await ws.reconnect(connection, url);
         while (connection.stats.unacknowledgedMessages > 0) await later(5);
         equal(await connection.callMethod('calc', 'add', [1, 2]), 3);"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn a_page_reconnects_by_hand() {
    page(&format!(
        "{CUT}
         const connection = await connect('fixture', {{ reconnector: () => {{}} }});
         const {{ id }} = connection.session;
         await cut(connection);
         equal(connection.state, 'waiting');
         equal(await ws.reconnect(connection, url) === connection, true);
         equal([connection.state, connection.session.id], ['ready', id]);
         const viaCallback = await new Promise((resolve) =>
           ws.reconnect(connection, null, url, (...all) => resolve(all)));
         equal([viaCallback[0], viaCallback[1] === connection], [null, true]);
         equal(await connection.callMethod('session', 'id', []), id);
         connection.close();
         await next(connection, 'close');
         await ws.reconnect(connection, url);
         equal([connection.state, connection.closedIntentionally], ['ready', false]);"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn a_session_the_server_forgot_is_renewed_under_the_same_proxies() {
    page(&format!(
        "{CUT}
         const {{ connection, proxies: {{ calc, echo, admin }} }} =
           await inspect(['calc', 'echo', 'admin'], {{ reconnector: atOnce }});
         const {{ id }} = connection.session;
         const lost = next(connection, 'sessionLost');
         const pending = failure(echo.never());
         await failure(Promise.race([admin.forget().then(() => later(5000)),
           new Promise((resolve, reject) => connection.once('sessionLost', reject))]));
         const [error, session] = await lost;
         equal([error.code, session.id], [11, id]);
         equal((await pending).code, -1);
         while (connection.state !== 'ready') await later(10);
         equal(connection.session.id === id, false);
         equal(await calc.add(1, 2), 3);"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn a_call_may_have_a_time_limit() {
    page(
        "const { connection, proxies: { echo } } = await inspect(['echo']);
         const call = (options) => failure(connection.callMethod('echo', 'never', [], options));
         equal((await call({ timeout: 30 })).code, -5);
         equal((await failure(echo.withOptions({ timeout: 30 }).never())).code, -5);
         const late = await failure(connection.callMethod('echo', 'later', [60, 'x'], { timeout: 20 }));
         equal(late.code, -5);
         await later(80);
         equal(await echo.withOptions({ timeout: 5000 }).one('x'), 'x');
         const hasty = await connect('fixture', { callTimeout: 30 });
         equal((await failure(hasty.callMethod('echo', 'never', []))).code, -5);
         equal((await failure(connection.callMethod('echo', 'one', [1], { timeout: 'x' }))).message,
           \"options.timeout must be a number, got 'x'\");",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_call_may_be_aborted() {
    page(
        "const { connection, proxies: { echo } } = await inspect(['echo']);
         const controller = new AbortController();
         const never = failure(echo.withOptions({ signal: controller.signal }).never());
         controller.abort(new Error('changed my mind'));
         equal((await never).message, 'changed my mind');
         const at = AbortSignal.abort('too late');
         equal(await connection.callMethod('echo', 'count', ['k'], { signal: at })
           .catch((reason) => reason), 'too late');
         equal(await echo.count('k'), 1, 'calls that were made');",
    )
    .await;
}

// Logging.

#[wasm_bindgen_test]
async fn whoever_listens_sees_what_passes() {
    page(
        "const logged = [];
         const logger = { emit: (...args) => logged.push(args) };
         const application = new Application('page', { i: { m: (c, x, callback) => callback(null, x) } });
         const connection = await connect('fixture', { logger, application });
         await connection.callMethod('calc', 'add', [1, 2]);
         await connection.callMethod('calc', 'divide', [1, 0]).catch(() => {});
         await connection.callMethod('back', 'invoke', ['i', 'm', [7]]);
         await connection.callMethod('back', 'inspect', ['i']);
         await connection.callMethod('events', 'emit', ['x', [8]]);
         const named = (name) => logged.filter(([first]) => first === name);
         equal(logged[0], ['outgoingMessage', { handshake: [0, 'fixture'] }]);
         equal(logged[1], ['incomingMessage', { handshake: [0], ok: connection.session.id }]);
         equal(logged[2], ['handshake', undefined, connection.session.id]);
         equal(logged[3], ['outgoingMessage', { call: [1, 'calc'], add: [1, 2] }]);
         equal(logged[4], ['incomingMessage', { callback: [1], ok: [3] }]);
         equal(logged[5], ['callback', undefined, [3]]);
         equal(named('callback')[1], ['callback', [1, 'Error: Zero division'], undefined]);
         equal(named('call'), [['call', 'i', 'm', [7]]]);
         equal(named('inspect'), [['inspect', 'i']]);
         equal(named('event'), [['event', 'events', 'x', [8]]]);

         const other = await connect();
         const own = [];
         other.on('outgoingMessage', (message) => own.push(message));
         await other.ping();
         equal(own, [{ ping: [1] }]);",
    )
    .await;
}

// What is sent.

#[wasm_bindgen_test]
async fn values_arrive_as_they_left() {
    page(
        "const connection = await connect();
         const values = [null, true, -0.5, 1e21, 'quote \\' \" \\\\ \\n \\u2028 \\u{1f600}', [], {},
           [null, [null]], { a: { b: [1, 'x'] } }, { 'a b': 1, é: 2, '': 3 },
           'x'.repeat(100000), Array.from({ length: 2000 }, (_, id) => ({ id, tags: ['a'] }))];
         for (const value of values) {
           equal(await connection.callMethod('echo', 'one', [value]), value);
         }
         equal(await connection.callMethod('echo', 'one', [[1, undefined, 3]]), [1, undefined, 3]);
         equal(await connection.callMethod('echo', 'one', [new Uint8Array([1, 2, 255])]), 'AQL/');
         equal(await connection.callMethod('echo', 'one', [new Date(0)]), '1970-01-01T00:00:00.000Z');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn what_cannot_be_sent_is_named_and_changes_nothing() {
    page(
        "const connection = await connect();
         const cyclic = []; cyclic.push(cyclic);
         for (const [args, type, words] of [
           [[{ price: NaN }], RangeError, 'args[0].price'],
           [[1, Infinity], RangeError, 'args[1]'],
           [[[() => {}]], TypeError, 'args[0][0]'],
           [[{ big: 1n }], TypeError, 'args[0].big'],
           [[cyclic], TypeError, 'args[0]'],
           [['x'.repeat(8 * 1024 * 1024)], RangeError, '8388608'],
           ['no array', TypeError, 'args'],
         ]) {
           const error = await failure(connection.callMethod('echo', 'one', args));
           equal(error instanceof type, true, `${error} being a ${type.name}`);
           equal(error.message.includes(words), true, `'${error.message}' naming ${words}`);
         }
         for (const names of [['calc', 'call'], ['calc', '7'], ['calc', '__proto__'], ['', 'add'],
                              [7, 'add'], ['calc', undefined]]) {
           const error = await failure(connection.callMethod(...names, []));
           equal(error instanceof TypeError, true, `${error} being a TypeError`);
         }
         const rejected = await failure(connection.callMethod('calc', 'add', [1, 2], 'callback'));
         equal(rejected.message, \"callback must be a function, got 'callback'\");
         equal(await connection.callMethod('calc', 'add', [1, 2]), 3);",
    )
    .await;
}

// Page code that calls back into us.

#[wasm_bindgen_test]
async fn a_callback_may_call() {
    page(
        "const connection = await connect();
         const sums = [];
         await new Promise((resolve) => {
           const count = (error, sum) => {
             sums.push(sum);
             if (sum < 5) connection.callMethod('calc', 'add', [sum, 1], count); else resolve();
           };
           connection.callMethod('calc', 'add', [0, 1], count);
         });
         equal(sums, [1, 2, 3, 4, 5]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_listener_may_close() {
    page(
        "const { connection, proxies: { events } } = await inspect(['events']);
         const seen = [];
         events.on('tick', (index) => { seen.push(index); if (index === 1) connection.close(); });
         const error = await failure(events.flood(5, null));
         equal(error.code, -1);
         await later(20);
         equal(seen.slice(0, 2), [0, 1]);
         equal(connection.state, 'closed');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_listener_that_throws_harms_nobody_else() {
    page(
        "const { connection, proxies: { events } } = await inspect(['events']);
         const reported = [];
         const listen = (event) => { reported.push(event.message); event.preventDefault(); };
         addEventListener('error', listen);
         const seen = [];
         events.on('tick', () => { throw new Error('mine'); });
         events.on('tick', (index) => seen.push(index));
         equal(await events.flood(2, null), 2);
         connection.callMethod('calc', 'add', [1, 1], () => { throw new Error('callback'); });
         equal(await connection.callMethod('calc', 'add', [1, 2]), 3);
         removeEventListener('error', listen);
         equal(seen, [0, 1]);
         equal(reported.map((text) => text.replace('Uncaught Error: ', '')),
           ['mine', 'mine', 'callback']);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_to_json_may_emit_and_a_getter_may_call() {
    page(
        "const { connection, proxies: { events } } = await inspect(['events']);
         const got = next(events, 'got');
         const inner = [];
         const value = {
           toJSON() { connection.emitRemoteEvent('events', 'inside', [1]); return 'text'; },
         };
         equal(await connection.callMethod('echo', 'one', [value]), 'text');
         equal(await got, ['inside', [1]]);
         const getter = {
           get sum() { inner.push(connection.callMethod('calc', 'add', [1, 2])); return 'later'; },
         };
         equal(await connection.callMethod('echo', 'one', [getter]), { sum: 'later' });
         equal(await Promise.all(inner.slice(0, 1)), [3]);
         const thrower = { toJSON() { throw new Error('from toJSON'); } };
         equal((await failure(connection.callMethod('echo', 'one', [thrower]))).message, 'from toJSON');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_thousand_calls_at_once_are_all_answered() {
    page(
        "const connection = await connect();
         const calls = Array.from({ length: 1000 }, (_, index) =>
           connection.callMethod('calc', 'add', [index, 1]));
         const sums = await Promise.all(calls);
         equal(sums.every((sum, index) => sum === index + 1), true);",
    )
    .await;
}

// Bad input, bad servers.

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

/// A server as the browser's WebSocket shows it, scripted.
const FAKE: &str = "
    class Fake {
      static sent = [];
      constructor(url, protocols) { this.protocols = protocols; Fake.last = this; setTimeout(() => this.begin()); }
      begin() { this.onopen({}); }
      send(text) { Fake.sent.push(text); setTimeout(() => this.answer(text)); }
      answer() {}
      message(data) { this.onmessage?.({ data }); }
      end(code, reason = '') { this.onclose?.({ code, reason, wasClean: true }); }
      close(code) { this.closedWith ??= code; setTimeout(() => this.end(code)); }
    }
    const attempt = (Server, client = null, config = {}) => new Promise((resolve) =>
      ws.connect('app', client, { WebSocket: Server, ...config }, 'ws://fake/', (...all) => resolve(all)));
";

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
async fn a_policy_that_rejects_is_the_error() {
    page(
        "const connectPolicy = async () => { throw new Error('no token'); };
         const error = await failure(ws.connect('fixture', { connectPolicy }, url));
         equal(error.message, 'no token');",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_socket_or_signal_of_the_pages_own_may_call_back_at_once() {
    page(&format!(
        "{FAKE}
         class Prompt extends Fake {{
           send(text) {{
             Fake.sent.push(text);
             if (text.startsWith('{{handshake')) this.message(\"{{handshake:[0],ok:'id'}}\");
             const [, id] = /^.call:.(\\d+)/.exec(text) ?? [];
             if (id) this.message(`{{callback:[${{id}}],ok:[7]}}`);
           }}
         }}
         const [error, connection] = await attempt(Prompt);
         equal(error, null);
         let inner;
         connection.remoteProxies.i = undefined;
         connection.on('event', () => {{ inner = connection.callMethod('i', 'm', []); }});
         Fake.last.message(\"{{event:[-1,'i'],x:[]}}\");
         equal(await inner, 7);
         const {{ signal }} = new AbortController();
         let state;
         signal.addEventListener = (...args) => {{
           state = connection.state;
           EventTarget.prototype.addEventListener.apply(signal, args);
         }};
         equal(await connection.callMethod('i', 'm', [], {{ signal }}), 7);
         const complain = console.error;
         console.error = () => {{ throw new Error('a console that throws'); }};
         connection.emit('error', new Error('nobody listens'));
         console.error = complain;
         equal(await connection.callMethod('i', 'm', []), 7);
         connection.close();"
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
