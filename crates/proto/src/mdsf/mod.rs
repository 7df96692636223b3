//! MDSF, the value syntax of JSTP messages: JSON5 with `undefined`, array elisions and the number and
//! code point forms of ES2015.
//!
//! Reading is one pass over the text that tells a [`Visitor`] what it finds. [`ValueReader`] builds a
//! [`Value`], [`Json`] writes the same value as JSON text for an engine's own `JSON.parse`, and [`Scan`] keeps
//! nothing but what a [`RawValue`] is, a text of which types can be made directly.

mod base64;
mod blank;
#[cfg(target_arch = "x86_64")]
mod blocks;
mod de;
mod error;
mod float;
mod handover;
mod identifier;
mod json;
mod key;
#[cfg(target_arch = "x86_64")]
mod masks;
mod number;
mod object;
mod put;
mod raw;
mod read;
mod scalar;
mod scan;
mod ser;
mod text;
mod typed;
mod value;
mod write;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use error::{Fault, ReadError, ReadErrorKind};
pub use json::Json;
pub use key::Key;
pub use number::Number;
pub use object::{IntoIter, Iter, Object};
pub use put::{PutError, put};
pub use raw::{Document, RawValue};
pub use read::{Reader, Visitor};
pub(crate) use scalar::{Scalar, scalar};
pub use scan::Scan;
pub use text::Text;
pub use value::{Value, ValueError, ValueReader};
pub use write::{
    WriteError, WriteErrorKind, WriteOptions, write, write_array, write_key, write_string,
};

/// The largest integer below which every integer is a number of its own: 2^53 − 1.
pub(crate) const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// How deep and how many values a text may hold (mdsf.md 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Arrays and objects open at the same time. [`Value`]s are dropped and compared recursively, so a
    /// program that raises this far beyond the default needs the stack for it.
    pub depth: u32,
    /// Values, array elisions included: one byte of text can make one value.
    pub values: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 1000,
            values: 1_048_576,
        }
    }
}

/// Reads a whole document and tells `visitor` what it holds.
///
/// # Errors
/// Says where and why `text` is not MDSF, or which limit it exceeds. The visitor has then been told
/// everything before that place.
pub fn read<V: Visitor>(text: &str, limits: Limits, visitor: &mut V) -> Result<(), ReadError> {
    let mut reader = Reader::new(text, limits);
    reader.value(visitor)?;
    reader.end()
}

/// Reads a whole document into a [`Value`].
///
/// # Errors
/// Says where and why `text` is not MDSF, or which limit it exceeds.
pub fn read_value(text: &str, limits: Limits) -> Result<Value, ReadError> {
    let mut visitor = ValueReader::default();
    read(text, limits, &mut visitor)?;
    Ok(visitor.finish())
}

/// Makes a `T` of a value, as serde's derived types describe it. A type that holds itself may do so 128 levels deep;
/// a [`Value`] in it may be of any depth.
///
/// # Errors
/// Names the place in `value` that does not fit, and what was expected there.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, ValueError> {
    T::deserialize(value)
}

/// Makes a value of anything serde can serialize.
///
/// # Errors
/// Names the place of what a value cannot hold: an integer beyond 2^53 − 1, or a map key that is neither
/// text nor a number.
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, ValueError> {
    value.serialize(ser::ValueSerializer)
}
