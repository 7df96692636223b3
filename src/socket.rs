//! One browser WebSocket: open, send, close; listeners removed on drop.

use js_sys::{Function, JsString};
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, WebSocket};

/// What a WebSocket reports, in the order of its life.
pub(crate) enum SocketEvent {
    /// It is open.
    Open,
    /// A message.
    Text(JsString),
    /// A binary message that is not UTF-8.
    NotText,
    /// It is closed, or could not be opened. Nothing follows.
    Closed {
        /// The close code; 1006 when the browser does not say more.
        code: u16,
        /// The reason the peer gave.
        reason: JsValue,
    },
}

/// A WebSocket and the closures it calls.
pub(crate) struct Socket {
    raw: WebSocket,
    outlet: Outlet,
    on_open: Closure<dyn Fn(JsValue)>,
    on_message: Closure<dyn Fn(JsValue)>,
    on_close: Closure<dyn Fn(JsValue)>,
}

impl Socket {
    /// Begins to open a WebSocket. `batch` offers the extension, `constructor` stands in for the global one.
    ///
    /// # Errors
    /// What the constructor threw, or the socket when it was told who listens.
    pub(crate) fn open(
        url: &str,
        batch: bool,
        constructor: Option<&Function>,
        tell: impl Fn(SocketEvent) + Clone + 'static,
    ) -> Result<Self, JsValue> {
        let raw = open_socket(url, batch, constructor)?;
        let on_open = Closure::new({
            let tell = tell.clone();
            move |_: JsValue| tell(SocketEvent::Open)
        });
        let on_message = Closure::new({
            let tell = tell.clone();
            move |event: JsValue| {
                let event: MessageEvent = event.unchecked_into();
                tell(match event.data().dyn_into() {
                    Ok(text) => SocketEvent::Text(text),
                    Err(_) => SocketEvent::NotText,
                });
            }
        });
        let on_close = Closure::new(move |event: JsValue| {
            let end: End = event.unchecked_into();
            tell(SocketEvent::Closed {
                code: end.code(),
                reason: end.reason(),
            });
        });
        let socket = Self {
            outlet: Outlet::new(&raw),
            raw,
            on_open,
            on_message,
            on_close,
        };
        listen(
            &socket.raw,
            socket.on_open.as_ref(),
            socket.on_message.as_ref(),
            socket.on_close.as_ref(),
        )?;
        Ok(socket)
    }

    /// The browser's own object.
    pub(crate) fn raw(&self) -> &WebSocket {
        &self.raw
    }

    /// Where messages leave.
    pub(crate) fn outlet(&self) -> &Outlet {
        &self.outlet
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Before their closures go: a call of a dropped closure throws.
        drop_socket(&self.raw);
    }
}

#[wasm_bindgen(module = "/src/js/socket.js")]
extern "C" {
    // In JavaScript, so that what was opened can be closed when this module has failed.
    #[wasm_bindgen(js_name = openSocket, catch)]
    fn open_socket(
        url: &str,
        batch: bool,
        constructor: Option<&Function>,
    ) -> Result<WebSocket, JsValue>;

    // In JavaScript, because texts to send do not enter linear memory, nor do those they are put together
    // to.
    #[derive(Clone)]
    pub(crate) type Outlet;

    #[wasm_bindgen(constructor)]
    fn new(socket: &WebSocket) -> Outlet;

    /// Whether the server has agreed to several messages in one (extensions.md).
    #[wasm_bindgen(method, getter, js_name = isBatch)]
    pub(crate) fn is_batch(this: &Outlet) -> bool;

    /// Sends a message. One that the socket no longer takes is lost with it.
    #[wasm_bindgen(method)]
    pub(crate) fn send(this: &Outlet, text: &JsString);

    /// Begins to close, after what was sent so far.
    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &Outlet, code: u16);

    /// How a socket was closed.
    type End;

    #[wasm_bindgen(method, getter)]
    fn code(this: &End) -> u16;

    #[wasm_bindgen(method, getter)]
    fn reason(this: &End) -> JsValue;

    // Whose events have text for data where that is UTF-8, and a `code` and a `reason`.
    #[wasm_bindgen(catch)]
    fn listen(
        socket: &WebSocket,
        open: &JsValue,
        message: &JsValue,
        close: &JsValue,
    ) -> Result<(), JsValue>;

    #[wasm_bindgen(js_name = dropSocket)]
    fn drop_socket(socket: &WebSocket);
}
