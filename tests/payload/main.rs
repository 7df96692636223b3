//! Payloads out of JavaScript values and back, in a browser.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]
#![cfg(target_arch = "wasm32")]

mod reading;
mod writing;

use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test_configure;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(module = "/tests/payload/reference.js")]
extern "C" {
    fn same(a: &JsValue, b: &JsValue) -> bool;
    fn evaluate(source: &str) -> JsValue;
}
