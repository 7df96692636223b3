//! What of the engine's own values Rust works with.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A string that stays in JavaScript.
    #[derive(Clone)]
    pub type JsString;

    /// Its UTF-16 units.
    #[wasm_bindgen(method, getter)]
    pub fn length(this: &JsString) -> u32;
}

impl From<&str> for JsString {
    fn from(text: &str) -> Self {
        JsValue::from_str(text).unchecked_into()
    }
}
