//! Values in memory, and the [`Visitor`] that builds them.

use std::fmt;

use smol_str::SmolStr;

use super::error::ReadError;
use super::key::Key;
use super::number::Number;
use super::object::{self, Member, Object};
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
///
/// What is complete waits on two stacks until what it stands in is complete as well, which then takes exactly
/// the memory that it needs.
#[derive(Debug, Default)]
pub struct ValueReader {
    /// The arrays and objects that are open, the outermost first.
    open: Vec<Unfinished>,
    /// The elements of all arrays that are open.
    elements: Vec<Value>,
    /// The members of all objects that are open, those with many excepted.
    members: Vec<Member>,
    complete: Value,
}

#[derive(Debug)]
enum Unfinished {
    /// Its elements begin here.
    Array(usize),
    Object {
        /// Its members begin here.
        start: usize,
        /// All its members, once there are many.
        many: Option<Box<Object>>,
        key: SmolStr,
    },
}

impl ValueReader {
    /// The value; `undefined` where none was read to its end.
    pub fn finish(self) -> Value {
        self.complete
    }

    #[inline]
    fn push(&mut self, value: Value) {
        match self.open.last_mut() {
            None => self.complete = value,
            Some(Unfinished::Array(_)) => self.elements.push(value),
            Some(Unfinished::Object { start, many, key }) => {
                let key = std::mem::take(key);
                if let Some(many) = many {
                    many.insert_member(key, value);
                    return;
                }
                if let Some(old) = object::find_mut(&mut self.members[*start..], &key) {
                    *old = value;
                    return;
                }
                self.members.push((key, value));
                if self.members.len() - *start > object::FEW {
                    *many = Some(Box::new(Object::of(self.members.split_off(*start))));
                }
            }
        }
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Unfinished::Array(start)) => {
                let elements = self.elements.split_off(start);
                self.push(Value::Array(elements));
            }
            Some(Unfinished::Object { start, many, .. }) => {
                let object = match many {
                    Some(many) => *many,
                    None => Object::of(self.members.split_off(start)),
                };
                self.push(Value::Object(object));
            }
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
        self.open.push(Unfinished::Array(self.elements.len()));
    }

    fn end_array(&mut self) {
        self.close();
    }

    fn begin_object(&mut self) {
        self.open.push(Unfinished::Object {
            start: self.members.len(),
            many: None,
            key: SmolStr::default(),
        });
    }

    fn key(&mut self, key: Key<'_>) {
        if let Some(Unfinished::Object { key: last, .. }) = self.open.last_mut() {
            *last = SmolStr::new(key.to_name());
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
