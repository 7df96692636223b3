//! The client in a service worker, where there is no window.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::panic)]

mod page;

use page::page;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_service_worker);

#[wasm_bindgen_test]
async fn a_service_worker_connects_calls_and_hears_events() {
    page(
        "equal(typeof window, 'undefined');
         const { proxies: { calc, events } } = await inspect(['calc', 'events']);
         equal(await calc.add(1, 2), 3);
         const ticks = [];
         events.on('tick', (index) => ticks.push(index));
         equal(await events.flood(3, null), 3);
         equal(ticks, [0, 1, 2]);",
    )
    .await;
}

#[wasm_bindgen_test]
async fn a_service_worker_goes_on_with_its_session() {
    page(
        "const connection = await connect();
         const { id } = connection.session;
         const sum = connection.callMethodWithResend('calc', 'add', [1, 2]);
         connection.getTransport().close(4000);
         const lost = connection.callMethod('calc', 'add', [2, 2]);
         // The default reconnector, with neither a document nor its events.
         equal(await next(connection, 'reconnect'), [null]);
         equal(await connection.callMethod('session', 'id', []), id);
         equal([await sum, await lost], [3, 4]);",
    )
    .await;
}
