//! JS values <-> message payloads, without walking them where that can be avoided.
//!
//! Outgoing, the engine's `JSON.stringify` writes whatever it writes exactly, and [`walk`] the rest.
//! Incoming, the core's one pass over the text rewrites it as JSON for the engine's `JSON.parse`, and
//! [`build`] makes what JSON cannot say. The text of an outgoing payload never enters linear memory.

mod base64;
mod build;
mod inbox;
mod path;
mod read;
mod walk;

use js_sys::JsString;
use wasm_bindgen::prelude::*;

pub use inbox::Inbox;
pub use read::{Payload, PayloadReader, parse};

#[wasm_bindgen(module = "/src/js/look.js")]
extern "C" {
    /// The text if `JSON.stringify` writes it exactly, or undefined. Not an `Option`: finding out about
    /// that in the glue takes a tenth as long as writing a short message.
    #[wasm_bindgen(js_name = write)]
    fn write_exactly(value: &JsValue) -> JsValue;
}

/// What may leave, by the configuration of the transport. The default is strict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sending {
    /// Send NaN and ±Infinity as the words. Upstream's peers in JavaScript cannot read them (mdsf.md 4.3).
    pub allow_non_finite: bool,
    /// Ask objects for their `toMDSF`, which goes before `toJSON`. Every value is then walked.
    pub honour_to_mdsf: bool,
}

/// Writes a value as the text of a payload. `name` is what an error calls the value: with `args`, an error
/// reads `args[0].price is NaN`.
///
/// What JSON has is written as `JSON.stringify` would, with the same calls of `toJSON`; `undefined` in
/// arrays stays itself, buffers and their views become base64 (mdsf.md 4.1). Getters may be read twice.
///
/// # Errors
/// A TypeError or RangeError that names the place of what cannot be sent, or whatever a getter or a
/// `toJSON` threw.
pub fn write(value: &JsValue, name: &str, sending: &Sending) -> Result<JsString, JsValue> {
    if !sending.honour_to_mdsf {
        let text = write_exactly(value);
        if !text.is_undefined() {
            return Ok(text.unchecked_into());
        }
    }
    walk::write(value, name, sending).map(|text| JsString::from(text.as_str()))
}
