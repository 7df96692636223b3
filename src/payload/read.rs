//! What the core reads for the page: JSON text for the engine's own parser, nearly always.

use std::cell::Cell;

use js_sys::RangeError;
use jstp_proto::mdsf::{self, Json, Key, Limits, Number, ReadError, Reader, Text, Visitor};
use wasm_bindgen::prelude::*;

use super::build;

#[wasm_bindgen(module = "/src/js/text.js")]
extern "C" {
    /// The value of JSON text, or undefined if the engine has no memory for it. No `catch`, whose glue
    /// takes as long as a short message.
    #[wasm_bindgen(js_name = valueOf)]
    fn value_of(json: &[u8]) -> JsValue;
}

/// Memory for JSON text up to this length is kept for the next payload.
const KEPT: usize = 4 * 1024 * 1024;

thread_local! {
    static SPARE: Cell<Option<Json>> = const { Cell::new(None) };
}

/// Rewrites an incoming payload as JSON text while the core reads it.
pub struct PayloadReader(Json);

impl Default for PayloadReader {
    fn default() -> Self {
        Self(SPARE.take().unwrap_or_default())
    }
}

impl PayloadReader {
    /// The payload, once one whole value has been read; `text` is that value's own text.
    pub fn finish(self, text: &str) -> Payload {
        if self.0.is_exact() {
            return Payload::Json(self.0);
        }
        keep(self.0);
        Payload::Text(text.into())
    }
}

/// An incoming payload on its way to the page.
pub enum Payload {
    /// JSON text of the value.
    Json(Json),
    /// The text as it came, of a value that JSON cannot say.
    Text(Box<str>),
}

impl Payload {
    /// Makes the JavaScript value.
    ///
    /// # Errors
    /// What the engine threw, which is possible only when it is out of memory.
    pub fn into_js(self) -> Result<JsValue, JsValue> {
        match self {
            Self::Json(json) => {
                let value = value_of(json.text().as_bytes());
                keep(json);
                // No JSON text says undefined.
                if value.is_undefined() {
                    return Err(RangeError::new("no memory for the value of a message").into());
                }
                Ok(value)
            }
            Self::Text(text) => build::value(&text),
        }
    }
}

/// The value of any MDSF text, or `undefined` if it is none.
pub fn parse(text: &str) -> JsValue {
    let mut reader = PayloadReader::default();
    match mdsf::read(text, UNLIMITED, &mut reader) {
        Ok(()) => reader.finish(text).into_js().unwrap_or_default(),
        Err(_) => JsValue::UNDEFINED,
    }
}

/// For texts that are our own or have been read before. A message adds a level or two to its payload's.
pub(super) const UNLIMITED: Limits = Limits {
    depth: 2000,
    values: u32::MAX,
};

fn keep(mut json: Json) {
    if json.text().len() <= KEPT {
        json.clear();
        SPARE.set(Some(json));
    }
}

impl Visitor for PayloadReader {
    /// By the core's own copy of the loop, which is compiled for speed where this crate is for size.
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        self.0.read(reader)
    }

    fn undefined(&mut self) {
        self.0.undefined();
    }

    fn null(&mut self) {
        self.0.null();
    }

    fn bool(&mut self, value: bool) {
        self.0.bool(value);
    }

    fn number(&mut self, number: Number<'_>) {
        self.0.number(number);
    }

    fn string(&mut self, text: Text<'_>) {
        self.0.string(text);
    }

    fn begin_array(&mut self) {
        self.0.begin_array();
    }

    fn end_array(&mut self) {
        self.0.end_array();
    }

    fn begin_object(&mut self) {
        self.0.begin_object();
    }

    fn key(&mut self, key: Key<'_>) {
        self.0.key(key);
    }

    fn end_object(&mut self) {
        self.0.end_object();
    }
}
