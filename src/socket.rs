//! Where messages leave: a browser WebSocket, which `js/socket.js` has opened and listens to.

use wasm_bindgen::prelude::*;

use crate::engine::JsString;

// In JavaScript, because texts to send do not enter linear memory, nor do those they are put together to.
#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    pub(crate) type Outlet;

    /// Sends a message. One that the socket no longer takes is lost with it.
    #[wasm_bindgen(method)]
    pub(crate) fn send(this: &Outlet, text: &JsString);

    /// Begins to close, after what was sent so far.
    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &Outlet, code: u16);

    /// Closes it whatever state it is in; nothing is heard of it any more.
    #[wasm_bindgen(method, js_name = letGo)]
    pub(crate) fn let_go(this: &Outlet);
}
