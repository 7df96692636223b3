//! What the core reads for the page: JSON text for the engine's own parser, nearly always.

use std::cell::Cell;

use js_sys::JSON;
use jstp_proto::mdsf::{self, Json, Key, Limits, Number, Text, Visitor};
use wasm_bindgen::prelude::*;

use super::build;

/// Memory for JSON text up to this length is kept for the next payload.
const KEPT: usize = 1024 * 1024;

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
                let value = JSON::parse(json.text());
                keep(json);
                value
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
pub(super) const UNLIMITED: Limits = Limits { depth: 2000, values: u32::MAX };

fn keep(mut json: Json) {
    if json.text().len() <= KEPT {
        json.clear();
        SPARE.set(Some(json));
    }
}

impl Visitor for PayloadReader {
    #[inline(always)]
    fn undefined(&mut self) {
        self.0.undefined();
    }

    #[inline(always)]
    fn null(&mut self) {
        self.0.null();
    }

    #[inline(always)]
    fn bool(&mut self, value: bool) {
        self.0.bool(value);
    }

    #[inline(always)]
    fn number(&mut self, number: Number<'_>) {
        self.0.number(number);
    }

    #[inline(always)]
    fn string(&mut self, text: Text<'_>) {
        self.0.string(text);
    }

    #[inline(always)]
    fn begin_array(&mut self) {
        self.0.begin_array();
    }

    #[inline(always)]
    fn end_array(&mut self) {
        self.0.end_array();
    }

    #[inline(always)]
    fn begin_object(&mut self) {
        self.0.begin_object();
    }

    #[inline(always)]
    fn key(&mut self, key: Key<'_>) {
        self.0.key(key);
    }

    #[inline(always)]
    fn end_object(&mut self) {
        self.0.end_object();
    }
}
