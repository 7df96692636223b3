//! Who waits for an outcome: a callback, or a promise.

use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;

use crate::error;

/// Engines call no function with many more arguments; they throw instead.
const MOST_ARGUMENTS: u32 = 30_000;

/// Settled exactly once, by being consumed.
pub(crate) enum Waiter {
    /// `callback(error, ...results)`
    Callback(Function),
    /// A promise, by its two functions.
    Promise {
        /// Fulfils it.
        resolve: Function,
        /// Rejects it.
        reject: Function,
    },
}

impl Waiter {
    /// A waiter for the given callback, or for the promise that is returned in its place.
    pub(crate) fn new(callback: Option<Function>) -> (Self, JsValue) {
        match callback {
            Some(callback) => (Waiter::Callback(callback), JsValue::UNDEFINED),
            None => {
                let (waiter, promise) = Self::promise();
                (waiter, promise.into())
            }
        }
    }

    /// A promise and the waiter that settles it.
    pub(crate) fn promise() -> (Self, Promise) {
        let mut waiter = None;
        let promise = Promise::new(&mut |resolve, reject| {
            waiter = Some(Waiter::Promise { resolve, reject });
        });
        let waiter = waiter.expect("a promise's executor runs before its constructor returns");
        (waiter, promise)
    }

    /// Success. A promise gets nothing, the one result, or an array of several.
    pub(crate) fn done(self, results: &Array) {
        match self {
            Waiter::Callback(callback) if results.length() > MOST_ARGUMENTS => {
                let error = error::range_error("there are more results than a callback can take");
                run(&callback, &Array::of1(&error));
            }
            Waiter::Callback(callback) => {
                results.unshift(&JsValue::NULL);
                run(&callback, results);
            }
            Waiter::Promise { resolve, .. } => {
                let value = match results.length() {
                    0 => JsValue::UNDEFINED,
                    1 => results.get(0),
                    _ => results.into(),
                };
                let _ = resolve.call1(&JsValue::UNDEFINED, &value);
            }
        }
    }

    /// Failure. `more` is what a callback gets beside the error.
    pub(crate) fn failed(self, error: &JsValue, more: &[JsValue]) {
        match self {
            Waiter::Callback(callback) => {
                let args = Array::of1(error);
                for value in more {
                    args.push(value);
                }
                run(&callback, &args);
            }
            Waiter::Promise { reject, .. } => {
                let _ = reject.call1(&JsValue::UNDEFINED, error);
            }
        }
    }
}

/// Runs page code; what it throws is its developer's to see and nobody else's problem.
pub(crate) fn run(function: &Function, args: &Array) {
    if let Err(error) = function.apply(&JsValue::UNDEFINED, args) {
        error::report(&error);
    }
}
