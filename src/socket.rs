//! One browser WebSocket: open, send, close; listeners removed on drop.

use js_sys::{ArrayBuffer, Function, JsString, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

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
        reason: String,
    },
}

/// A WebSocket and the closures it calls.
pub(crate) struct Socket {
    raw: WebSocket,
    _on_open: Closure<dyn Fn(Event)>,
    _on_message: Closure<dyn Fn(MessageEvent)>,
    _on_close: Closure<dyn Fn(CloseEvent)>,
    _on_error: Closure<dyn Fn(Event)>,
}

impl Socket {
    /// Begins to open a WebSocket. `constructor` stands in for the global one.
    ///
    /// # Errors
    /// What the constructor threw.
    pub(crate) fn open(
        url: &str,
        protocol: &str,
        constructor: Option<&Function>,
        tell: impl Fn(SocketEvent) + Clone + 'static,
    ) -> Result<Self, JsValue> {
        let raw = open_socket(url, protocol, constructor)?;
        raw.set_binary_type(BinaryType::Arraybuffer);

        let on_open = Closure::new({
            let tell = tell.clone();
            move |_| tell(SocketEvent::Open)
        });
        let on_message = Closure::new({
            let tell = tell.clone();
            move |event: MessageEvent| tell(read(event.data()))
        });
        // The close event that follows says as much as a browser tells.
        let on_error = Closure::new(|_| {});
        let on_close = Closure::new(move |event: CloseEvent| {
            tell(SocketEvent::Closed {
                code: event.code(),
                reason: event.reason(),
            });
        });
        raw.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        raw.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        raw.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        raw.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Ok(Self {
            raw,
            _on_open: on_open,
            _on_message: on_message,
            _on_close: on_close,
            _on_error: on_error,
        })
    }

    /// The browser's own object.
    pub(crate) fn raw(&self) -> &WebSocket {
        &self.raw
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Before their closures go: a call of a dropped closure throws.
        self.raw.set_onopen(None);
        self.raw.set_onmessage(None);
        self.raw.set_onclose(None);
        // A socket given up while connecting still reports an error; some libraries throw it when
        // nobody listens.
        IGNORE.with(|ignore| self.raw.set_onerror(Some(ignore)));
        let _ = self.raw.close_with_code(1000);
    }
}

#[wasm_bindgen(module = "/src/js/socket.js")]
extern "C" {
    // In JavaScript, so that what was opened can be closed when this module has failed.
    #[wasm_bindgen(js_name = openSocket, catch)]
    fn open_socket(
        url: &str,
        protocol: &str,
        constructor: Option<&Function>,
    ) -> Result<WebSocket, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    // A function that does nothing with what it is given. One made from text, as `Function::default`
    // is, throws on a page whose Content-Security-Policy does not let it evaluate text.
    #[wasm_bindgen(thread_local_v2, js_name = Boolean)]
    static IGNORE: Function;

    type Sender;

    #[wasm_bindgen(method, getter, js_name = readyState)]
    fn ready_state(this: &Sender) -> JsValue;

    // The string goes as it is; web-sys would take it through linear memory.
    #[wasm_bindgen(method, js_name = send, catch)]
    fn send_string(this: &Sender, text: &JsString) -> Result<(), JsValue>;

    type Utf8Decoder;

    #[wasm_bindgen(constructor, js_class = "TextDecoder")]
    fn new(label: &str, options: &JsValue) -> Utf8Decoder;

    #[wasm_bindgen(method, catch)]
    fn decode(this: &Utf8Decoder, bytes: &ArrayBuffer) -> Result<JsString, JsValue>;
}

/// Sends a message. One that the socket no longer takes is lost with it.
pub(crate) fn send(socket: &WebSocket, text: &JsString) {
    // One that the page or the network has begun to close drops the message, with a complaint to
    // the console; the session sends it over the next transport.
    let socket = socket.unchecked_ref::<Sender>();
    // A constructor of the page's own may make sockets that do not say.
    let state = socket.ready_state().as_f64().unwrap_or_default();
    if state >= f64::from(WebSocket::CLOSING) {
        return;
    }
    // It throws only before it is open, when the core sends nothing.
    let _ = socket.send_string(text);
}

/// Begins to close, after what was sent so far.
pub(crate) fn close(socket: &WebSocket, code: u16) {
    let _ = socket.close_with_code(code);
}

/// Text as it is, binary read as UTF-8 (protocol.md 1.2).
fn read(data: JsValue) -> SocketEvent {
    let bytes: ArrayBuffer = match data.dyn_into::<JsString>() {
        Ok(text) => return SocketEvent::Text(text),
        Err(data) => data.unchecked_into(),
    };
    let strict = js_sys::Object::new();
    let _ = Reflect::set(&strict, &"fatal".into(), &JsValue::TRUE);
    match Utf8Decoder::new("utf-8", &strict).decode(&bytes) {
        Ok(text) => SocketEvent::Text(text),
        Err(_) => SocketEvent::NotText,
    }
}
