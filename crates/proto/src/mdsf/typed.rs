//! The text of a value to anything serde can deserialize, without a value in between.
//!
//! The text has been read over before, so its grammar is beyond doubt here. What does not fit, and what a
//! [`Value`](super::Value) would put right first, is an error without a word: [`RawValue::to`] then goes the long
//! way, which finds the words.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::blank::skip;
use super::de::{MAX_TYPED_DEPTH, Name, VALUE};
use super::handover::{self, Parcel};
use super::key::{Key, member};
use super::number::{self, Number};
use super::raw::{NO_LIMITS, RAW, RawValue};
use super::read::Reader;
use super::scan::{Count, Facts, Scan};
use super::text;
use super::value::{Value, ValueReader};
use super::{base64, float};

/// A place in the text of a value.
pub(super) struct Cursor<'de> {
    raw: &'de RawValue,
    text: &'de str,
    at: usize,
    /// Where the last element of an array without blanks begins, if that is the whole value: it is known where
    /// that element ends.
    last: Option<usize>,
    /// How many arrays and objects are being made types of.
    depth: u32,
}

/// It does not fit, or not as it stands.
#[derive(Debug)]
pub(super) struct Misfit;

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it does not fit")
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de> Cursor<'de> {
    pub(super) fn new(raw: &'de RawValue) -> Self {
        Self {
            raw,
            text: raw.text(),
            at: 0,
            last: None,
            depth: 0,
        }
    }

    /// Whether it was for its depth that the value did not fit.
    pub(super) fn is_too_deep(&self) -> bool {
        self.depth > MAX_TYPED_DEPTH
    }

    /// Begins an array or an object.
    fn open(&mut self) -> Result<(), Misfit> {
        self.at += 1;
        self.depth += 1;
        match self.is_too_deep() {
            true => Err(Misfit),
            false => Ok(()),
        }
    }

    /// Skips blanks and comments; returns the byte after them.
    #[inline(always)]
    fn peek(&mut self) -> Result<u8, Misfit> {
        if let Some(&byte) = self.text.as_bytes().get(self.at)
            && byte > b' '
            && byte < 0x80
            && byte != b'/'
        {
            return Ok(byte);
        }
        self.at = skip(self.text, self.at).map_err(|_| Misfit)?;
        self.text.as_bytes().get(self.at).copied().ok_or(Misfit)
    }

    /// Consumes a word, if it stands here.
    fn eat(&mut self, word: &str) -> bool {
        let is_here = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        if is_here {
            self.at += word.len();
        }
        is_here
    }

    #[inline]
    fn string(&mut self, quote: u8) -> Result<Cow<'de, str>, Misfit> {
        let start = self.at + 1;
        let read = match quote {
            b'\'' => text::read(self.text, start, b'\''),
            _ => text::read(self.text, start, b'"'),
        };
        let (content, end) = read.map_err(|_| Misfit)?;
        self.at = end + 1;
        Ok(content
            .as_plain()
            .map_or_else(|| content.to_str(), Cow::Borrowed))
    }

    /// The number that stands here, if one does.
    #[inline(always)]
    fn number(&mut self) -> Result<Option<Number<'de>>, Misfit> {
        if !matches!(self.peek()?, b'0'..=b'9' | b'-' | b'+' | b'.' | b'N' | b'I') {
            return Ok(None);
        }
        let (number, end) = number::read(self.text, self.at).map_err(|_| Misfit)?;
        self.at = end;
        Ok(Some(number))
    }

    /// Passes over the value that stands here, and says what is known of it.
    fn scan(&mut self) -> Result<(usize, Facts), Misfit> {
        self.peek()?;
        let rest = &self.text[self.at..];
        let mut reader = Reader::new(rest, NO_LIMITS);
        let mut scan = Scan::default();
        reader.value(&mut scan).map_err(|_| Misfit)?;
        let (start, length) = (self.at, reader.position());
        self.at += length;
        Ok((start, scan.facts(&rest[..length])))
    }

    fn value(&mut self) -> Result<Value, Misfit> {
        let mut reader = Reader::new(&self.text[self.at..], NO_LIMITS);
        let mut visitor = ValueReader::default();
        reader.value(&mut visitor).map_err(|_| Misfit)?;
        self.at += reader.position();
        Ok(visitor.finish())
    }

    fn part(&mut self) -> Result<RawValue, Misfit> {
        if self.at == 0 {
            self.at = self.text.len();
            return Ok(self.raw.clone());
        }
        self.peek()?;
        let (start, facts) = match self.last {
            Some(last) if last == self.at => {
                self.at = self.text.len() - 1;
                let facts = self.raw.facts();
                (
                    last,
                    Facts {
                        count: Count::Unknown,
                        // At most: another element may be the deepest.
                        depth: facts.depth - 1,
                        ..facts
                    },
                )
            }
            _ => self.scan()?,
        };
        Ok(self.raw.part(start, self.at, facts))
    }
}

/// Integers as a visitor expects them, whatever number says them.
fn visit_number<'de, V: Visitor<'de>>(number: Number<'_>, visitor: V) -> Result<V::Value, Misfit> {
    let integer = number
        .as_integer()
        .or_else(|| float::safe_integer(number.to_f64()));
    match integer {
        Some(integer) => match u64::try_from(integer) {
            Ok(unsigned) => visitor.visit_u64(unsigned),
            Err(_) => visitor.visit_i64(integer),
        },
        None => visitor.visit_f64(number.to_f64()),
    }
}

macro_rules! deserialize_integers {
    ($($name:ident)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            match self.number()? {
                // The sign of a zero is not an integer's business.
                Some(number) if number.as_integer().is_none() && number.to_f64() == 0.0 => {
                    visitor.visit_u64(0)
                }
                Some(number) => visit_number(number, visitor),
                None => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Cursor<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.peek()? {
            quote @ (b'\'' | b'"') => match self.string(quote)? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            b'[' => {
                let left = match self.raw.facts() {
                    Facts {
                        count: Count::Elements(elements),
                        is_portable: true,
                        ..
                    } if self.at == 0 => Some(elements),
                    _ => None,
                };
                self.open()?;
                let mut elements = Elements {
                    cursor: self,
                    is_over: false,
                    left,
                };
                let value = visitor.visit_seq(&mut elements)?;
                if !elements.is_over && !elements.has_ended()? {
                    return Err(Misfit);
                }
                self.depth -= 1;
                Ok(value)
            }
            b'{' => {
                self.open()?;
                let mut members = Members {
                    cursor: self,
                    is_over: false,
                };
                let value = visitor.visit_map(&mut members)?;
                if !members.is_over && members.next()?.is_some() {
                    return Err(Misfit);
                }
                self.depth -= 1;
                Ok(value)
            }
            b't' if self.eat("true") => visitor.visit_bool(true),
            b'f' if self.eat("false") => visitor.visit_bool(false),
            b'n' if self.eat("null") => visitor.visit_unit(),
            b'u' if self.eat("undefined") => visitor.visit_unit(),
            _ => match self.number()? {
                Some(number) => visit_number(number, visitor),
                None => Err(Misfit),
            },
        }
    }

    deserialize_integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.number()? {
            Some(number) => visitor.visit_f64(number.to_f64()),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_byte_buf(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.peek()? {
            quote @ (b'\'' | b'"') => {
                let text = self.string(quote)?;
                visitor.visit_byte_buf(base64::decode(&text).ok_or(Misfit)?)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.peek()? {
            b'n' if self.eat("null") => visitor.visit_none(),
            b'u' if self.eat("undefined") => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let parcel = match name {
            VALUE => Parcel::Value(self.value()?),
            RAW => Parcel::Raw(self.part()?),
            _ => return visitor.visit_newtype_struct(self),
        };
        handover::leave(parcel);
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.peek()? {
            quote @ (b'\'' | b'"') => {
                let name = self.string(quote)?;
                visitor.visit_enum(StrDeserializer::new(&name))
            }
            b'{' => {
                self.open()?;
                let mut members = Members {
                    cursor: self,
                    is_over: false,
                };
                let name = members.next()?.ok_or(Misfit)?;
                let value = visitor.visit_enum(Variant {
                    cursor: members.cursor,
                    name,
                })?;
                members.separator()?;
                if members.next()?.is_some() {
                    return Err(Misfit);
                }
                self.depth -= 1;
                Ok(value)
            }
            _ => Err(Misfit),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        self.scan()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool char str string unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

struct Elements<'c, 'de> {
    cursor: &'c mut Cursor<'de>,
    is_over: bool,
    /// How many there are, where that is known.
    left: Option<u32>,
}

impl Elements<'_, '_> {
    /// Consumes the closing bracket, if it comes next.
    fn has_ended(&mut self) -> Result<bool, Misfit> {
        let ends = self.cursor.peek()? == b']';
        if ends {
            self.cursor.at += 1;
            self.is_over = true;
        }
        Ok(ends)
    }
}

impl<'de> SeqAccess<'de> for &mut Elements<'_, 'de> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        if self.is_over || self.has_ended()? {
            return Ok(None);
        }
        if self.cursor.peek()? == b',' {
            // Nothing before a comma is undefined.
            self.cursor.at += 1;
            let element = seed.deserialize(Value::Undefined).map_err(|_| Misfit)?;
            return Ok(Some(element));
        }
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
            self.cursor.last = (*left == 0).then_some(self.cursor.at);
        }
        let element = seed.deserialize(&mut *self.cursor)?;
        if self.cursor.peek()? == b',' {
            self.cursor.at += 1;
        }
        Ok(Some(element))
    }

    fn size_hint(&self) -> Option<usize> {
        self.left.map(|left| left as usize)
    }
}

struct Members<'c, 'de> {
    cursor: &'c mut Cursor<'de>,
    is_over: bool,
}

impl<'de> Members<'_, 'de> {
    /// Reads the key of the next member that is there, or the closing brace.
    #[inline(always)]
    fn next(&mut self) -> Result<Option<Cow<'de, str>>, Misfit> {
        loop {
            let (key, end) = member(self.cursor.text, self.cursor.at).map_err(|_| Misfit)?;
            self.cursor.at = end;
            let Some(key) = key else {
                self.is_over = true;
                return Ok(None);
            };
            // A member that is undefined does not exist.
            if self.cursor.peek()? != b'u' || !self.cursor.eat("undefined") {
                return Ok(Some(match &key {
                    Key::Name(name) if name.is_plain() => name.raw().into(),
                    _ => key.to_name(),
                }));
            }
            self.separator()?;
        }
    }

    /// Consumes the comma after a value, if there is one.
    #[inline(always)]
    fn separator(&mut self) -> Result<(), Misfit> {
        if self.cursor.peek()? == b',' {
            self.cursor.at += 1;
        }
        Ok(())
    }
}

impl<'de> MapAccess<'de> for &mut Members<'_, 'de> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        if self.is_over {
            return Ok(None);
        }
        match self.next()? {
            Some(name) => seed.deserialize(Name::new(&name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        let value = seed.deserialize(&mut *self.cursor)?;
        self.separator()?;
        Ok(value)
    }
}

struct Variant<'c, 'de> {
    cursor: &'c mut Cursor<'de>,
    name: Cow<'de, str>,
}

impl<'c, 'de> EnumAccess<'de> for Variant<'c, 'de> {
    type Error = Misfit;
    type Variant = &'c mut Cursor<'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), Misfit> {
        let name = StrDeserializer::<Misfit>::new(&self.name);
        Ok((seed.deserialize(name)?, self.cursor))
    }
}

impl<'de> VariantAccess<'de> for &mut Cursor<'de> {
    type Error = Misfit;

    fn unit_variant(self) -> Result<(), Misfit> {
        self.peek()?;
        match self.eat("null") {
            true => Ok(()),
            false => Err(Misfit),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Misfit> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Misfit> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_any(visitor)
    }
}
