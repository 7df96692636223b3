//! How the browser represents payloads: JavaScript strings out, JSON text in.

use js_sys::JsString;
use jstp_proto::{Format, Role};
use wasm_bindgen::prelude::*;

use crate::payload::{Payload, PayloadReader};

/// The browser's representation.
pub(crate) struct Page;

#[wasm_bindgen]
extern "C" {
    type Head;

    #[wasm_bindgen(method, js_name = concat)]
    fn concat_two(this: &Head, payload: &JsString, tail: &JsString) -> JsString;
}

thread_local! {
    static BRACE: JsString = JsString::from("}");
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
        let head = JsString::from(head);
        BRACE.with(|brace| head.unchecked_ref::<Head>().concat_two(payload, brace))
    }

    fn exceeds(text: &JsString, limit: usize) -> bool {
        let units = text.length() as usize;
        // A UTF-16 unit is one to three bytes of UTF-8, so most texts need no closer look.
        units > limit || (units.saturating_mul(3) > limit && utf8_length(text) > limit)
    }

    fn weight(text: &JsString) -> usize {
        text.length() as usize
    }
}

/// Bytes of the string as UTF-8, counted without encoding it.
fn utf8_length(text: &JsString) -> usize {
    let mut bytes = 0;
    let mut high = false;
    for index in 0..text.length() {
        let unit = text.char_code_at(index) as u32;
        bytes += match unit {
            0..0x80 => 1,
            0x80..0x800 => 2,
            // The second half of a pair adds one to the first half's three.
            0xdc00..0xe000 if high => 1,
            _ => 3,
        };
        high = (0xd800..0xdc00).contains(&unit);
    }
    bytes
}
