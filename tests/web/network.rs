//! A bad network.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::page;
use crate::staging::{CUT, FAKE};

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
async fn nothing_is_sent_over_a_socket_that_is_closing() {
    page(&format!(
        "{CUT}
         const sent = [];
         class Watched extends WebSocket {{
           send(text) {{ sent.push(this.readyState); super.send(text); }}
         }}
         const connection = await connect('fixture', {{ reconnector: atOnce }}, {{ WebSocket: Watched }});
         connection.getTransport().close(4000);
         const sum = connection.callMethod('calc', 'add', [1, 2]);
         equal(await sum, 3);
         equal(sent.every((state) => state === WebSocket.OPEN), true);"
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
         equal(await next(connection, 'reconnect'), [null]);
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
         equal(wrong.message, \"client.session must be an extensible Session, got 'id'\");",
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
