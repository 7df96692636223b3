//! RemoteProxy: a method per remote name, and its events.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::page_connection::PageConnection;

#[wasm_bindgen(module = "/src/js/remote-proxy.js")]
extern "C" {
    type RemoteProxy;

    #[wasm_bindgen(static_method_of = RemoteProxy, js_name = inspected, catch)]
    fn js_inspected(
        connection: &PageConnection,
        interface: &str,
        methods: &Array,
    ) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen(module = "/src/js/event-stream.js")]
extern "C" {
    // Only the proxy needs it; naming it here is what brings the file along.
    #[wasm_bindgen(thread_local_v2, js_name = eventStream)]
    static _EVENT_STREAM: JsValue;
}

/// The connection's proxy for an interface that was just inspected.
///
/// # Errors
/// What the engine throws where the page has frozen the proxy or `remoteProxies`.
pub(crate) fn inspected(
    connection: &PageConnection,
    interface: &str,
    methods: &Array,
) -> Result<JsValue, JsValue> {
    RemoteProxy::js_inspected(connection, interface, methods)
}
