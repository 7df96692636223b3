//! connect and connectAndInspect: arguments in, callback or promise out.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;

use crate::connection::Link;
use crate::driver::Driver;
use crate::page_connection::PageConnection;
use crate::settings::Settings;

#[wasm_bindgen(module = "/src/js/connecting.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    fn read(args: &Array, inspect: bool) -> Result<Settings, JsValue>;

    fn tell(args: &Array, connected: &Promise) -> JsValue;
}

/// Opens a connection (protocol.md 7.1): `(app, client, [webSocketConfig,] requestUrl[, callback])`.
///
/// With a callback, `callback(error, connection, session)`; without, a promise of the connection.
#[wasm_bindgen]
pub fn connect(args: Array) -> JsValue {
    begin(&args, false)
}

/// Opens a connection and inspects interfaces (protocol.md 7.2):
/// `(app, client, interfaces, [webSocketConfig,] requestUrl[, callback])`.
///
/// With a callback, `callback(error, connection, proxies)`; without, a promise of
/// `{ connection, proxies }`.
#[wasm_bindgen(js_name = connectAndInspect)]
pub fn connect_and_inspect(args: Array) -> JsValue {
    begin(&args, true)
}

fn begin(args: &Array, inspect: bool) -> JsValue {
    let connected = match make(args, inspect) {
        Ok(connection) => connection.connect(),
        Err(error) => Promise::reject(&error),
    };
    tell(args, &connected)
}

fn make(args: &Array, inspect: bool) -> Result<PageConnection, JsValue> {
    let settings = read(args, inspect)?;
    settings.check()?;
    let driver = Driver::new(&settings);
    let connection = PageConnection::new(Link::new(driver.clone()), &settings);
    driver.set_page(&connection);
    Ok(connection)
}
