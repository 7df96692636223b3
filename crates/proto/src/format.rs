//! How one side represents the payloads it sends and the payloads it reads.

use crate::config::Role;
use crate::elements::Elements;
use crate::mdsf::{self, Limits, RawValue, ReadErrorKind, Scan, Value, ValueReader, Visitor};

/// What the core is generic over, so that neither side pays for the other's representation.
///
/// In the browser a payload to send is a JavaScript string that never enters linear memory, and a
/// payload received becomes JSON text for the engine to parse; on the server both are texts, which become what a
/// method says.
pub trait Format {
    /// MDSF text of an outgoing payload, and of the whole message around it.
    type Text: Clone;
    /// Listens while an incoming payload is read, or a value that nobody looks at.
    type Reader: Visitor + Default;
    /// Listens while a value is read that the core itself has to know: a header, above all.
    type Header: Visitor + Default + Into<Elements>;
    /// What an incoming payload becomes.
    type Payload;

    /// The only role in which it is used, if there is one: what belongs to the other is then not
    /// compiled.
    const ROLE: Option<Role> = None;

    /// Turns a reader that has heard one whole value into a payload; `text` is that value's text.
    fn payload(reader: Self::Reader, text: &str) -> Self::Payload;

    /// The text of a message without a payload of its own.
    fn text(text: &str) -> Self::Text;

    /// The text of a message: everything before the payload, the payload, and the closing brace.
    fn message(head: &str, payload: &Self::Text) -> Self::Text;

    /// Whether the text is longer than `limit` bytes of UTF-8.
    fn exceeds(text: &Self::Text, limit: usize) -> bool;

    /// Whether the text holds more values than `limits` let a peer read. A page has counted before.
    fn has_too_many_values(_text: &Self::Text, _limits: Limits) -> bool {
        false
    }

    /// Length that counts against buffers, in bytes or UTF-16 units, whichever is free.
    fn weight(text: &Self::Text) -> usize;
}

/// A format whose messages are written here. Those of a page are in JavaScript, up to their ids.
pub trait Compose: Format {
    /// What follows an id and comes before the payload, and the payload.
    fn body(head: &str, payload: &Self::Text) -> Self::Text;
}

/// The representation of tests and simple programs: `String` out, [`Value`] in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

impl Format for Native {
    type Text = String;
    type Reader = ValueReader;
    type Header = Elements;
    type Payload = Value;

    fn payload(reader: ValueReader, _text: &str) -> Value {
        reader.finish()
    }

    fn text(text: &str) -> String {
        text.to_owned()
    }

    fn message(head: &str, payload: &String) -> String {
        [head, payload, "}"].concat()
    }

    fn exceeds(text: &String, limit: usize) -> bool {
        text.len() > limit
    }

    fn has_too_many_values(text: &String, limits: Limits) -> bool {
        // A comma may be one, a byte less is none.
        text.len() > limits.values as usize && {
            let read = mdsf::read(text, limits, &mut Scan::default());
            read.is_err_and(|error| matches!(error.kind, ReadErrorKind::TooManyValues { .. }))
        }
    }

    fn weight(text: &String) -> usize {
        text.len()
    }
}

impl Compose for Native {
    fn body(head: &str, payload: &String) -> String {
        [head, payload].concat()
    }
}

/// The representation of servers: `String` out, [`RawValue`] in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Texts;

impl Format for Texts {
    type Text = String;
    type Reader = Scan;
    type Header = Elements;
    type Payload = RawValue;

    fn payload(scan: Scan, text: &str) -> RawValue {
        RawValue::scanned(&scan, text)
    }

    fn text(text: &str) -> String {
        Native::text(text)
    }

    fn message(head: &str, payload: &String) -> String {
        Native::message(head, payload)
    }

    fn exceeds(text: &String, limit: usize) -> bool {
        Native::exceeds(text, limit)
    }

    fn has_too_many_values(text: &String, limits: Limits) -> bool {
        Native::has_too_many_values(text, limits)
    }

    fn weight(text: &String) -> usize {
        Native::weight(text)
    }
}

impl Compose for Texts {
    fn body(head: &str, payload: &String) -> String {
        Native::body(head, payload)
    }
}
