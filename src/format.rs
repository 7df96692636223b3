//! How the browser represents payloads: JavaScript strings out, JSON text in.

use jstp_proto::{Format, Role};
use wasm_bindgen::prelude::*;

use crate::engine::JsString;
use crate::payload::{Payload, PayloadReader};

/// The browser's representation.
pub(crate) struct Page;

#[wasm_bindgen(module = "/src/js/text.js")]
extern "C" {
    /// A head, a payload and a closing brace.
    fn message(head: &str, payload: &JsString) -> JsString;

    /// Bytes of the string as UTF-8.
    #[wasm_bindgen(js_name = bytesOf)]
    fn bytes_of(text: &JsString) -> u32;
}

impl Format for Page {
    type Text = JsString;
    type Reader = PayloadReader;
    type Header = PayloadReader;
    type Payload = Payload;

    const ROLE: Option<Role> = Some(Role::Client);

    fn payload(reader: PayloadReader, text: &str) -> Payload {
        reader.finish(text)
    }

    fn text(text: &str) -> JsString {
        JsString::from(text)
    }

    fn message(head: &str, payload: &JsString) -> JsString {
        message(head, payload)
    }

    fn exceeds(text: &JsString, limit: usize) -> bool {
        let units = text.length() as usize;
        // A UTF-16 unit is one to three bytes of UTF-8, so most texts need no closer look.
        units > limit || (units.saturating_mul(3) > limit && bytes_of(text) as usize > limit)
    }

    fn weight(text: &JsString) -> usize {
        text.length() as usize
    }
}
