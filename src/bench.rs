//! The way of a message as functions of its own, for the bench in the browser.
//!
//! They return bare values: a `Result` crosses as an array, which takes as long as a short message.

use std::cell::{Cell, RefCell};

use jstp_proto::mdsf::{self, Limits};
use wasm_bindgen::prelude::*;
use wasm_bindgen::throw_str;

use crate::engine::JsString;
use crate::payload::{Inbox, PayloadReader};

thread_local! {
    static INBOX: RefCell<Inbox> = RefCell::new(Inbox::new());
    static SENT: Cell<Option<JsString>> = const { Cell::new(None) };
}

/// What becomes of the text of an incoming payload.
#[wasm_bindgen(js_name = benchRead)]
pub fn read(text: &JsString) -> JsValue {
    let read = INBOX.with_borrow_mut(|inbox| {
        inbox.with_text(text, |text| {
            let mut reader = PayloadReader::default();
            mdsf::read(text, Limits::default(), &mut reader).map(|()| reader.finish(text))
        })
    });
    match read {
        Ok(payload) => payload.into_js(),
        Err(error) => throw_str(&error.sentence()),
    }
}

/// Takes the text of an outgoing payload, and keeps it for a while, as the core does.
#[wasm_bindgen(js_name = benchSend)]
pub fn send(text: JsString) {
    SENT.set(Some(text));
}
