//! A module that fails on demand, for the test of what becomes of everybody then.

use wasm_bindgen::prelude::*;

use crate::engine::JsString;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(method, js_name = indexOf)]
    fn index_of(this: &JsString, part: &str) -> i32;
}

/// What has the module fail, as a method or within a message.
const WORD: &str = "trap-here";

/// Fails if the text says so.
pub(crate) fn at(text: &JsString) {
    if text.index_of(WORD) >= 0 {
        std::process::abort();
    }
}

/// Fails if the text says so before its payload.
pub(crate) fn at_head(text: &JsString) {
    let (word, colon) = (text.index_of(WORD), text.index_of(":"));
    if word >= 0 && (colon < 0 || word < colon) {
        std::process::abort();
    }
}
