//! A monotonic `now`. The one timer for the core's next deadline is in `js/line.js`.

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
