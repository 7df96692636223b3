//! The way of a message as functions of its own, for the bench in the browser.

use std::cell::RefCell;

use js_sys::JsString;
use jstp_proto::mdsf::{self, Limits};
use wasm_bindgen::prelude::*;

use crate::payload::{self, Inbox, PayloadReader, Sending};

thread_local! {
    static INBOX: RefCell<Inbox> = RefCell::new(Inbox::new());
}

/// What becomes of the text of an incoming payload.
#[wasm_bindgen(js_name = benchRead)]
pub fn read(text: &JsString) -> Result<JsValue, JsValue> {
    let read = INBOX.with_borrow_mut(|inbox| {
        inbox.with_text(text, |text| {
            let mut reader = PayloadReader::default();
            mdsf::read(text, Limits::default(), &mut reader).map(|()| reader.finish(text))
        })
    });
    match read {
        Ok(payload) => payload.into_js(),
        Err(error) => Err(js_sys::Error::new(&error.to_string()).into()),
    }
}

/// The text of an outgoing payload.
#[wasm_bindgen(js_name = benchWrite)]
pub fn write(value: &JsValue) -> Result<JsString, JsValue> {
    payload::write(value, "args", &Sending::default())
}
