//! What a client is told to be: its object, its connect policy, and the forms of a handshake.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::page;
use crate::staging::{CUT, staged};

#[wasm_bindgen_test]
async fn quirk_62_a_handshake_is_asked_for_in_every_documented_form() {
    page(
        "const forms = {
           anonymous: (ask) => ask(),
           'anonymous, in full': (ask) => ask(null, null),
           login: (ask) => ask('marcus', 'secret'),
           token: (ask) => ask({ strategy: 'token', credentials: 'letmein' }),
           'token, in full': (ask) => ask({ strategy: 'token', credentials: 'letmein' }, null),
         };
         for (const [name, form] of Object.entries(forms)) {
           const user = { login: 'marcus', token: 'tokenuser', 'token, in full': 'tokenuser' }[name] ?? null;
           const byCallback = (app, connection, session, callback) =>
             form((...credentials) => connection.handshake(app, ...credentials, (error, session) =>
               callback(error, connection, session)));
           const byPromise = (app, connection, session, callback) =>
             form((...credentials) => connection.handshake(app, ...credentials).then(
               (session) => callback(null, connection, session), callback));
           for (const connectPolicy of [byCallback, byPromise]) {
             for (const app of ['fixture', 'fixture@1', { name: 'fixture', version: '^1.0.0' }]) {
               const connection = await connect(app, { connectPolicy });
               equal(await connection.callMethod('session', 'username', []), user, name);
               equal(connection.session instanceof Session, true);
             }
           }
         }
         const refused = (app, connection, session, callback) =>
           connection.handshake(app, 'marcus', 'wrong', (...all) => callback(all[0], connection, all.length));
         const error = await failure(ws.connect('fixture', { connectPolicy: refused }, url));
         equal([error.code, error.connection.state], [11, 'closed']);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_handshake_goes_on_with_a_session_in_every_documented_form() {
    page(&format!(
        "{CUT}
         const forms = [
           (connection, app, session, done) => connection.handshake(app, session, done),
           (connection, app, session, done) => connection.handshake(app, session, null, done),
           (connection, app, session, done) => connection.handshake(app, session).then((...all) => done(null, ...all), done),
         ];
         for (const form of forms) {{
           const given = [];
           const connectPolicy = (app, connection, session, callback) => {{
             given.push(session);
             if (!session) {{
               connection.handshake(app, 'marcus', 'secret', (error, created) => callback(error, connection, created));
             }} else {{
               form(connection, app, session, (error) => callback(error, connection));
             }}
           }};
           const connection = await connect('fixture', {{ connectPolicy, reconnector: atOnce }});
           const {{ session }} = connection;
           await connection.callMethod('session', 'set', ['k', 1]);
           await cut(connection);
           equal(await next(connection, 'reconnect'), [null]);
           equal(await connection.callMethod('session', 'get', ['k']), 1);
           equal(given.length, 2);
           equal([given[0], given[1] === session, connection.session === session], [undefined, true, true]);
         }}
         // One from elsewhere, of which the client object says nothing.
         const first = await connect('fixture', {{ connectPolicy: new SimpleConnectPolicy('marcus', 'secret'),
           reconnector() {{}} }});
         await first.callMethod('session', 'set', ['k', 2]);
         const kept = first.session.toString();
         first.close();
         await next(first, 'close');
         for (const form of forms) {{
           const session = Session.fromString(kept);
           const connectPolicy = (app, connection, none, callback) =>
             form(connection, app, session, (error) => callback(error, connection));
           const second = await connect('fixture', {{ connectPolicy, reconnector() {{}} }});
           equal([second.session === session, second.username], [true, 'marcus']);
           equal(session.connection === second, true);
           equal(await second.callMethod('session', 'get', ['k']), 2);
           second.close();
           await next(second, 'close');
         }}"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn a_handshake_that_has_no_place_changes_nothing() {
    page(
        "const connection = await connect();
         const { id } = connection.session;
         const other = new Session(null, null, '00000000-0000-4000-8000-000000000000');
         for (const login of [undefined, 'marcus', connection.session, other]) {
           equal((await failure(connection.handshake('fixture', login))) instanceof Error, true);
         }
         for (const [args, words] of [
           [['fixture', 7], 'login must be'], [['fixture', 'marcus', 7], 'password must be a string'],
           [[''], 'app'], [['fixture@nonsense'], 'Invalid semver version range'],
           [['fixture', { strategy: 'token', credentials: NaN }], 'credentials'],
         ]) {
           const { message } = await failure(connection.handshake(...args));
           equal(message.includes(words), true, message);
           let thrown;
           try { connection.handshake(...args, () => {}); } catch (error) { thrown = error; }
           equal(thrown?.message, message);
         }
         equal(connection.session.id, id);
         equal(await connection.callMethod('session', 'id', []), id);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn quirk_47_a_client_object_is_never_changed_and_serves_several_connections() {
    page(&format!(
        "{CUT}
         const deepFreeze = (value) => {{
           for (const inner of Object.values(value)) if (typeof inner === 'object') deepFreeze(inner);
           return Object.freeze(value);
         }};
         const client = deepFreeze({{
           application: new Application('page', {{ i: {{ m: (connection, callback) => callback(null, connection.id) }} }}),
           connectPolicy: new SimpleConnectPolicy('marcus', 'secret'),
           heartbeatInterval: 60000,
           bufferLimit: {{ messages: 100, bytes: 100000 }},
           onSessionLost: 'renew',
           reconnector: atOnce,
         }});
         const config = Object.freeze({{ connectTimeout: 5000 }});
         const [one, two] = await Promise.all([
           ws.connect('fixture@1', client, config, url), ws.connect('fixture@2', client, config, url)]);
         opened.push(one, two);
         const answers = () => Promise.all([one, two].map((connection) => connection.callMethod('calc', 'answer', [])));
         equal(await answers(), [42, 24]);
         equal([one.client === client, two.client === client, one.session.id === two.session.id], [true, true, false]);
         // Each reconnects to where it was, with its own session (Q47).
         const ids = [one.session.id, two.session.id];
         const back = [one, two].map((connection) => next(connection, 'reconnect'));
         await Promise.all([cut(one), cut(two)]);
         equal(await Promise.all(back), [[null], [null]]);
         equal([one.session.id, two.session.id], ids);
         equal(await answers(), [42, 24]);
         const called = await Promise.all([one, two].map((connection) =>
           connection.callMethod('back', 'invoke', ['i', 'm', []])));
         equal(called, [{{ ok: [one.id] }}, {{ ok: [two.id] }}]);
         one.close();
         equal(await two.callMethod('calc', 'answer', []), 24);"
    ))
    .await;
}

#[wasm_bindgen_test]
async fn a_policy_is_called_on_its_object_or_on_nothing() {
    page(
        "const seen = [];
         class Policy {
           connect(app, connection, session, callback) {
             seen.push(this);
             connection.handshake(app, (error, created) => callback(error, connection, created));
           }
         }
         const policy = new Policy();
         await connect('fixture', { connectPolicy: policy });
         equal(seen.pop() === policy, true);
         await connect('fixture', { connectPolicy: policy.connect });
         equal(seen.pop(), undefined);
         // Upstream's default policy is such a function.
         const connection = await connect('fixture', { connectPolicy: new SimpleConnectPolicy().connect });
         equal(connection.username, null);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_policy_may_close_the_connection_it_was_to_open() {
    staged(
        "const closing = (connection) => connection.close();
         const asked = (connection, app) => { connection.handshake(app, () => {}); connection.close(); };
         for (const act of [closing, asked]) {
           const connectPolicy = (app, connection) => act(connection, app);
           const error = await time.within(failure(dial({ connectPolicy })));
           equal(error instanceof Error, true);
           await time.pass(100);
           equal([Peer.open, time.timers], [0, 0]);
         }",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_socket_that_refuses_its_listeners_is_one_clear_error() {
    staged(
        "for (const name of ['binaryType', 'onopen', 'onmessage', 'onerror', 'onclose']) {
           class Touchy extends Peer {
             constructor(...args) {
               super(...args);
               Object.defineProperty(this, name, { set() { throw new Error(`no ${name} here`); } });
             }
           }
           const error = await time.within(failure(dial(null, Touchy)));
           equal(error.message, `Cannot connect to ws://fake/: no ${name} here`);
           equal(Fake.last.closedWith, 1000);
         }
         await time.pass(20000);
         equal(time.timers, 0);
         const connection = await time.within(dial({ reconnector: (c, reconnect) => reconnect() }));
         equal(connection.state, 'ready');",
    )
    .await;
}
