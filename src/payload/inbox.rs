//! The text of an incoming message, brought into linear memory as a whole.

use js_sys::JsString;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/js/text.js")]
extern "C" {
    type Inlet;

    #[wasm_bindgen(constructor)]
    fn new(memory: &JsValue) -> Inlet;

    /// How many bytes the text from its unit `from` on took, or one less than minus their number if
    /// there was not room for all of it.
    #[wasm_bindgen(method)]
    fn encode(this: &Inlet, text: &JsString, from: u32, start: *mut u8, room: usize) -> i32;

    /// How many UTF-16 units that were.
    #[wasm_bindgen(method, getter)]
    fn read(this: &Inlet) -> u32;
}

/// A buffer up to this length is kept for the next message.
const KEPT: usize = 4 * 1024 * 1024;

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
        let units = text.length();
        let wanted = (units as usize).saturating_add(SLACK);
        if self.buffer.len() < wanted {
            self.buffer = vec![0; wanted];
        }
        let (mut from, mut length) = (0, 0);
        loop {
            let room = &mut self.buffer[length..];
            let written = self.inlet.encode(text, from, room.as_mut_ptr(), room.len());
            let complete = written >= 0;
            length += if complete { written } else { -1 - written } as usize;
            if complete {
                return length;
            }
            from += self.inlet.read();
            // No UTF-16 unit takes more than three bytes.
            let rest = units.saturating_sub(from) as usize;
            self.buffer
                .resize(length.saturating_add(rest.saturating_mul(3)), 0);
        }
    }
}

impl Default for Inbox {
    fn default() -> Self {
        Self::new()
    }
}
