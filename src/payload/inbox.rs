//! The text of an incoming message, brought into linear memory as a whole.

use js_sys::JsString;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/js/text.js")]
extern "C" {
    type Inlet;

    #[wasm_bindgen(constructor)]
    fn new(memory: &JsValue) -> Inlet;

    /// The length in bytes, or −1 if there is not room for all of the text.
    #[wasm_bindgen(method)]
    fn encode(this: &Inlet, text: &JsString, start: *mut u8, room: usize) -> i32;
}

/// A buffer up to this length is kept for the next message.
const KEPT: usize = 1024 * 1024;

/// Room beyond one byte for each UTF-16 unit: a message in ASCII needs none, one with a few other
/// characters need not be encoded twice.
const SLACK: usize = 1024;

/// Takes texts out of JavaScript into a buffer that is kept from message to message.
pub struct Inbox {
    inlet: Inlet,
    buffer: Vec<u8>,
}

impl Inbox {
    /// An inbox without a buffer; the first message brings one.
    pub fn new() -> Self {
        Self {
            inlet: Inlet::new(&wasm_bindgen::memory()),
            buffer: Vec::new(),
        }
    }

    /// Hands `text` to `read` as UTF-8, half surrogate pairs replaced by U+FFFD.
    ///
    /// `read` must not run page code: that could bring in the next message while this one is in use.
    pub fn with_text<R>(&mut self, text: &JsString, read: impl FnOnce(&str) -> R) -> R {
        let length = self.encode(text);
        let bytes = &self.buffer[..length];
        // SAFETY: UTF-8 is what an encoder writes, whatever the string holds. To check that again would
        // be a second pass over every message.
        let result = read(unsafe { std::str::from_utf8_unchecked(bytes) });
        if self.buffer.len() > KEPT {
            self.buffer = Vec::new();
        }
        result
    }

    /// Fills the buffer; returns how many bytes of it.
    fn encode(&mut self, text: &JsString) -> usize {
        let units = text.length() as usize;
        self.make_room(units.saturating_add(SLACK));
        if let Some(length) = self.try_encode(text) {
            return length;
        }
        // No UTF-16 unit takes more than three bytes.
        self.make_room(units.saturating_mul(3));
        self.try_encode(text).unwrap_or_default()
    }

    fn try_encode(&mut self, text: &JsString) -> Option<usize> {
        let written = self
            .inlet
            .encode(text, self.buffer.as_mut_ptr(), self.buffer.len());
        usize::try_from(written)
            .ok()
            .filter(|length| *length <= self.buffer.len())
    }

    fn make_room(&mut self, bytes: usize) {
        if self.buffer.len() < bytes {
            self.buffer = vec![0; bytes];
        }
    }
}

impl Default for Inbox {
    fn default() -> Self {
        Self::new()
    }
}
