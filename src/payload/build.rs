//! Builds a value piece by piece: undefined in arrays, NaN and the infinities have no JSON text.

use js_sys::{Array, Error, JSON, Object};
use jstp_proto::mdsf::{self, Key, Number, Text, Visitor};
use wasm_bindgen::prelude::*;

use super::read::UNLIMITED;

#[wasm_bindgen(module = "/src/js/pieces.js")]
extern "C" {
    #[wasm_bindgen(js_name = numberOf)]
    fn number_of(token: &str) -> f64;

    #[wasm_bindgen(js_name = addMember)]
    fn add_member(object: &Object, key: &JsValue, value: &JsValue);
}

/// The value of a text that has been read before.
pub(super) fn value(text: &str) -> Result<JsValue, JsValue> {
    let mut builder = Builder::default();
    match mdsf::read(text, UNLIMITED, &mut builder) {
        Ok(()) => Ok(builder.value),
        Err(error) => Err(Error::new(&error.sentence()).into()),
    }
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    /// The value that was completed last.
    value: JsValue,
}

enum Open {
    Array(Array),
    /// With the key of the member that is being read.
    Object(Object, JsValue),
}

impl Builder {
    fn add(&mut self, value: JsValue) {
        match self.open.last() {
            Some(Open::Array(array)) => {
                array.push(&value);
            }
            Some(Open::Object(object, key)) => add_member(object, key, &value),
            None => self.value = value,
        }
    }

    fn end(&mut self) {
        match self.open.pop() {
            Some(Open::Array(array)) => self.add(array.into()),
            Some(Open::Object(object, _)) => self.add(object.into()),
            None => {}
        }
    }
}

impl Visitor for Builder {
    fn undefined(&mut self) {
        // A member without a value does not exist.
        if !matches!(self.open.last(), Some(Open::Object(..))) {
            self.add(JsValue::UNDEFINED);
        }
    }

    fn null(&mut self) {
        self.add(JsValue::NULL);
    }

    fn bool(&mut self, value: bool) {
        self.add(JsValue::from_bool(value));
    }

    fn number(&mut self, number: Number<'_>) {
        self.add(JsValue::from_f64(to_f64(number)));
    }

    fn string(&mut self, text: Text<'_>) {
        self.add(string(text));
    }

    fn begin_array(&mut self) {
        self.open.push(Open::Array(Array::new()));
    }

    fn end_array(&mut self) {
        self.end();
    }

    fn begin_object(&mut self) {
        self.open
            .push(Open::Object(Object::new(), JsValue::UNDEFINED));
    }

    fn key(&mut self, key: Key<'_>) {
        let key = match key {
            Key::Text(text) | Key::Name(text) => string(text),
            // A number becomes the text of its value when it becomes a property name.
            Key::Number(number) => JsValue::from_f64(to_f64(number)),
        };
        if let Some(Open::Object(_, slot)) = self.open.last_mut() {
            *slot = key;
        }
    }

    fn end_object(&mut self) {
        self.end();
    }
}

/// The engine reads floats; a parser of our own would weigh as much as the whole reader.
fn to_f64(number: Number<'_>) -> f64 {
    match number.as_integer() {
        Some(integer) => integer as f64,
        None => number_of(number.raw()),
    }
}

fn string(text: Text<'_>) -> JsValue {
    if let Some(plain) = text.as_plain() {
        return JsValue::from_str(plain);
    }
    // JSON's escapes can say half a surrogate pair, which a Rust string cannot.
    let mut json = String::new();
    text.write_json(&mut json);
    JSON::parse(&json).unwrap_or_default()
}
