//! Messages: one variant per kind, the header read here and the payload left to its reader.

use std::borrow::Cow;

use crate::error::PeerMisbehaved;
use crate::format::Format;
use crate::mdsf::{self, Key, Limits, Number, Reader, Text, Visitor};

/// Ids beyond this are not exact in JavaScript, so nobody can have meant them.
const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;

/// One message, as protocol.md 2.3 lists them.
///
/// A payload of the wrong shape is `None`: the message still counts, and its receiver still has to
/// answer.
#[derive(Debug, PartialEq)]
pub enum Message<'t, P> {
    /// `{}`, the obsolete heartbeat.
    Heartbeat,
    /// `{handshake:[0,'app','range'],strategy:credentials}`
    HandshakeRequest(HandshakeRequest<'t>),
    /// `{handshake:[0],ok:…}` or `{handshake:[0],error:…}`
    HandshakeAnswer(HandshakeAnswer<'t>),
    /// `{call:[id,'interface'],method:[…]}`
    Call {
        /// The message id, to be answered verbatim.
        id: i64,
        /// The interface called.
        interface: String,
        /// The method and its arguments.
        call: Option<(String, P)>,
    },
    /// `{callback:[id],ok:[…]}` or `{callback:[id],error:[…]}`
    Callback {
        /// The id of the message answered.
        id: i64,
        /// Results, or the error.
        outcome: Option<Result<P, P>>,
    },
    /// `{event:[id,'interface'],name:[…]}`
    Event {
        /// The message id.
        id: i64,
        /// The interface the event belongs to.
        interface: String,
        /// The name and arguments.
        event: Option<(String, P)>,
    },
    /// `{inspect:[id,'interface']}`
    Inspect {
        /// The message id, to be answered verbatim.
        id: i64,
        /// The interface asked about.
        interface: String,
    },
    /// `{ping:[id]}`
    Ping {
        /// The message id, to be answered verbatim.
        id: i64,
    },
    /// `{pong:[id]}`
    Pong {
        /// The id of the ping answered.
        id: i64,
    },
    /// A kind nobody knows, or a header that does not start with an integer: rejected, and nothing
    /// else happens.
    Unusable {
        /// The message's first key.
        kind: String,
    },
}

/// What a client asks for when a transport opens (protocol.md 2.5).
#[derive(Debug, PartialEq)]
pub struct HandshakeRequest<'t> {
    /// The application, if it was given as text.
    pub app: Option<String>,
    /// The version asked for.
    pub version: VersionField,
    /// The strategy's name and the text of its credentials.
    pub strategy: Option<(String, &'t str)>,
}

/// The version element of a handshake request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionField {
    /// Missing, `undefined` or empty: the latest.
    Any,
    /// A version or a range.
    Text(String),
    /// Something that is not text, so no version matches.
    NotText,
}

/// The text of what a handshake was answered with (protocol.md 2.6).
#[derive(Debug, PartialEq)]
pub enum HandshakeAnswer<'t> {
    /// The value of `ok`.
    Ok(&'t str),
    /// The value of `error`.
    Error(&'t str),
    /// Neither.
    Neither,
}

impl<P> Message<'_, P> {
    /// The first key of the message as it stands on the wire.
    pub fn kind(&self) -> &str {
        match self {
            Message::Heartbeat => "",
            Message::HandshakeRequest(_) | Message::HandshakeAnswer(_) => "handshake",
            Message::Call { .. } => "call",
            Message::Callback { .. } => "callback",
            Message::Event { .. } => "event",
            Message::Inspect { .. } => "inspect",
            Message::Ping { .. } => "ping",
            Message::Pong { .. } => "pong",
            Message::Unusable { kind } => kind,
        }
    }
}

/// Reads a whole message.
///
/// # Errors
/// Text that is not MDSF, a message that is not an object, and a known kind whose header is not an
/// array: the transport is closed after these.
pub fn read<F: Format>(
    text: &str,
    limits: Limits,
) -> Result<Message<'_, F::Payload>, PeerMisbehaved> {
    let mut reader = Reader::new(text, limits);
    if !reader.eat(b'{').map_err(PeerMisbehaved::Unreadable)? {
        // Whole documents of another shape are told apart from text that is no document at all.
        reader
            .value(&mut Nothing)
            .and_then(|()| reader.end())
            .map_err(PeerMisbehaved::Unreadable)?;
        return Err(PeerMisbehaved::NotAnObject);
    }
    let message = read_object::<F>(text, &mut reader)?;
    reader.end().map_err(PeerMisbehaved::Unreadable)?;
    Ok(message)
}

/// Reads a message whose opening brace has been consumed, up to and with its closing brace.
fn read_object<'t, F: Format>(
    text: &'t str,
    reader: &mut Reader<'t>,
) -> Result<Message<'t, F::Payload>, PeerMisbehaved> {
    use PeerMisbehaved::Unreadable;

    if reader.eat(b'}').map_err(Unreadable)? {
        return Ok(Message::Heartbeat);
    }
    let key = reader.key().map_err(Unreadable)?;
    let kind = key.to_str();
    let Some(kind) = Kind::from_name(&kind) else {
        let kind = kind.into_owned();
        reader.value(&mut Nothing).map_err(Unreadable)?;
        skip_members(reader).map_err(Unreadable)?;
        return Ok(Message::Unusable { kind });
    };
    let is_array = reader.peek().map_err(Unreadable)? == Some(b'[');
    let mut header = Elements::default();
    reader.value(&mut header).map_err(Unreadable)?;
    let [first, second, third] = header.into_elements();

    let mut verb = None;
    if more(reader).map_err(Unreadable)? {
        let name = reader.key().map_err(Unreadable)?.to_str();
        let shape = reader.peek().map_err(Unreadable)?;
        let start = reader.position();
        let mut payload = None;
        // Only these kinds have a payload; a handshake's is read by whoever knows what it must be.
        if kind.has_payload() && shape == Some(b'[') {
            let mut visitor = F::Reader::default();
            reader.value(&mut visitor).map_err(Unreadable)?;
            payload = Some(F::payload(visitor, span(text, start, reader.position())));
        } else {
            reader.value(&mut Nothing).map_err(Unreadable)?;
        }
        verb = Some(Verb {
            name,
            payload,
            text: span(text, start, reader.position()),
        });
        skip_members(reader).map_err(Unreadable)?;
    }
    if !is_array {
        return Err(PeerMisbehaved::HeaderNotAnArray { kind: kind.name() });
    }
    if kind == Kind::Handshake {
        return Ok(handshake(second, third, verb));
    }
    let Element::Integer(id) = first else {
        return Ok(Message::Unusable {
            kind: kind.name().to_owned(),
        });
    };
    // A name that is not text finds nothing, like an empty one.
    let name = match second {
        Element::Text(name) => name,
        _ => String::new(),
    };
    Ok(match kind {
        Kind::Call => Message::Call {
            id,
            interface: name,
            call: verb.and_then(Verb::named),
        },
        Kind::Event => Message::Event {
            id,
            interface: name,
            event: verb.and_then(Verb::named),
        },
        Kind::Callback => Message::Callback {
            id,
            outcome: verb.and_then(Verb::outcome),
        },
        Kind::Inspect => Message::Inspect {
            id,
            interface: name,
        },
        Kind::Ping => Message::Ping { id },
        Kind::Pong | Kind::Handshake => Message::Pong { id },
    })
}

/// Consumes what separates the last member from the next. False when the object has ended.
fn more(reader: &mut Reader<'_>) -> Result<bool, mdsf::ReadError> {
    if reader.eat(b',')? {
        return Ok(!reader.eat(b'}')?);
    }
    if reader.eat(b'}')? {
        return Ok(false);
    }
    Err(reader.unexpected())
}

/// Reads the members nobody looks at, up to and with the closing brace.
fn skip_members(reader: &mut Reader<'_>) -> Result<(), mdsf::ReadError> {
    while more(reader)? {
        reader.key()?;
        reader.value(&mut Nothing)?;
    }
    Ok(())
}

fn span(text: &str, start: usize, end: usize) -> &str {
    text.get(start..end).unwrap_or_default()
}

fn handshake<'t, P>(app: Element, version: Element, verb: Option<Verb<'t, P>>) -> Message<'t, P> {
    if app.is_truthy() {
        return Message::HandshakeRequest(HandshakeRequest {
            app: match app {
                Element::Text(app) => Some(app),
                _ => None,
            },
            version: match version {
                Element::Undefined => VersionField::Any,
                Element::Text(text) if text.is_empty() => VersionField::Any,
                Element::Text(text) => VersionField::Text(text),
                _ => VersionField::NotText,
            },
            strategy: verb.map(|verb| (verb.name.into_owned(), verb.text)),
        });
    }
    Message::HandshakeAnswer(match verb {
        Some(verb) if verb.name == "ok" => HandshakeAnswer::Ok(verb.text),
        Some(verb) if verb.name == "error" => HandshakeAnswer::Error(verb.text),
        _ => HandshakeAnswer::Neither,
    })
}

/// The second key of a message and its value.
struct Verb<'t, P> {
    name: Cow<'t, str>,
    payload: Option<P>,
    text: &'t str,
}

impl<P> Verb<'_, P> {
    fn named(self) -> Option<(String, P)> {
        let name = self.name;
        self.payload.map(|payload| (name.into_owned(), payload))
    }

    fn outcome(self) -> Option<Result<P, P>> {
        match &*self.name {
            "ok" => self.payload.map(Ok),
            "error" => self.payload.map(Err),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Handshake,
    Call,
    Callback,
    Event,
    Inspect,
    Ping,
    Pong,
}

impl Kind {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "handshake" => Kind::Handshake,
            "call" => Kind::Call,
            "callback" => Kind::Callback,
            "event" => Kind::Event,
            "inspect" => Kind::Inspect,
            "ping" => Kind::Ping,
            "pong" => Kind::Pong,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Handshake => "handshake",
            Kind::Call => "call",
            Kind::Callback => "callback",
            Kind::Event => "event",
            Kind::Inspect => "inspect",
            Kind::Ping => "ping",
            Kind::Pong => "pong",
        }
    }

    fn has_payload(self) -> bool {
        matches!(self, Kind::Call | Kind::Callback | Kind::Event)
    }
}

/// One element of a header, as far as headers and handshakes need to know it.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Element {
    #[default]
    Undefined,
    /// `null`, `false`, zero, NaN: values JavaScript takes for "no".
    Falsy,
    Integer(i64),
    Text(String),
    Other,
}

impl Element {
    fn is_truthy(&self) -> bool {
        match self {
            Element::Undefined | Element::Falsy | Element::Integer(0) => false,
            Element::Text(text) => !text.is_empty(),
            Element::Integer(_) | Element::Other => true,
        }
    }
}

/// Reads a value nobody looks at.
pub(crate) struct Nothing;

impl Visitor for Nothing {
    fn undefined(&mut self) {}
    fn null(&mut self) {}
    fn bool(&mut self, _: bool) {}
    fn number(&mut self, _: Number<'_>) {}
    fn string(&mut self, _: Text<'_>) {}
    fn begin_array(&mut self) {}
    fn end_array(&mut self) {}
    fn begin_object(&mut self) {}
    fn key(&mut self, _: Key<'_>) {}
    fn end_object(&mut self) {}
}

/// Reads a scalar, or the first three elements of an array: all that headers, session credentials
/// and a handshake's answer consist of.
#[derive(Default)]
pub(crate) struct Elements {
    elements: [Element; 3],
    heard: usize,
    depth: u32,
    is_array: bool,
}

impl Elements {
    /// Reads one value out of text that has already been read once.
    pub(crate) fn of(text: &str, limits: Limits) -> Self {
        let mut elements = Self::default();
        // It was read without an error before, so there is none now.
        let _ = mdsf::read(text, limits, &mut elements);
        elements
    }

    pub(crate) fn is_array(&self) -> bool {
        self.is_array
    }

    pub(crate) fn into_elements(self) -> [Element; 3] {
        self.elements
    }

    fn hear(&mut self, element: impl FnOnce() -> Element) {
        let is_element = self.depth == u32::from(self.is_array);
        if is_element {
            if let Some(slot) = self.elements.get_mut(self.heard) {
                *slot = element();
            }
            self.heard += 1;
        }
    }
}

impl Visitor for Elements {
    fn undefined(&mut self) {
        self.hear(|| Element::Undefined);
    }

    fn null(&mut self) {
        self.hear(|| Element::Falsy);
    }

    fn bool(&mut self, value: bool) {
        self.hear(|| {
            if value {
                Element::Other
            } else {
                Element::Falsy
            }
        });
    }

    fn number(&mut self, number: Number<'_>) {
        self.hear(|| match number.as_integer() {
            Some(integer) if integer.abs() <= MAX_SAFE_INTEGER => Element::Integer(integer),
            _ => Element::Other,
        });
    }

    fn string(&mut self, text: Text<'_>) {
        self.hear(|| Element::Text(text.to_str().into_owned()));
    }

    fn begin_array(&mut self) {
        if self.depth == 0 {
            self.is_array = true;
        } else {
            self.hear(|| Element::Other);
        }
        self.depth += 1;
    }

    fn end_array(&mut self) {
        self.depth -= 1;
    }

    fn begin_object(&mut self) {
        self.hear(|| Element::Other);
        self.depth += 1;
    }

    fn key(&mut self, _: Key<'_>) {}

    fn end_object(&mut self) {
        self.depth -= 1;
    }
}
