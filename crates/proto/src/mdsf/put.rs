//! Anything serde can serialize to text, without a value in between.
//!
//! What cannot be written is an error without a word: [`put`] then goes the long way, which finds the words.

use std::fmt;

use serde::ser::{self, Serialize, Serializer};

use super::handover::{self, Parcel};
use super::raw::RAW;
use super::ser::UNDEFINED;
use super::value::ValueError;
use super::write::{WriteError, WriteOptions, write, write_key, write_string};
use super::{MAX_SAFE_INTEGER, base64, float, to_value};

/// Why something was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutError {
    /// It is no value.
    Value(ValueError),
    /// It is a value that cannot be written.
    Write(WriteError),
}

impl fmt::Display for PutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(error) => error.fmt(f),
            Self::Write(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PutError {}

/// Appends to `out` what [`to_value`] would make of anything serde can serialize, as [`write()`] would write
/// that. Returns whether it is undefined.
///
/// # Errors
/// Names the first place that is no value or cannot be written; `out` is then as it was.
pub fn put<T: Serialize + ?Sized>(
    value: &T,
    out: &mut String,
    options: WriteOptions,
) -> Result<bool, PutError> {
    let start = out.len();
    let put = value.serialize(&mut Putter {
        out,
        options,
        depth: 0,
    });
    put.or_else(|Refusal| {
        out.truncate(start);
        let value = to_value(value).map_err(PutError::Value)?;
        write(&value, out, options).map_err(PutError::Write)?;
        Ok(value == super::Value::Undefined)
    })
}

struct Putter<'o> {
    out: &'o mut String,
    options: WriteOptions,
    depth: u32,
}

/// It cannot be written.
#[derive(Debug)]
struct Refusal;

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it cannot be written")
    }
}

impl std::error::Error for Refusal {}

impl ser::Error for Refusal {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Whether what was written is `undefined`.
type Put = Result<bool, Refusal>;

impl Putter<'_> {
    fn text(&mut self, text: &str) -> Put {
        self.out.push_str(text);
        Ok(false)
    }

    fn integer(&mut self, integer: i128) -> Put {
        let magnitude = integer.unsigned_abs();
        if magnitude > u128::from(MAX_SAFE_INTEGER) {
            return Err(Refusal);
        }
        if integer < 0 {
            self.out.push('-');
        }
        float::write_integer(magnitude as u64, self.out);
        Ok(false)
    }

    fn open(&mut self, text: &str) -> Result<(), Refusal> {
        if self.depth >= self.options.depth {
            return Err(Refusal);
        }
        self.depth += 1;
        self.out.push_str(text);
        Ok(())
    }
}

impl<'p, 'o> Serializer for &'p mut Putter<'o> {
    type Ok = bool;
    type Error = Refusal;
    type SerializeSeq = Elements<'p, 'o>;
    type SerializeTuple = Elements<'p, 'o>;
    type SerializeTupleStruct = Elements<'p, 'o>;
    type SerializeTupleVariant = Elements<'p, 'o>;
    type SerializeMap = Members<'p, 'o>;
    type SerializeStruct = Members<'p, 'o>;
    type SerializeStructVariant = Members<'p, 'o>;

    fn serialize_bool(self, value: bool) -> Put {
        self.text(if value { "true" } else { "false" })
    }

    fn serialize_i8(self, value: i8) -> Put {
        self.integer(value.into())
    }

    fn serialize_i16(self, value: i16) -> Put {
        self.integer(value.into())
    }

    fn serialize_i32(self, value: i32) -> Put {
        self.integer(value.into())
    }

    fn serialize_i64(self, value: i64) -> Put {
        self.integer(value.into())
    }

    fn serialize_i128(self, value: i128) -> Put {
        self.integer(value)
    }

    fn serialize_u8(self, value: u8) -> Put {
        self.integer(value.into())
    }

    fn serialize_u16(self, value: u16) -> Put {
        self.integer(value.into())
    }

    fn serialize_u32(self, value: u32) -> Put {
        self.integer(value.into())
    }

    fn serialize_u64(self, value: u64) -> Put {
        self.integer(value.into())
    }

    fn serialize_u128(self, value: u128) -> Put {
        self.integer(i128::try_from(value).unwrap_or(i128::MAX))
    }

    fn serialize_f32(self, value: f32) -> Put {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Put {
        if !value.is_finite() && !self.options.non_finite {
            return Err(Refusal);
        }
        float::write(value, self.out);
        Ok(false)
    }

    fn serialize_char(self, value: char) -> Put {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Put {
        write_string(value, self.out);
        Ok(false)
    }

    fn serialize_bytes(self, value: &[u8]) -> Put {
        self.serialize_str(&base64::encode(value))
    }

    fn serialize_none(self) -> Put {
        self.text("null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Put {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Put {
        self.text("null")
    }

    fn serialize_unit_struct(self, name: &'static str) -> Put {
        if name != UNDEFINED {
            return self.text("null");
        }
        self.out.push_str("undefined");
        Ok(true)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Put {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Put {
        if name != RAW {
            return value.serialize(self);
        }
        let at = self.out.len();
        handover::ask();
        value.serialize(&mut *self)?;
        let Some(Parcel::Raw(raw)) = handover::take() else {
            return Err(Refusal);
        };
        self.out.truncate(at);
        // The value may still be less deep than that: the long way finds out.
        if raw.facts().depth > self.options.depth - self.depth {
            return Err(Refusal);
        }
        let (text, is_finite) = raw.portable();
        if !is_finite && !self.options.non_finite {
            return Err(Refusal);
        }
        // With what closes the message around it: a large text is not to be moved for that.
        self.out.reserve(text.len() + 8);
        self.out.push_str(&text);
        Ok(text == "undefined")
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Put {
        let mut members = self.serialize_map(None)?;
        members.push(name, value)?;
        members.finish()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Elements<'p, 'o>, Refusal> {
        self.open("[")?;
        Ok(Elements {
            putter: self,
            count: 0,
            undefined_at: None,
            of_variant: false,
        })
    }

    fn serialize_tuple(self, len: usize) -> Result<Elements<'p, 'o>, Refusal> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        len: usize,
    ) -> Result<Elements<'p, 'o>, Refusal> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Elements<'p, 'o>, Refusal> {
        self.open("{")?;
        write_key(variant, self.out);
        self.out.push(':');
        let elements = self.serialize_seq(Some(len))?;
        Ok(Elements {
            of_variant: true,
            ..elements
        })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members<'p, 'o>, Refusal> {
        self.open("{")?;
        Ok(Members {
            putter: self,
            is_first: true,
            key: String::new(),
            of_variant: false,
        })
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Members<'p, 'o>, Refusal> {
        self.serialize_map(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Members<'p, 'o>, Refusal> {
        self.open("{")?;
        write_key(variant, self.out);
        self.out.push(':');
        let members = self.serialize_map(Some(len))?;
        Ok(Members {
            of_variant: true,
            ..members
        })
    }
}

/// An array in the making, perhaps the content of an enum's variant.
struct Elements<'p, 'o> {
    putter: &'p mut Putter<'o>,
    count: usize,
    /// Where the last element stands, if it is undefined.
    undefined_at: Option<usize>,
    of_variant: bool,
}

impl Elements<'_, '_> {
    fn push<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<(), Refusal> {
        // Only the last needs the word (Q39).
        if let Some(at) = self.undefined_at.take() {
            self.putter.out.truncate(at);
        }
        if self.count > 0 {
            self.putter.out.push(',');
        }
        self.count += 1;
        let at = self.putter.out.len();
        let is_undefined = element.serialize(&mut *self.putter)?;
        self.undefined_at = is_undefined.then_some(at);
        Ok(())
    }

    fn finish(self) -> Put {
        self.putter.out.push(']');
        self.putter.depth -= 1;
        if self.of_variant {
            self.putter.out.push('}');
            self.putter.depth -= 1;
        }
        Ok(false)
    }
}

/// An object in the making, perhaps the content of an enum's variant.
struct Members<'p, 'o> {
    putter: &'p mut Putter<'o>,
    is_first: bool,
    /// The key of a map whose value follows.
    key: String,
    of_variant: bool,
}

impl Members<'_, '_> {
    #[inline]
    fn push<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Refusal> {
        let start = self.putter.out.len();
        if !self.is_first {
            self.putter.out.push(',');
        }
        write_key(key, self.putter.out);
        self.putter.out.push(':');
        // A member that is undefined does not exist.
        match value.serialize(&mut *self.putter)? {
            true => self.putter.out.truncate(start),
            false => self.is_first = false,
        }
        Ok(())
    }

    fn finish(self) -> Put {
        self.putter.out.push('}');
        self.putter.depth -= 1;
        if self.of_variant {
            self.putter.out.push('}');
            self.putter.depth -= 1;
        }
        Ok(false)
    }
}

macro_rules! elements {
    ($($trait:ident $name:ident)*) => {$(
        impl ser::$trait for Elements<'_, '_> {
            type Ok = bool;
            type Error = Refusal;

            fn $name<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
                self.push(value)
            }

            fn end(self) -> Put {
                self.finish()
            }
        }
    )*};
}

elements! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! members {
    ($($trait:ident)*) => {$(
        impl ser::$trait for Members<'_, '_> {
            type Ok = bool;
            type Error = Refusal;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Refusal> {
                self.push(key, value)
            }

            fn end(self) -> Put {
                self.finish()
            }
        }
    )*};
}

members! { SerializeStruct SerializeStructVariant }

impl ser::SerializeMap for Members<'_, '_> {
    type Ok = bool;
    type Error = Refusal;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refusal> {
        self.key = super::ser::name_of(key).map_err(|_| Refusal)?.into();
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        let key = std::mem::take(&mut self.key);
        self.push(&key, value)
    }

    fn end(self) -> Put {
        self.finish()
    }
}
