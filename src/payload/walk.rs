//! The slow way out: writes a value by walking it, and knows the place of what cannot be sent.

use js_sys::{Array, JsString, RangeError, Reflect, TypeError, Uint8Array};
use jstp_proto::{decimal, joined};
use wasm_bindgen::prelude::*;

use super::path::Path;
use super::{Sending, base64};

/// Arrays and objects open at the same time (mdsf.md 5).
const DEPTH: usize = 1000;

/// What no server accepts in one message. The core knows the exact limit; this one is for values whose
/// text would not fit into memory, `new Array(1e9)` among them.
const LONGEST: usize = 8 * 1024 * 1024;

#[wasm_bindgen(module = "/src/js/stand-in.js")]
extern "C" {
    #[wasm_bindgen(js_name = standIn, catch)]
    fn stand_in(value: &JsValue, key: &JsValue, honour_to_mdsf: bool) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = kindOf, catch)]
    fn kind_of(value: &JsValue) -> Result<u32, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = JSON, js_name = stringify)]
    fn scalar_text(value: &JsValue) -> JsString;

    /// As `Object.keys` of js-sys, but of a Proxy too, whose traps may throw.
    #[wasm_bindgen(js_namespace = Object, js_name = keys, catch)]
    fn keys_of(value: &JsValue) -> Result<Array, JsValue>;
}

/// What a value is to this writer; the numbers are those of `kindOf`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A string, a boolean, null or a finite number, which JSON writes well.
    Scalar,
    Undefined,
    NonFinite,
    Array,
    Object,
    Bytes,
    BigInt,
    Function,
    Symbol,
}

impl Kind {
    fn of(value: &JsValue) -> Result<Self, JsValue> {
        Ok(match kind_of(value)? {
            0 => Kind::Scalar,
            1 => Kind::Undefined,
            2 => Kind::NonFinite,
            3 => Kind::Array,
            5 => Kind::Bytes,
            6 => Kind::BigInt,
            7 => Kind::Function,
            8 => Kind::Symbol,
            _ => Kind::Object,
        })
    }
}

/// Writes `value` as [`write`](super::write) describes it. Page code runs while it does, and may write
/// values of its own: all state is here.
pub(super) fn write(value: &JsValue, name: &str, sending: &Sending) -> Result<String, JsValue> {
    let mut writer = Writer {
        name,
        sending,
        text: String::new(),
        open: Vec::new(),
    };
    writer.root(value)?;
    while !writer.open.is_empty() {
        writer.step()?;
    }
    // Upstream's native parser takes them for line ends.
    Ok(match writer.text.contains(['\u{2028}', '\u{2029}']) {
        true => writer
            .text
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029"),
        false => writer.text,
    })
}

struct Writer<'a> {
    name: &'a str,
    sending: &'a Sending,
    text: String,
    /// The arrays and objects around the current place, which the last one's position completes.
    open: Vec<Open>,
}

/// An array or object that has been begun.
struct Open {
    container: JsValue,
    /// Of an object.
    keys: Option<Array>,
    len: u32,
    /// How many elements or members have been looked at.
    at: u32,
    empty: bool,
}

impl Writer<'_> {
    fn root(&mut self, value: &JsValue) -> Result<(), JsValue> {
        let value = stand_in(value, &JsValue::from_str(""), self.sending.honour_to_mdsf)?;
        match Kind::of(&value)? {
            Kind::Undefined => self.text.push_str("undefined"),
            kind => self.value(value, kind)?,
        }
        Ok(())
    }

    /// Writes the next element or member of the innermost container, or its end.
    fn step(&mut self) -> Result<(), JsValue> {
        self.check_length(0)?;
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        if open.at == open.len {
            self.text.push(if open.keys.is_some() { '}' } else { ']' });
            self.open.pop();
            return Ok(());
        }
        let index = open.at;
        open.at += 1;
        let last = open.at == open.len;
        match open.keys.clone() {
            None => {
                let value = Reflect::get_u32(&open.container, index)?;
                self.element(&value, index, last)
            }
            Some(keys) => {
                let key = keys.get(index);
                let value = Reflect::get(&open.container, &key)?;
                self.member(&value, &key)
            }
        }
    }

    fn element(&mut self, value: &JsValue, index: u32, last: bool) -> Result<(), JsValue> {
        let value = stand_in(value, &JsValue::from(index), self.sending.honour_to_mdsf)?;
        if index > 0 {
            self.text.push(',');
        }
        match Kind::of(&value)? {
            // An elision. One right before the bracket would be taken for a mere separator (mdsf.md 2.3).
            Kind::Undefined if !last => {}
            Kind::Undefined => self.text.push_str("undefined"),
            kind => self.value(value, kind)?,
        }
        Ok(())
    }

    fn member(&mut self, value: &JsValue, key: &JsValue) -> Result<(), JsValue> {
        let value = stand_in(value, key, self.sending.honour_to_mdsf)?;
        let kind = Kind::of(&value)?;
        if matches!(kind, Kind::Undefined | Kind::Function | Kind::Symbol) {
            return Ok(());
        }
        if let Some(open) = self.open.last_mut()
            && !std::mem::replace(&mut open.empty, false)
        {
            self.text.push(',');
        }
        self.scalar(key)?;
        self.text.push(':');
        self.value(value, kind)
    }

    fn value(&mut self, value: JsValue, kind: Kind) -> Result<(), JsValue> {
        match kind {
            Kind::Scalar => self.scalar(&value),
            Kind::NonFinite if self.sending.allow_non_finite => {
                self.text.push_str(number_word(&value));
                Ok(())
            }
            Kind::NonFinite => Err(self.range_error(&joined(&[
                "is ",
                number_word(&value),
                ", which peers cannot read",
            ]))),
            Kind::Array | Kind::Object => self.begin(value, kind),
            Kind::Bytes => self.bytes(value.unchecked_ref()),
            Kind::BigInt => Err(self.type_error("is a bigint, which cannot be sent")),
            Kind::Function => Err(self.type_error("is a function, which cannot be sent")),
            Kind::Symbol => Err(self.type_error("is a symbol, which cannot be sent")),
            // Whoever may hold undefined has dealt with it.
            Kind::Undefined => Ok(()),
        }
    }

    fn scalar(&mut self, value: &JsValue) -> Result<(), JsValue> {
        let text = scalar_text(value);
        self.check_length(text.length() as usize)?;
        self.text.push_str(&String::from(text));
        Ok(())
    }

    fn bytes(&mut self, bytes: &Uint8Array) -> Result<(), JsValue> {
        self.check_length(base64::length(bytes.length() as usize))?;
        self.text.push('"');
        base64::push(&bytes.to_vec(), &mut self.text);
        self.text.push('"');
        Ok(())
    }

    fn begin(&mut self, container: JsValue, kind: Kind) -> Result<(), JsValue> {
        if let Some(level) = self
            .open
            .iter()
            .position(|open| open.container == container)
        {
            let same = self.place(level);
            return Err(self.type_error(&joined(&[
                "is ",
                &same,
                " again: a cycle cannot be sent",
            ])));
        }
        if self.open.len() == DEPTH {
            return Err(self.range_error(&joined(&[
                "is nested more than ",
                &decimal(DEPTH as i64),
                " levels deep",
            ])));
        }
        let (keys, len) = if kind == Kind::Object {
            let keys = keys_of(&container)?;
            let len = keys.length();
            (Some(keys), len)
        } else {
            // A Proxy may claim any length; what exceeds this does not fit into a message anyway.
            let len = Reflect::get(&container, &JsValue::from_str("length"))?;
            (None, len.as_f64().unwrap_or_default() as u32)
        };
        self.text.push(if keys.is_some() { '{' } else { '[' });
        self.open.push(Open {
            container,
            keys,
            len,
            at: 0,
            empty: true,
        });
        Ok(())
    }

    fn check_length(&self, more: usize) -> Result<(), JsValue> {
        if self.text.len().saturating_add(more) <= LONGEST {
            return Ok(());
        }
        let bytes = LONGEST / (1024 * 1024);
        Err(self.range_error(&joined(&[
            "does not fit: a message holds at most ",
            &decimal(bytes as i64),
            " MiB",
        ])))
    }

    fn sentence(&self, what: &str) -> String {
        joined(&[&self.place(self.open.len()), " ", what])
    }

    fn type_error(&self, what: &str) -> JsValue {
        TypeError::new(&self.sentence(what)).into()
    }

    fn range_error(&self, what: &str) -> JsValue {
        RangeError::new(&self.sentence(what)).into()
    }

    /// The place at `level`: that of the root at 0, the current one within all that is open.
    fn place(&self, level: usize) -> String {
        let mut path = Path::new(self.name);
        for open in self.open.iter().take(level) {
            let index = open.at.saturating_sub(1);
            match &open.keys {
                None => path.index(index),
                Some(keys) => path.member(&keys.get(index).as_string().unwrap_or_default()),
            }
        }
        path.into_string()
    }
}

fn number_word(value: &JsValue) -> &'static str {
    match value.as_f64() {
        Some(number) if number.is_infinite() => {
            if number > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            }
        }
        _ => "NaN",
    }
}
