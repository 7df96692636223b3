//! A monotonic `now`, and the single timer for the core's next deadline.

use std::cell::{Cell, RefCell};

use gloo_timers::callback::Timeout;
use jstp_proto::Instant;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Milliseconds since the page or worker began; unlike the date they never step back.
pub(crate) fn now() -> Instant {
    Instant::from_millis(performance_now() as u64)
}

/// A timer that is set to one instant at a time.
#[derive(Default)]
pub(crate) struct Alarm {
    at: Cell<Option<Instant>>,
    timeout: RefCell<Option<Timeout>>,
}

impl Alarm {
    /// Rings at `at`, or not at all. `ring` is made only when the instant changed.
    pub(crate) fn set<R: FnOnce() + 'static>(&self, at: Option<Instant>, ring: impl FnOnce() -> R) {
        if self.at.replace(at) == at {
            return;
        }
        // Cancels the one before by dropping it.
        *self.timeout.borrow_mut() = at.map(|at| {
            // A millisecond more, since `now` cuts fractions off; and the browser takes larger
            // numbers for negative ones.
            let millis = (at.since(now()).as_millis() + 1).min(i32::MAX as u128) as u32;
            Timeout::new(millis, ring())
        });
    }

    /// To be called first when it rings: the next `set` sets it anew whatever the instant.
    pub(crate) fn rang(&self) {
        self.at.set(None);
    }
}
