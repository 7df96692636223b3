//! Who waits for an outcome: a callback, or a promise.

use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;

use crate::error;

#[wasm_bindgen(module = "/src/js/waiter.js")]
extern "C" {
    /// In JavaScript, so that whoever waits can be found when this module has failed.
    #[wasm_bindgen(js_name = Waiter)]
    type PageWaiter;

    #[wasm_bindgen(constructor, js_class = "Waiter")]
    fn new(callback: &JsValue) -> PageWaiter;

    #[wasm_bindgen(method, getter)]
    fn promise(this: &PageWaiter) -> JsValue;

    #[wasm_bindgen(method)]
    fn done(this: &PageWaiter, results: &Array);

    #[wasm_bindgen(method)]
    fn failed(this: &PageWaiter, error: &JsValue);

    #[wasm_bindgen(method, js_name = failed)]
    fn failed_with(this: &PageWaiter, error: &JsValue, more: &JsValue);
}

/// Settled exactly once, by being consumed.
pub(crate) struct Waiter {
    page: PageWaiter,
    /// It is a callback.
    pub(crate) calls_back: bool,
}

impl Waiter {
    /// A waiter for the given callback, or for the promise that is returned in its place.
    pub(crate) fn new(callback: Option<Function>) -> (Self, JsValue) {
        let calls_back = callback.is_some();
        let page = PageWaiter::new(&callback.map_or(JsValue::UNDEFINED, JsValue::from));
        let promise = page.promise();
        (Self { page, calls_back }, promise)
    }

    /// A promise and the waiter that settles it.
    pub(crate) fn promise() -> (Self, Promise) {
        let (waiter, promise) = Self::new(None);
        (waiter, promise.unchecked_into())
    }

    /// Success. A promise gets nothing, the one result, or an array of several.
    pub(crate) fn done(self, results: &Array) {
        self.page.done(results);
    }

    /// Failure.
    pub(crate) fn failed(self, error: &JsValue) {
        self.page.failed(error);
    }

    /// Failure; a callback gets `more` beside the error.
    pub(crate) fn failed_with(self, error: &JsValue, more: &JsValue) {
        self.page.failed_with(error, more);
    }
}

/// Runs page code; what it throws is its developer's to see and nobody else's problem.
pub(crate) fn run(function: &Function, args: &Array) {
    if let Err(error) = function.apply(&JsValue::UNDEFINED, args) {
        error::report(&error);
    }
}
