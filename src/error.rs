//! The client's own errors, as JavaScript values.

use jstp_proto::Refused;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/js/errors.js")]
extern "C" {
    /// The error for something that was not sent: what stood in its way, and the limit it exceeds.
    fn refusal(kind: u8, limit: f64) -> JsValue;
}

/// What a caller gets for something the core would not send.
pub(crate) fn refused(refused: &Refused) -> JsValue {
    let (kind, limit) = match refused {
        Refused::Closed => (0, 0),
        Refused::BufferFull => (1, 0),
        Refused::TooLarge { limit } => (2, *limit),
        // Names have been checked before.
        _ => (3, 0),
    };
    refusal(kind, limit as f64)
}
