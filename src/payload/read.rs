//! What the core reads for the page: JSON text for the engine's own parser.

use std::cell::Cell;

use jstp_proto::Elements;
use jstp_proto::mdsf::{self, Json, Key, Limits, Number, ReadError, Reader, Text, Visitor};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/js/text.js")]
extern "C" {
    /// The value of JSON text, marked or not; undefined if the engine has no memory for it. No `catch`,
    /// whose glue takes as long as a short message.
    #[wasm_bindgen(js_name = valueOf)]
    fn value_of(json: &[u8], marked: bool) -> JsValue;

    /// 2 for a character that may begin an unquoted key, 1 for one that may stand in it, 0 for others.
    #[wasm_bindgen(js_name = identifierClass)]
    fn identifier_class(code: u32) -> u32;
}

/// What `jstp-proto` leaves to the engine, which has the tables anyway.
#[unsafe(no_mangle)]
extern "Rust" fn jstp_identifier_class(c: char) -> u32 {
    identifier_class(u32::from(c))
}

/// Memory for JSON text up to this length is kept for the next payload.
const KEPT: usize = 4 * 1024 * 1024;

thread_local! {
    static SPARE: Cell<Option<Box<Json>>> = const { Cell::new(None) };
}

/// Rewrites an incoming payload as JSON text while the core reads it. Boxed, because the core moves it about
/// more often than it is made.
pub struct PayloadReader(Box<Json>);

impl Default for PayloadReader {
    fn default() -> Self {
        Self(SPARE.take().unwrap_or_default())
    }
}

impl PayloadReader {
    /// The payload, once one whole value has been read; `text` is that value's own text.
    pub fn finish(self, text: &str) -> Payload {
        let mut json = self.0;
        if !json.is_exact() {
            json.mark();
            // It was read without an error before, so there is none now.
            let _ = mdsf::read(text, UNLIMITED, &mut *json);
        }
        Payload(json)
    }
}

impl From<PayloadReader> for Elements {
    fn from(reader: PayloadReader) -> Self {
        let elements = Self::of_json(reader.0.text());
        keep(reader.0);
        elements
    }
}

/// An incoming payload on its way to the page.
pub struct Payload(Box<Json>);

impl Payload {
    /// Makes the JavaScript value; undefined if the engine has no memory for it.
    pub fn into_js(self) -> JsValue {
        let value = value_of(self.0.text().as_bytes(), self.0.is_marked());
        keep(self.0);
        value
    }
}

/// The value of any MDSF text, or `undefined` if it is none.
pub fn parse(text: &str) -> JsValue {
    let mut reader = PayloadReader::default();
    match mdsf::read(text, UNLIMITED, &mut reader) {
        Ok(()) => reader.finish(text).into_js(),
        Err(_) => JsValue::UNDEFINED,
    }
}

/// For texts that are our own or have been read before. A message adds a level or two to its payload's.
const UNLIMITED: Limits = Limits {
    depth: 2000,
    values: u32::MAX,
};

fn keep(mut json: Box<Json>) {
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
