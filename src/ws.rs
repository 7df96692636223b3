//! connect and connectAndInspect: arguments in, callback or promise out.

use wasm_bindgen::prelude::*;

use crate::connection::Link;

#[wasm_bindgen(module = "/src/js/connecting.js")]
extern "C" {
    fn begin(link: Link, args: &JsValue, inspect: bool) -> JsValue;
}

/// Opens a connection (protocol.md 7.1): `(app, client, [webSocketConfig,] requestUrl[, callback])`.
///
/// With a callback, `callback(error, connection, session)`; without, a promise of the connection.
#[wasm_bindgen]
pub fn connect(args: JsValue) -> JsValue {
    begin(Link::new(), &args, false)
}

/// Opens a connection and inspects interfaces (protocol.md 7.2):
/// `(app, client, interfaces, [webSocketConfig,] requestUrl[, callback])`.
///
/// With a callback, `callback(error, connection, proxies)`; without, a promise of
/// `{ connection, proxies }`.
#[wasm_bindgen(js_name = connectAndInspect)]
pub fn connect_and_inspect(args: JsValue) -> JsValue {
    begin(Link::new(), &args, true)
}
