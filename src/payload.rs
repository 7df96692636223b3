//! JS values <-> message payloads, without walking them where that can be avoided.
//!
//! Outgoing, `src/js/write.js` has the engine write them, and the text never enters linear memory.
//! Incoming, the core's one pass over the text rewrites it as JSON for the engine's `JSON.parse`, and what
//! JSON cannot say is marked in it.

mod inbox;
mod read;

use wasm_bindgen::prelude::*;

use crate::engine::JsString;
pub use inbox::Inbox;
pub use read::{Payload, PayloadReader, parse};

#[wasm_bindgen(module = "/src/js/write.js")]
extern "C" {
    /// Writes a value as the text of a payload. `name` is what an error calls the value; `options` has
    /// `allowNonFinite` and `honourToMDSF`.
    ///
    /// # Errors
    /// A TypeError or RangeError that names the place of what cannot be sent, or whatever a getter or a
    /// `toJSON` threw.
    #[wasm_bindgen(catch)]
    pub fn write(value: &JsValue, name: &str, options: &JsValue) -> Result<JsString, JsValue>;
}

// Only write.js needs them; naming them here is what brings the files along.
#[wasm_bindgen(module = "/src/js/look.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = differs)]
    static _DIFFERS: JsValue;
}

#[wasm_bindgen(module = "/src/js/walk.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = walk)]
    static _WALK: JsValue;
}

#[wasm_bindgen(module = "/src/js/stand-in.js")]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = standIn)]
    static _STAND_IN: JsValue;
}
