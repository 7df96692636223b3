//! Anything serde can serialize to a [`Value`], and a [`Value`] to anything serde can write.

use serde::ser::{self, Serialize, SerializeMap as _, Serializer};

use smol_str::SmolStr;

use super::object::Object;
use super::value::{Value, ValueError};
use super::{MAX_SAFE_INTEGER, base64, float};

/// The unit struct that stands for `undefined` between [`Value`] and [`ValueSerializer`]; elsewhere it is
/// written like any unit, usually as null.
pub(super) const UNDEFINED: &str = "jstp_proto::mdsf::Value::Undefined";

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Undefined => serializer.serialize_unit_struct(UNDEFINED),
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => match float::safe_integer(*number) {
                Some(integer) => serializer.serialize_i64(integer),
                None => serializer.serialize_f64(*number),
            },
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(elements) => serializer.collect_seq(elements),
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

/// Members that are undefined are left out.
impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let defined = || self.iter().filter(|(_, value)| **value != Value::Undefined);
        let mut map = serializer.serialize_map(Some(defined().count()))?;
        for (key, value) in defined() {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// Makes a [`Value`] of what it is told to serialize.
pub(super) struct ValueSerializer;

fn integer(integer: i128) -> Result<Value, ValueError> {
    if integer.unsigned_abs() > u128::from(MAX_SAFE_INTEGER) {
        return Err(ValueError::new(format_args!(
            "{integer} is beyond 2^53 - 1, where numbers are no longer exact"
        )));
    }
    Ok(Value::Number(integer as f64))
}

fn variant(name: &'static str, content: Value) -> Value {
    Value::Object(Object::from_iter([(name, content)]))
}

impl Serializer for ValueSerializer {
    type Ok = Value;
    type Error = ValueError;
    type SerializeSeq = Elements;
    type SerializeTuple = Elements;
    type SerializeTupleStruct = Elements;
    type SerializeTupleVariant = Elements;
    type SerializeMap = Members;
    type SerializeStruct = Members;
    type SerializeStructVariant = Members;

    fn serialize_bool(self, value: bool) -> Result<Value, ValueError> {
        Ok(Value::Bool(value))
    }

    fn serialize_i8(self, value: i8) -> Result<Value, ValueError> {
        integer(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<Value, ValueError> {
        integer(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<Value, ValueError> {
        integer(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<Value, ValueError> {
        integer(value.into())
    }

    fn serialize_i128(self, value: i128) -> Result<Value, ValueError> {
        integer(value)
    }

    fn serialize_u8(self, value: u8) -> Result<Value, ValueError> {
        integer(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<Value, ValueError> {
        integer(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<Value, ValueError> {
        integer(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<Value, ValueError> {
        integer(value.into())
    }

    fn serialize_u128(self, value: u128) -> Result<Value, ValueError> {
        // What does not fit is refused for its size all the same.
        integer(i128::try_from(value).unwrap_or(i128::MAX))
    }

    fn serialize_f32(self, value: f32) -> Result<Value, ValueError> {
        Ok(Value::Number(value.into()))
    }

    fn serialize_f64(self, value: f64) -> Result<Value, ValueError> {
        Ok(Value::Number(value))
    }

    fn serialize_char(self, value: char) -> Result<Value, ValueError> {
        Ok(Value::String(value.to_string()))
    }

    fn serialize_str(self, value: &str) -> Result<Value, ValueError> {
        Ok(value.into())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Value, ValueError> {
        Ok(Value::String(base64::encode(value)))
    }

    fn serialize_none(self) -> Result<Value, ValueError> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, ValueError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, ValueError> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<Value, ValueError> {
        Ok(if name == UNDEFINED {
            Value::Undefined
        } else {
            Value::Null
        })
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Value, ValueError> {
        Ok(variant.into())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Value, ValueError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<Value, ValueError> {
        let content = value
            .serialize(self)
            .map_err(|error| error.in_member(name))?;
        Ok(variant(name, content))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Elements, ValueError> {
        // The length is a hint of whoever serializes, so it buys no more than a modest advance.
        let elements = Vec::with_capacity(len.unwrap_or_default().min(1024));
        Ok(Elements {
            elements,
            variant: None,
        })
    }

    fn serialize_tuple(self, len: usize) -> Result<Elements, ValueError> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Elements, ValueError> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Elements, ValueError> {
        let elements = self.serialize_seq(Some(len))?;
        Ok(Elements {
            variant: Some(variant),
            ..elements
        })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members, ValueError> {
        Ok(Members {
            members: Object::new(),
            key: SmolStr::default(),
            variant: None,
        })
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Members, ValueError> {
        self.serialize_map(Some(len))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Members, ValueError> {
        let members = self.serialize_map(Some(len))?;
        Ok(Members {
            variant: Some(variant),
            ..members
        })
    }
}

/// An array in the making, perhaps the content of an enum's variant.
pub(super) struct Elements {
    elements: Vec<Value>,
    variant: Option<&'static str>,
}

impl Elements {
    fn push<T: Serialize + ?Sized>(&mut self, element: &T) -> Result<(), ValueError> {
        let index = self.elements.len();
        let element = element.serialize(ValueSerializer).map_err(|error| {
            let error = error.in_element(index);
            match self.variant {
                Some(variant) => error.in_member(variant),
                None => error,
            }
        })?;
        self.elements.push(element);
        Ok(())
    }

    fn finish(self) -> Value {
        let array = Value::Array(self.elements);
        match self.variant {
            Some(name) => variant(name, array),
            None => array,
        }
    }
}

impl ser::SerializeSeq for Elements {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.push(value)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(self.finish())
    }
}

impl ser::SerializeTuple for Elements {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.push(value)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(self.finish())
    }
}

impl ser::SerializeTupleStruct for Elements {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.push(value)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(self.finish())
    }
}

impl ser::SerializeTupleVariant for Elements {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        self.push(value)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(self.finish())
    }
}

/// The name under which a map's key is a member's.
pub(super) fn name_of<T: Serialize + ?Sized>(key: &T) -> Result<SmolStr, ValueError> {
    Ok(match key.serialize(ValueSerializer)? {
        Value::String(text) => text.into(),
        Value::Bool(true) => SmolStr::new_static("true"),
        Value::Bool(false) => SmolStr::new_static("false"),
        Value::Number(number) => {
            let mut name = String::new();
            float::write(number, &mut name);
            name.into()
        }
        _ => return Err(ValueError::new("a map's key is neither text nor a number")),
    })
}

/// An object in the making, perhaps the content of an enum's variant.
pub(super) struct Members {
    members: Object,
    key: SmolStr,
    variant: Option<&'static str>,
}

impl Members {
    fn push<T: Serialize + ?Sized>(&mut self, key: SmolStr, value: &T) -> Result<(), ValueError> {
        let value = value.serialize(ValueSerializer).map_err(|error| {
            let error = error.in_member(&key);
            match self.variant {
                Some(variant) => error.in_member(variant),
                None => error,
            }
        })?;
        if value != Value::Undefined {
            self.members.insert_member(key, value);
        }
        Ok(())
    }

    fn finish(self) -> Value {
        let object = Value::Object(self.members);
        match self.variant {
            Some(name) => variant(name, object),
            None => object,
        }
    }
}

impl ser::SerializeMap for Members {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ValueError> {
        self.key = name_of(key)?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ValueError> {
        let key = std::mem::take(&mut self.key);
        self.push(key, value)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(self.finish())
    }
}

impl ser::SerializeStruct for Members {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), ValueError> {
        self.push(SmolStr::new_static(key), value)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(self.finish())
    }
}

impl ser::SerializeStructVariant for Members {
    type Ok = Value;
    type Error = ValueError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), ValueError> {
        self.push(SmolStr::new_static(key), value)
    }

    fn end(self) -> Result<Value, ValueError> {
        Ok(self.finish())
    }
}
