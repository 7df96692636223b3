//! Session: what a page keeps of a session, in JavaScript's form and the core's.

use js_sys::{Array, JsString, Object, Reflect};
use jstp_proto::{Format, SessionParts};
use wasm_bindgen::prelude::*;

use crate::format::Page;
use crate::page_connection::PageConnection;

type Core = jstp_proto::Session<JsString>;

#[wasm_bindgen(module = "/src/js/session.js")]
extern "C" {
    /// The JavaScript class `Session`.
    #[wasm_bindgen(js_name = Session)]
    #[derive(Clone)]
    pub(crate) type PageSession;

    #[wasm_bindgen(constructor, js_class = "Session")]
    pub(crate) fn new(
        connection: &PageConnection,
        username: Option<&str>,
        session_id: &str,
    ) -> PageSession;

    #[wasm_bindgen(static_method_of = PageSession, js_class = "Session", js_name = state)]
    fn js_state(session: &PageSession) -> State;

    #[wasm_bindgen(method, getter)]
    fn id(this: &PageSession) -> String;

    type State;

    #[wasm_bindgen(method, getter, js_name = guaranteedDeliveredCount)]
    fn delivered(this: &State) -> f64;

    #[wasm_bindgen(method, getter, js_name = receivedCount)]
    fn received(this: &State) -> f64;

    #[wasm_bindgen(method, getter, js_name = latestBufferedMessageId)]
    fn last_id(this: &State) -> f64;

    #[wasm_bindgen(method, getter)]
    fn buffer(this: &State) -> Array;
}

impl PageSession {
    /// The session as the core goes on with it.
    pub(crate) fn to_core(&self) -> Core {
        let state = Self::js_state(self);
        let buffer = state.buffer();
        let entry = |entry: JsValue| {
            let entry: Array = entry.unchecked_into();
            // JSON has no other strings and numbers than these; the class has checked them.
            let id = entry.get(0).as_f64().unwrap_or_default() as u64;
            (id, entry.get(1).unchecked_into::<JsString>())
        };
        let parts = SessionParts {
            id: self.id(),
            delivered: state.delivered() as u64,
            received: state.received() as u64,
            last_id: state.last_id() as u64,
            buffer: buffer.iter().map(entry).collect(),
        };
        Core::from_parts(parts, <Page as Format>::weight)
    }
}

/// Counts and buffer under upstream's names.
pub(crate) fn state(session: &Core) -> JsValue {
    let parts = session.to_parts();
    let buffer = Array::new();
    for (id, text) in &parts.buffer {
        buffer.push(&Array::of2(&JsValue::from(*id as f64), text));
    }
    let state = Object::new();
    let set = |name: &str, value: &JsValue| {
        // A plain object takes it.
        let _ = Reflect::set(&state, &name.into(), value);
    };
    set("guaranteedDeliveredCount", &(parts.delivered as f64).into());
    set("buffer", &buffer);
    set("receivedCount", &(parts.received as f64).into());
    set("latestBufferedMessageId", &(parts.last_id as f64).into());
    state.into()
}
