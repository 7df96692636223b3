//! The object a page holds of a connection, as Rust sees it.

use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;

use crate::connection::Link;
use crate::session::PageSession;
use crate::settings::{Settings, Transport};
use crate::waiter::Waiter;

#[wasm_bindgen(module = "/src/js/connection.js")]
extern "C" {
    /// The JavaScript class `Connection`.
    #[wasm_bindgen(js_name = Connection)]
    #[derive(Clone)]
    pub type PageConnection;

    #[wasm_bindgen(constructor, js_class = "Connection")]
    pub(crate) fn new(link: Link, settings: &Settings) -> PageConnection;

    #[wasm_bindgen(static_method_of = PageConnection, js_class = "Connection", js_name = connect)]
    fn js_connect(connection: &PageConnection) -> Promise;

    #[wasm_bindgen(static_method_of = PageConnection, js_class = "Connection", js_name = adopt)]
    fn js_adopt(connection: &PageConnection, session: &PageSession);

    #[wasm_bindgen(static_method_of = PageConnection, js_class = "Connection", js_name = attempt)]
    fn js_attempt(
        connection: &PageConnection,
        reports: bool,
        waiter: Option<&Waiter>,
        transport: Option<&Transport>,
    );

    #[wasm_bindgen(static_method_of = PageConnection, js_class = "Connection", js_name = called)]
    fn js_called(
        connection: &PageConnection,
        id: f64,
        interface: &str,
        method: &str,
        args: &JsValue,
    );

    #[wasm_bindgen(static_method_of = PageConnection, js_class = "Connection", js_name = inspected)]
    fn js_inspected(connection: &PageConnection, id: f64, interface: &str);

    #[wasm_bindgen(static_method_of = PageConnection, js_class = "Connection", js_name = remoteEvent)]
    fn js_remote_event(connection: &PageConnection, interface: &str, event: &str, args: &JsValue);

    #[wasm_bindgen(static_method_of = PageConnection, js_class = "Connection", js_name = connected)]
    fn js_connected(connection: &PageConnection, username: Option<&str>, session: &PageSession);

    #[wasm_bindgen(static_method_of = PageConnection, js_class = "Connection", js_name = reconnectFunction)]
    fn js_reconnect_function(connection: &PageConnection) -> Function;

    #[wasm_bindgen(static_method_of = PageConnection, js_class = "Connection", js_name = refreshProxies)]
    fn js_refresh_proxies(connection: &PageConnection);

    #[wasm_bindgen(
        static_method_of = PageConnection,
        js_class = "Connection",
        js_name = resumed
    )]
    fn js_resumed(connection: &PageConnection);

    #[wasm_bindgen(static_method_of = PageConnection, js_class = "Connection", js_name = ended)]
    fn js_ended(connection: &PageConnection);

    #[wasm_bindgen(method, getter)]
    pub(crate) fn session(this: &PageConnection) -> JsValue;

    #[wasm_bindgen(static_method_of = PageConnection, js_class = "Connection", js_name = log)]
    fn js_log(connection: &PageConnection, name: &str, args: &Array);

    #[wasm_bindgen(static_method_of = PageConnection, js_class = "Connection", js_name = changed)]
    fn js_changed(connection: &PageConnection, args: &Array);

    #[wasm_bindgen(method, getter, js_name = hasConnected)]
    pub(crate) fn has_connected(this: &PageConnection) -> bool;
}

#[wasm_bindgen(module = "/src/js/emitter.js")]
extern "C" {
    type Emitter;

    #[wasm_bindgen(static_method_of = Emitter, js_name = emitLocally)]
    fn emit_locally(emitter: &PageConnection, name: &str, args: &Array) -> bool;
}

impl PageConnection {
    /// Calls the listeners of an event of the connection's own.
    pub(crate) fn emit(&self, name: &str, args: &Array) {
        Emitter::emit_locally(self, name, args);
    }

    /// Tells of another state: `[state, previous, detail]`.
    pub(crate) fn changed(&self, args: &Array) {
        PageConnection::js_changed(self, args);
    }

    /// Emits an event of protocol.md 10 on the client's logger, or on the connection.
    pub(crate) fn log(&self, name: &str, args: &Array) {
        PageConnection::js_log(self, name, args);
    }

    /// Has the page's application called by the peer.
    pub(crate) fn called(&self, id: f64, interface: &str, method: &str, args: &JsValue) {
        PageConnection::js_called(self, id, interface, method, args);
    }

    /// Has the page's application asked for an interface's methods by the peer.
    pub(crate) fn inspected(&self, id: f64, interface: &str) {
        PageConnection::js_inspected(self, id, interface);
    }

    /// Tells the interface's proxy, then the application, of the peer's event.
    pub(crate) fn remote_event(&self, interface: &str, event: &str, args: &JsValue) {
        PageConnection::js_remote_event(self, interface, event, args);
    }

    /// Tells whoever waits for events that there will be none.
    pub(crate) fn ended(&self) {
        PageConnection::js_ended(self);
    }

    /// Notes that an earlier session goes on.
    pub(crate) fn resumed(&self) {
        PageConnection::js_resumed(self);
    }

    /// Has the connection go on with a session from elsewhere.
    pub(crate) fn adopt(&self, session: &PageSession) {
        PageConnection::js_adopt(self, session);
    }

    /// Connects for the first time.
    pub(crate) fn connect(&self) -> Promise {
        PageConnection::js_connect(self)
    }

    /// Makes an attempt to reconnect; [`Link::attempted`] is called when it has ended.
    pub(crate) fn attempt(
        &self,
        reports: bool,
        waiter: Option<&Waiter>,
        transport: Option<&Transport>,
    ) {
        PageConnection::js_attempt(self, reports, waiter, transport);
    }

    /// What a reconnector of the page's own calls to have an attempt made.
    pub(crate) fn reconnect_function(&self) -> Function {
        PageConnection::js_reconnect_function(self)
    }

    /// Inspects every interface anew that the page has a proxy of.
    pub(crate) fn refresh_proxies(&self) {
        PageConnection::js_refresh_proxies(self);
    }

    /// Notes who is connected, and returns the session's object.
    pub(crate) fn connected(&self, username: Option<&str>, session_id: &str) -> JsValue {
        let session = PageSession::new(self, username, session_id);
        PageConnection::js_connected(self, username, &session);
        session.into()
    }
}
