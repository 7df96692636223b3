//! Calls, events and pings, either way, and the values in them.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::page;

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
           [['x'.repeat(8 * 1024 * 1024)], RangeError, 'args[0] does not fit: a message holds at most 8 MiB'],
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
