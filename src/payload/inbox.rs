//! The text of an incoming message, brought into linear memory as a whole.

use wasm_bindgen::prelude::*;

use crate::engine::JsString;

#[wasm_bindgen(module = "/src/js/text.js")]
extern "C" {
    type Inlet;

    #[wasm_bindgen(constructor)]
    fn new(memory: &JsValue) -> Inlet;

    /// How many bytes the text from its unit `from` on took, with [`LATIN`] in it if they are right only where
    /// they are ASCII, or one less than minus their number if there was not room for all of it.
    #[wasm_bindgen(method)]
    fn encode(this: &Inlet, text: &JsString, from: u32, start: *mut u8, room: usize) -> i32;

    /// The last text was not ASCII: the next are written in another way.
    #[wasm_bindgen(method)]
    fn beware(this: &Inlet);

    /// How many UTF-16 units that were.
    #[wasm_bindgen(method, getter)]
    fn read(this: &Inlet) -> u32;
}

/// Stands in the number of bytes that are characters of Latin-1.
const LATIN: i32 = 1 << 30;

/// What the buffer holds at first.
const ROOM: usize = 16 * 1024;

/// A buffer up to this length is kept for the next message.
const KEPT: usize = 4 * 1024 * 1024;

/// Room beyond one byte for each UTF-16 unit: a few characters beyond ASCII need no further attempt.
const SLACK: usize = 1024;

/// Takes texts out of JavaScript into a buffer that is kept from message to message.
pub struct Inbox {
    inlet: Inlet,
    /// Never empty.
    buffer: Vec<u8>,
}

impl Inbox {
    /// An inbox with room for an ordinary message.
    pub fn new() -> Self {
        Self {
            inlet: Inlet::new(&wasm_bindgen::memory()),
            buffer: vec![0; ROOM],
        }
    }

    /// Hands `text` to `read` as UTF-8, half surrogate pairs replaced by U+FFFD.
    ///
    /// If `read` runs page code that may bring in the next message, that one needs an inbox of its own.
    pub fn with_text<R>(&mut self, text: &JsString, read: impl FnOnce(&str) -> R) -> R {
        let mut written = self.write(text, 0, 0);
        if written > LATIN {
            written ^= LATIN;
            if !jstp_ordinary::is_ascii(&self.buffer[..written as usize]) {
                self.inlet.beware();
                written = self.write(text, 0, 0);
            }
        }
        let length = match usize::try_from(written) {
            Ok(length) => length,
            Err(_) => self.encode_rest(text, written),
        };
        let bytes = &self.buffer[..length];
        // SAFETY: UTF-8 is what an encoder writes, whatever the string holds. To check that again would
        // be a second pass over every message.
        let result = read(unsafe { std::str::from_utf8_unchecked(bytes) });
        if self.buffer.len() > KEPT {
            self.buffer = vec![0; ROOM];
        }
        result
    }

    /// Encodes what fits after the first `length` bytes.
    fn write(&mut self, text: &JsString, from: u32, length: usize) -> i32 {
        let room = &mut self.buffer[length..];
        self.inlet.encode(text, from, room.as_mut_ptr(), room.len())
    }

    /// Makes room after a first attempt that `written` tells of; returns how many bytes the text took.
    #[cold]
    fn encode_rest(&mut self, text: &JsString, mut written: i32) -> usize {
        let units = text.length();
        let (mut from, mut length) = (0, 0);
        while written < 0 {
            length += (-1 - written) as usize;
            from += self.inlet.read();
            // Text in ASCII so far goes on in ASCII, but for a few characters. None of it takes more than
            // three bytes for a unit.
            let rest = units.saturating_sub(from) as usize;
            let ascii = length == from as usize;
            let wanted = if ascii {
                rest.saturating_add(SLACK)
            } else {
                rest.saturating_mul(3)
            };
            self.buffer.resize(length.saturating_add(wanted), 0);
            written = self.write(text, from, length);
        }
        length + written as usize
    }
}

impl Default for Inbox {
    fn default() -> Self {
        Self::new()
    }
}
