//! One browser WebSocket: opened here, and what leaves over it. What is heard of it comes in by `js/socket.js`.

use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use crate::engine::JsString;
use crate::payload::Inbox;

impl Outlet {
    /// Begins to open a WebSocket. `batch` offers the extension (extensions.md).
    ///
    /// # Errors
    /// What the browser threw.
    pub(crate) fn open(url: &JsString, batch: bool) -> Result<Self, JsValue> {
        let protocols = protocols(batch);
        let open = |url: &str| WebSocket::new_with_str_sequence(url, &protocols);
        Ok(Self::new(&Inbox::default().with_text(url, open)?))
    }
}

#[wasm_bindgen(module = "/src/js/socket.js")]
extern "C" {
    /// The subprotocols to offer.
    fn protocols(batch: bool) -> JsValue;

    // In JavaScript, because texts to send do not enter linear memory, nor do those they are put together to.
    #[derive(Clone)]
    pub(crate) type Outlet;

    #[wasm_bindgen(constructor)]
    fn new(socket: &WebSocket) -> Outlet;

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
