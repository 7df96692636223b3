//! A module that fails on demand, for the test of what becomes of everybody then.

use js_sys::JsString;

/// What has the module fail, as a method or within a message.
const WORD: &str = "trap-here";

/// Fails if the text says so.
pub(crate) fn at(text: &JsString) {
    if text.includes(WORD, 0) {
        std::process::abort();
    }
}
