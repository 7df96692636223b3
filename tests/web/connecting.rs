//! Connecting, and what a page then holds.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::page;

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
async fn a_policy_that_rejects_is_the_error() {
    page(
        "const connectPolicy = async () => { throw new Error('no token'); };
         const error = await failure(ws.connect('fixture', { connectPolicy }, url));
         equal(error.message, 'no token');",
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
