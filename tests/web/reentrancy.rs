//! Page code that calls back into us.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::page;
use crate::staging::FAKE;

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
         equal(reported.map((text) => text.replace(/^(Uncaught )?Error: /, '')),
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
