//! Values as the text they came in.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::de::too_deep;
use super::error::ReadError;
use super::handover::{self, Parcel};
use super::read::Reader;
use super::scan::{Count, Facts, Scan};
use super::typed::Cursor;
use super::value::{Value, ValueError, ValueReader};
use super::write::{WriteOptions, write};
use super::{Limits, from_value};

thread_local! {
    /// What is being read on this thread, if values may share it.
    static SHARED: RefCell<Option<Document>> = const { RefCell::new(None) };
}

/// For what was within limits before.
pub(super) const NO_LIMITS: Limits = Limits {
    depth: u32::MAX,
    values: u32::MAX,
};

/// A text that values share, of whatever type it is.
pub type Document = Arc<dyn AsRef<str> + Send + Sync>;

/// A value that has been read over, so that it is known to be one, and is kept as its text.
///
/// It costs no more memory than the text, of which clones share one copy. [`to`](Self::to) makes a type of it
/// without a [`Value`] in between; as an argument or a result of a method it is passed on as it is.
#[derive(Clone)]
pub struct RawValue {
    document: Document,
    start: usize,
    end: usize,
    facts: Facts,
}

impl RawValue {
    /// Reads a whole document.
    ///
    /// # Errors
    /// Says where and why `text` is not MDSF, or which limit it exceeds.
    pub fn read(text: &str, limits: Limits) -> Result<Self, ReadError> {
        let mut reader = Reader::new(text, limits);
        // Blanks around it are not part of it.
        reader.peek()?;
        let start = reader.position();
        let mut scan = Scan::default();
        reader.value(&mut scan)?;
        let end = reader.position();
        reader.end()?;
        Ok(Self::scanned(&scan, &text[start..end]))
    }

    /// What `scan` has heard, which was `text`.
    pub(crate) fn scanned(scan: &Scan, text: &str) -> Self {
        let facts = scan.facts(text);
        let shared = SHARED.with_borrow(|document| {
            let document = document.as_ref()?;
            let all = (**document).as_ref();
            let start = (text.as_ptr().addr()).checked_sub(all.as_ptr().addr())?;
            let is_part = all.get(start..start + text.len())?.as_ptr() == text.as_ptr();
            (is_part && is_worth(text.len(), all)).then(|| (Arc::clone(document), start))
        });
        let (document, start) = shared.unwrap_or_else(|| (Arc::new(text.to_owned()), 0));
        Self {
            document,
            start,
            end: start + text.len(),
            facts,
        }
    }

    /// Does what reads parts of `document`. A value that makes up most of it then shares its memory, where it
    /// would have a copy.
    pub fn sharing<R>(document: &Document, work: impl FnOnce() -> R) -> R {
        let before = SHARED.replace(Some(Arc::clone(document)));
        let result = work();
        SHARED.set(before);
        result
    }

    pub(super) fn facts(&self) -> Facts {
        self.facts
    }

    /// A part of this value, whose text stands there.
    pub(super) fn part(&self, start: usize, end: usize, facts: Facts) -> Self {
        if !is_worth(end - start, (*self.document).as_ref()) {
            let text = self.text()[start..end].to_owned();
            return Self {
                start: 0,
                end: text.len(),
                document: Arc::new(text),
                facts,
            };
        }
        Self {
            document: Arc::clone(&self.document),
            start: self.start + start,
            end: self.start + end,
            facts,
        }
    }

    /// The text, as it came.
    pub fn text(&self) -> &str {
        &(*self.document).as_ref()[self.start..self.end]
    }

    /// How many elements it has, if it is an array.
    pub fn elements(&self) -> Option<usize> {
        match self.facts.count {
            Count::Elements(elements) => Some(elements as usize),
            Count::None => None,
            Count::Unknown => Self::read(self.text(), NO_LIMITS).ok()?.elements(),
        }
    }

    /// Makes a `T` of it, as serde's derived types describe it. A type that holds itself may do so 128 levels
    /// deep; a [`Value`] or a `RawValue` in it may be of any depth.
    ///
    /// # Errors
    /// Names the place that does not fit, and what was expected there.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, ValueError> {
        let mut cursor = Cursor::new(self);
        // What is out of the ordinary, a member that is there twice for example, takes the long way, and so does
        // what does not fit: only that one knows the place.
        T::deserialize(&mut cursor).or_else(|_| match cursor.is_too_deep() {
            true => Err(too_deep()),
            false => from_value(self.to_value()),
        })
    }

    /// The value.
    pub fn to_value(&self) -> Value {
        value_of(self.text())
    }

    /// The text as every parser in use reads it, and whether it says only finite numbers.
    pub(super) fn portable(&self) -> (Cow<'_, str>, bool) {
        let text = self.text();
        let is_separator = |text: &str| !text.is_ascii() && text.contains(['\u{2028}', '\u{2029}']);
        if self.facts.is_portable && !is_separator(text) {
            return (text.into(), self.facts.is_finite);
        }
        let (mut written, value) = (String::with_capacity(text.len()), self.to_value());
        let options = WriteOptions {
            non_finite: true,
            depth: u32::MAX,
            ..WriteOptions::default()
        };
        // Nothing else can be wrong with it.
        let _ = write(&value, &mut written, options);
        (written.into(), self.facts.is_finite)
    }
}

/// Whether so many bytes of a document may keep all of it in memory.
fn is_worth(bytes: usize, document: &str) -> bool {
    bytes * 2 >= document.len() || document.len() <= 1024
}

/// The value of a text that is known to be one.
pub(super) fn value_of(text: &str) -> Value {
    let mut reader = ValueReader::default();
    let read = super::read(text, NO_LIMITS, &mut reader);
    debug_assert!(read.is_ok(), "it was read before");
    reader.finish()
}

impl From<&Value> for RawValue {
    fn from(value: &Value) -> Self {
        let mut text = String::new();
        let options = WriteOptions {
            non_finite: true,
            depth: u32::MAX,
            ..WriteOptions::default()
        };
        // Nothing is refused.
        let _ = write(value, &mut text, options);
        let mut scan = Scan::default();
        let _ = super::read(&text, NO_LIMITS, &mut scan);
        Self::scanned(&scan, &text)
    }
}

/// Values are equal if their texts are.
impl PartialEq for RawValue {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl fmt::Debug for RawValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl fmt::Display for RawValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// The newtype under which a [`RawValue`] asks for its text, and offers it. Other formats take it for a newtype
/// around the value.
pub(super) const RAW: &str = "jstp_proto::mdsf::RawValue";

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Outer;

        impl<'de> de::Visitor<'de> for Outer {
            type Value = RawValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<RawValue, D::Error> {
                match handover::take() {
                    Some(Parcel::Raw(raw)) => Ok(raw),
                    Some(Parcel::Value(value)) => Ok(RawValue::from(&value)),
                    None => Value::deserialize(deserializer).map(|value| RawValue::from(&value)),
                }
            }
        }

        deserializer.deserialize_newtype_struct(RAW, Outer)
    }
}

impl Serialize for RawValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Inner<'r>(&'r RawValue);

        impl Serialize for Inner<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if !handover::is_asked() {
                    return self.0.to_value().serialize(serializer);
                }
                handover::leave(Parcel::Raw(self.0.clone()));
                serializer.serialize_unit()
            }
        }

        serializer.serialize_newtype_struct(RAW, &Inner(self))
    }
}
