//! Who waits for an outcome: a callback, or a promise.

use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use crate::error;

#[wasm_bindgen(module = "/src/js/waiter.js")]
extern "C" {
    /// Settled once. In JavaScript, so that whoever waits can be found when this module has failed.
    pub type Waiter;

    /// Success. A promise gets nothing, the one result, or an array of several.
    #[wasm_bindgen(method)]
    pub(crate) fn done(this: &Waiter, results: &Array);

    /// Failure.
    #[wasm_bindgen(method)]
    pub(crate) fn failed(this: &Waiter, error: &JsValue);

    /// Failure; a callback gets `more` beside the error.
    #[wasm_bindgen(method, js_name = failed)]
    pub(crate) fn failed_with(this: &Waiter, error: &JsValue, more: &JsValue);
}

/// Runs page code; what it throws is its developer's to see and nobody else's problem.
pub(crate) fn run(function: &Function, args: &Array) {
    if let Err(error) = function.apply(&JsValue::UNDEFINED, args) {
        error::report(&error);
    }
}
