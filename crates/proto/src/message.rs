//! Messages: their kinds, the header read here and the payload left to its reader.

use crate::config::Role;
use crate::elements::Element;
use crate::error::PeerMisbehaved;
use crate::format::Format;
use crate::mdsf::{self, Limits, Reader};

/// One message, as protocol.md 2.3 lists them.
#[derive(Debug, PartialEq)]
pub enum Message<'t, P> {
    /// `{}`, the obsolete heartbeat.
    Heartbeat,
    /// `{handshake:[0,'app','range'],strategy:credentials}`
    HandshakeRequest(HandshakeRequest<'t>),
    /// `{handshake:[0],ok:…}` or `{handshake:[0],error:…}`
    HandshakeAnswer(HandshakeAnswer<'t>),
    /// All others.
    Numbered(Numbered<P>),
    /// A kind nobody knows, or a header that does not start with an integer: rejected, and nothing
    /// else happens.
    Unusable {
        /// The message's first key.
        kind: String,
    },
}

/// A message with an id: `{call:[id,'interface'],method:[…]}`, `{callback:[id],ok:[…]}`, `{ping:[id]}`.
#[derive(Debug, PartialEq)]
pub struct Numbered<P> {
    /// What it is.
    pub kind: Kind,
    /// Its id, to be answered verbatim, or that of what it answers.
    pub id: i64,
    /// The interface, or nothing.
    pub interface: String,
    /// A method, an event, `ok`, `error`, or nothing.
    pub verb: String,
    /// The verb's array. Without one the message still counts, and its receiver still has to answer.
    pub payload: Option<P>,
}

/// The kinds that everybody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Handshake,
    Call,
    Callback,
    Event,
    Inspect,
    Ping,
    Pong,
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
            Message::Numbered(message) => message.kind.name(),
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
    let message = read_one::<F>(&mut reader);
    // Whole documents of another shape are told apart from text that is no document at all.
    if matches!(message, Ok(_) | Err(PeerMisbehaved::NotAnObject)) {
        reader.end()?;
    }
    message
}

/// Reads the message that `reader` is at, and no further.
///
/// # Errors
/// As for [`read`].
pub(crate) fn read_one<'t, F: Format>(
    reader: &mut Reader<'t>,
) -> Result<Message<'t, F::Payload>, PeerMisbehaved> {
    if !reader.eat(b'{')? {
        listen::<F>(reader)?;
        return Err(PeerMisbehaved::NotAnObject);
    }
    if reader.eat(b'}')? {
        return Ok(Message::Heartbeat);
    }
    let key = reader.key()?.to_str();
    let Some(kind) = Kind::from_name(&key) else {
        listen::<F>(reader)?;
        skip_members::<F>(reader)?;
        return Ok(Message::Unusable {
            kind: key.into_owned(),
        });
    };
    let is_array = reader.peek()? == Some(b'[');
    let mut header = F::Header::default();
    reader.value(&mut header)?;
    let [first, second, third] = header.into().elements;

    let mut verb = None;
    let mut payload = None;
    if more(reader)? {
        let name = reader.key()?.to_str().into_owned();
        let shape = reader.peek()?;
        let start = reader.position();
        let heard = listen::<F>(reader)?;
        let text = reader.since(start);
        if kind.has_payload() && shape == Some(b'[') {
            payload = Some(F::payload(heard, text));
        }
        verb = Some((name, text));
        skip_members::<F>(reader)?;
    }
    if !is_array {
        return Err(PeerMisbehaved::HeaderNotAnArray { kind: kind.name() });
    }
    if kind == Kind::Handshake {
        // Its payload is read by whoever knows what it must be.
        return Ok(handshake::<F>(second, third, verb));
    }
    let Element::Integer(id) = first else {
        return Ok(Message::Unusable {
            kind: kind.name().to_owned(),
        });
    };
    Ok(Message::Numbered(Numbered {
        kind,
        id,
        // A name that is not text finds nothing, like an empty one.
        interface: match second {
            Element::Text(name) => name,
            _ => String::new(),
        },
        verb: verb.map_or_else(String::new, |(name, _)| name),
        payload,
    }))
}

/// Reads a value, whoever wants to know it.
fn listen<F: Format>(reader: &mut Reader<'_>) -> Result<F::Reader, mdsf::ReadError> {
    let mut visitor = F::Reader::default();
    reader.value(&mut visitor)?;
    Ok(visitor)
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
fn skip_members<F: Format>(reader: &mut Reader<'_>) -> Result<(), mdsf::ReadError> {
    while more(reader)? {
        reader.key()?;
        listen::<F>(reader)?;
    }
    Ok(())
}

/// What a handshake asks or answers.
fn handshake<'t, F: Format>(
    app: Element,
    version: Element,
    verb: Option<(String, &'t str)>,
) -> Message<'t, F::Payload> {
    if app.is_truthy() {
        // Who is only ever a client refuses it, whatever it asks for.
        return Message::HandshakeRequest(if F::ROLE == Some(Role::Client) {
            HandshakeRequest {
                app: None,
                version: VersionField::Any,
                strategy: None,
            }
        } else {
            HandshakeRequest {
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
                strategy: verb,
            }
        });
    }
    Message::HandshakeAnswer(match verb {
        Some((name, text)) if name == "ok" => HandshakeAnswer::Ok(text),
        Some((name, text)) if name == "error" => HandshakeAnswer::Error(text),
        _ => HandshakeAnswer::Neither,
    })
}

impl Kind {
    fn from_name(name: &str) -> Option<Self> {
        let kinds = [
            Kind::Call,
            Kind::Callback,
            Kind::Event,
            Kind::Ping,
            Kind::Pong,
            Kind::Inspect,
            Kind::Handshake,
        ];
        kinds.into_iter().find(|kind| kind.name() == name)
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
