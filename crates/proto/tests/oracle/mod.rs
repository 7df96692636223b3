//! JSON as `JSON.parse` reads it, by serde_json, to compare with.

use std::fmt;

use jstp_proto::mdsf::{Limits, Object, Value, WriteOptions, read_value, write};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// The value of JSON text: the last of members with the same key counts, in the first one's place. Halves of
/// surrogate pairs, which `JSON.parse` keeps, become U+FFFD as they do in a [`Value`].
pub(crate) fn parse_json(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str::<Json>(&without_lone_surrogates(text)).map(|json| json.0)
}

/// The value of an MDSF text by way of marked JSON, undone as a page does it. `None` where that has a
/// number that `JSON.parse` makes an infinity of, and serde_json refuses.
pub(crate) fn read_marked(text: &str) -> Option<Value> {
    let mut json = jstp_proto::mdsf::Json::default();
    json.mark();
    jstp_proto::mdsf::read(text, Limits::default(), &mut json).unwrap();
    match parse_json(json.text()) {
        Ok(value) => Some(unmark(value)),
        Err(error) => {
            assert!(error.to_string().contains("number out of range"), "{error}");
            None
        }
    }
}

fn unmark(value: Value) -> Value {
    match value {
        Value::String(text) => match text.split_at(1) {
            ("u", "") => Value::Undefined,
            ("s", text) => text.into(),
            ("n", token) => read_value(token, Limits::default()).unwrap(),
            _ => panic!("no mark: {text}"),
        },
        Value::Array(elements) => elements.into_iter().map(unmark).collect::<Vec<_>>().into(),
        Value::Object(object) => {
            let [(_, members)]: [_; 1] = object.into_iter().collect::<Vec<_>>().try_into().unwrap();
            let mut unmarked = Object::new();
            for pair in members.as_array().unwrap().chunks(2) {
                let key = match unmark(pair[0].clone()) {
                    Value::String(key) => key,
                    number => key_of(&number),
                };
                unmarked.insert(key, unmark(pair[1].clone()));
            }
            Value::Object(unmarked)
        }
        value => value,
    }
}

fn key_of(number: &Value) -> String {
    let mut key = String::new();
    let options = WriteOptions {
        non_finite: true,
        ..WriteOptions::default()
    };
    write(number, &mut key, options).unwrap();
    key
}

/// Whether the two are the same to the bit, NaN being the same as NaN, in the same order of members.
pub(crate) fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one.to_bits() == other.to_bits() || (one.is_nan() && other.is_nan())
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| one.0 == other.0 && is_same(one.1, other.1))
        }
        _ => one == other,
    }
}

struct Json(Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Json;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Json, E> {
                Ok(Json(Value::Null))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
                Ok(Json(Value::Bool(value)))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
                Ok(Json(Value::Number(number as f64)))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
                Ok(Json(Value::Number(number as f64)))
            }

            fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
                Ok(Json(Value::Number(number)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Json, E> {
                Ok(Json(text.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
                let mut elements = Vec::new();
                while let Some(Json(element)) = seq.next_element()? {
                    elements.push(element);
                }
                Ok(Json(Value::Array(elements)))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
                let mut members = Object::new();
                while let Some((key, Json(value))) = map.next_entry::<String, Json>()? {
                    members.insert(key, value);
                }
                Ok(Json(Value::Object(members)))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

/// Replaces escaped halves of surrogate pairs, which serde_json refuses.
fn without_lone_surrogates(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let length = match (unit(escape), escape.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                out.push_str("\\ufffd");
                rest = &escape[6..];
                continue;
            }
            _ => 2,
        };
        out.push_str(&escape[..length]);
        rest = &escape[length..];
    }
    out + rest
}

/// The UTF-16 unit that `text` begins with as an escape.
fn unit(text: &str) -> Option<u16> {
    u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}
