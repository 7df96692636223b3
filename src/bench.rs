//! The way of a message as functions of its own, for the bench in the browser.
//!
//! They return bare values: a `Result` crosses as an array, which takes as long as a short message.

use std::cell::RefCell;

use js_sys::{Error, JsString};
use jstp_proto::mdsf::{self, Limits};
use wasm_bindgen::prelude::*;
use wasm_bindgen::throw_val;

use crate::payload::{self, Inbox, PayloadReader, Sending};

thread_local! {
    static INBOX: RefCell<Inbox> = RefCell::new(Inbox::new());
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
        Ok(payload) => payload.into_js().unwrap_or_else(|error| throw_val(error)),
        Err(error) => throw_val(Error::new(&error.to_string()).into()),
    }
}

/// The text of an outgoing payload.
#[wasm_bindgen(js_name = benchWrite)]
pub fn write(value: &JsValue) -> JsString {
    payload::write(value, "args", &Sending::default()).unwrap_or_else(|error| throw_val(error))
}
