//! How one side represents the payloads it sends and the payloads it reads.

use crate::config::Role;
use crate::elements::Elements;
use crate::mdsf::{Value, ValueReader, Visitor};

/// What the core is generic over, so that neither side pays for the other's representation.
///
/// In the browser a payload to send is a JavaScript string that never enters linear memory, and a
/// payload received becomes JSON text for the engine to parse; on the server both are Rust values.
pub trait Format {
    /// MDSF text of an outgoing payload, and of the whole message around it.
    type Text: Clone;
    /// Listens while an incoming payload is read.
    type Reader: Visitor + Default;
    /// What an incoming payload becomes.
    type Payload;

    /// The only role in which it is used, if there is one: what belongs to the other is then not
    /// compiled.
    const ROLE: Option<Role> = None;

    /// Turns a reader that has heard one whole value into a payload; `text` is that value's text.
    fn payload(reader: Self::Reader, text: &str) -> Self::Payload;

    /// What the core has to know of a value that a reader has heard: of a header, above all.
    fn elements(reader: Self::Reader, text: &str) -> Elements;

    /// The text of a message without a payload of its own.
    fn text(text: &str) -> Self::Text;

    /// The text of a message: everything before the payload, the payload, and the closing brace.
    fn message(head: &str, payload: &Self::Text) -> Self::Text;

    /// Whether the text is longer than `limit` bytes of UTF-8.
    fn exceeds(text: &Self::Text, limit: usize) -> bool;

    /// Length that counts against buffers, in bytes or UTF-16 units, whichever is free.
    fn weight(text: &Self::Text) -> usize;
}

/// A format whose messages are written here. Those of a page are in JavaScript, up to their ids.
pub trait Compose: Format {
    /// What follows an id and comes before the payload, and the payload.
    fn body(head: &str, payload: &Self::Text) -> Self::Text;
}

/// The representation of servers and tests: `String` out, [`Value`] in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Native;

impl Format for Native {
    type Text = String;
    type Reader = ValueReader;
    type Payload = Value;

    fn payload(reader: ValueReader, _text: &str) -> Value {
        reader.finish()
    }

    fn elements(reader: ValueReader, _text: &str) -> Elements {
        Elements::of_value(reader.finish())
    }

    fn text(text: &str) -> String {
        text.to_owned()
    }

    fn message(head: &str, payload: &String) -> String {
        let mut text = String::with_capacity(head.len() + payload.len() + 1);
        text.push_str(head);
        text.push_str(payload);
        text.push('}');
        text
    }

    fn exceeds(text: &String, limit: usize) -> bool {
        text.len() > limit
    }

    fn weight(text: &String) -> usize {
        text.len()
    }
}

impl Compose for Native {
    fn body(head: &str, payload: &String) -> String {
        let mut text = String::with_capacity(head.len() + payload.len());
        text.push_str(head);
        text.push_str(payload);
        text
    }
}
