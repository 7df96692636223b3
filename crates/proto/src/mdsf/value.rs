//! Values in memory, and the [`Visitor`] that builds them.

use std::fmt;

use super::error::ReadError;
use super::key::Key;
use super::number::Number;
use super::object::Object;
use super::read::{Reader, Visitor};
use super::text::Text;

/// What a text stands for, in UTF-8: halves of surrogate pairs have become U+FFFD.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `undefined`; not the same as `null`.
    #[default]
    Undefined,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, NaN and the infinities included.
    Number(f64),
    /// A string.
    String(String),
    /// An array. Its elements may be undefined.
    Array(Vec<Value>),
    /// An object. Its members may be undefined until it is written: that leaves them out.
    Object(Object),
}

impl Value {
    /// The string, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if this is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The elements, if this is an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The members, if this is an object.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<Vec<Value>> for Value {
    fn from(elements: Vec<Value>) -> Self {
        Self::Array(elements)
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

/// Builds a [`Value`] of what it is told.
#[derive(Debug, Default)]
pub struct ValueReader {
    /// The arrays and objects that are open, the outermost first.
    open: Vec<Unfinished>,
    complete: Value,
}

#[derive(Debug)]
enum Unfinished {
    Array(Vec<Value>),
    Object { members: Object, key: String },
}

impl ValueReader {
    /// The value; `undefined` where none was read to its end.
    pub fn finish(self) -> Value {
        self.complete
    }

    fn push(&mut self, value: Value) {
        match self.open.last_mut() {
            None => self.complete = value,
            Some(Unfinished::Array(elements)) => elements.push(value),
            Some(Unfinished::Object { members, key }) => {
                members.insert(std::mem::take(key), value);
            }
        }
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Unfinished::Array(elements)) => self.push(Value::Array(elements)),
            Some(Unfinished::Object { members, .. }) => self.push(Value::Object(members)),
            None => {}
        }
    }
}

impl Visitor for ValueReader {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        reader.walk(self, |_, _, place, _, _| place)
    }

    fn undefined(&mut self) {
        // A member that is undefined does not exist, nor does it remove an earlier one of its name.
        if !matches!(self.open.last(), Some(Unfinished::Object { .. })) {
            self.push(Value::Undefined);
        }
    }

    fn null(&mut self) {
        self.push(Value::Null);
    }

    fn bool(&mut self, value: bool) {
        self.push(Value::Bool(value));
    }

    fn number(&mut self, number: Number<'_>) {
        self.push(Value::Number(number.to_f64()));
    }

    fn string(&mut self, text: Text<'_>) {
        self.push(Value::String(text.to_str().into_owned()));
    }

    fn begin_array(&mut self) {
        self.open.push(Unfinished::Array(Vec::new()));
    }

    fn end_array(&mut self) {
        self.close();
    }

    fn begin_object(&mut self) {
        self.open.push(Unfinished::Object {
            members: Object::new(),
            key: String::new(),
        });
    }

    fn key(&mut self, key: Key<'_>) {
        let name = key.to_name().into_owned();
        if let Some(Unfinished::Object { key, .. }) = self.open.last_mut() {
            *key = name;
        }
    }

    fn end_object(&mut self) {
        self.close();
    }
}

/// A value that serde cannot turn into, or make of, what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    path: String,
    message: String,
}

impl ValueError {
    pub(super) fn new(message: impl fmt::Display) -> Self {
        Self {
            path: String::new(),
            message: message.to_string(),
        }
    }

    /// Notes that this happened inside of the member `key`.
    pub(super) fn in_member(mut self, key: &str) -> Self {
        let mut path = String::new();
        super::write::push_member(key, &mut path);
        self.path.insert_str(0, &path);
        self
    }

    /// Notes that this happened inside of an array's element.
    pub(super) fn in_element(mut self, index: usize) -> Self {
        self.path.insert_str(0, &format!("[{index}]"));
        self
    }

    /// Where in the value: `.users[3].name`, empty for the value itself.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path.strip_prefix('.').unwrap_or(&self.path))?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ValueError {}

impl serde::de::Error for ValueError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message)
    }
}

impl serde::ser::Error for ValueError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message)
    }
}
