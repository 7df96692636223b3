//! The client's own errors, as JavaScript values.

use jstp_proto::Refused;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/js/errors.js")]
extern "C" {
    /// The error for something that was not sent: what stood in its way, and a sentence about it.
    fn refusal(kind: u8, sentence: &str) -> JsValue;
}

/// What a caller gets for something the core would not send.
pub(crate) fn refused(refused: &Refused) -> JsValue {
    let kind = match refused {
        Refused::Closed => 0,
        Refused::BufferFull => 1,
        Refused::TooLarge { .. } => 2,
        Refused::Name { .. } => 3,
        _ => 4,
    };
    refusal(kind, &refused.sentence())
}
