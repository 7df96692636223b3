//! Errors, each naming who is at fault: the peer's answer, the peer's conduct, or our caller.

use crate::text::{decimal, joined};
use std::fmt;

use crate::mdsf::{self, ReadError, Value};

/// Codes of protocol.md 9. Negative ones never travel.
pub mod code {
    /// The peer received the request; its answer was lost with the transport.
    pub const CALLBACK_LOST: i64 = -1;
    /// The transport closed, or the time ran out, before the handshake was answered.
    pub const NO_HANDSHAKE_RESPONSE: i64 = -2;
    /// The connection is closed and will not send this.
    pub const CONNECTION_CLOSED: i64 = -3;
    /// The resend buffer is at its limit.
    pub const BUFFER_FULL: i64 = -4;
    /// The caller's own time limit passed.
    pub const TIMEOUT: i64 = -5;
    /// No application of that name and version.
    pub const APP_NOT_FOUND: i64 = 10;
    /// The credentials were refused, or the session is unknown.
    pub const AUTH_FAILED: i64 = 11;
    /// No such interface.
    pub const INTERFACE_NOT_FOUND: i64 = 12;
    /// The interface exists but does not fit.
    pub const INTERFACE_INCOMPATIBLE: i64 = 13;
    /// No such method.
    pub const METHOD_NOT_FOUND: i64 = 14;
    /// A handshake request was sent to a client.
    pub const NOT_A_SERVER: i64 = 15;
    /// The method failed in a way it does not explain.
    pub const INTERNAL_API_ERROR: i64 = 16;
    /// The arguments do not fit the method.
    pub const INVALID_SIGNATURE: i64 = 17;
}

/// The message that stands for a code when none is sent, or `None` for a code of an application.
pub fn default_message(code: i64) -> Option<&'static str> {
    Some(match code {
        code::CALLBACK_LOST => "Connection closed before receiving callback",
        code::NO_HANDSHAKE_RESPONSE => "Connection closed before receiving handshake",
        code::CONNECTION_CLOSED => "Connection is closed",
        code::BUFFER_FULL => "Too many messages wait for delivery",
        code::TIMEOUT => "No answer within the time allowed",
        code::APP_NOT_FOUND => "Application not found",
        code::AUTH_FAILED => "Authentication failed",
        code::INTERFACE_NOT_FOUND => "Interface not found",
        code::INTERFACE_INCOMPATIBLE => "Incompatible interface",
        code::METHOD_NOT_FOUND => "Method not found",
        code::NOT_A_SERVER => "Not a server",
        code::INTERNAL_API_ERROR => "Internal API error",
        code::INVALID_SIGNATURE => "Invalid signature",
        _ => return None,
    })
}

/// An error that travels as the answer to a call or a handshake (protocol.md 9).
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteError {
    /// One of [`code`]'s, or the application's own.
    pub code: i64,
    /// What went wrong, for a person.
    pub message: String,
    /// Further values the application sent along.
    pub info: Vec<Value>,
}

impl RemoteError {
    /// An error with the code's own message, or the code as text where it has none.
    pub fn new(code: i64) -> Self {
        let message = default_message(code).map_or_else(|| code.to_string(), str::to_owned);
        Self {
            code,
            message,
            info: Vec::new(),
        }
    }

    /// An error of the application's own.
    pub fn with_message(code: i64, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            info: Vec::new(),
        }
    }

    /// The error a text stands for: `[1, text]` on the wire.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self::with_message(1, text)
    }

    /// Whether the code is one of the protocol's, whose message does not travel (Q26).
    pub fn is_standard(&self) -> bool {
        default_message(self.code).is_some()
    }

    /// Reads `[code, message?, ...info]`. What is missing or of another type becomes the default.
    pub fn from_wire(values: Vec<Value>) -> Self {
        let mut values = values.into_iter();
        let code = match values.next() {
            Some(Value::Number(code)) if code.is_finite() => code as i64,
            _ => 0,
        };
        let message = match values.next() {
            Some(Value::String(message)) => message,
            _ => Self::new(code).message,
        };
        Self {
            code,
            message,
            info: values.collect(),
        }
    }

    /// The array that travels: a standard code alone, else code, message and info.
    pub fn to_wire(&self) -> Vec<Value> {
        let mut values = vec![Value::Number(self.code as f64)];
        if !self.is_standard() && self.message != self.code.to_string() {
            values.push(Value::String(self.message.clone()));
            values.extend(self.info.iter().cloned());
        }
        values
    }
}

impl fmt::Display for RemoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (code {})", self.message, self.code)
    }
}

impl std::error::Error for RemoteError {}

/// The peer broke the protocol; the transport is closed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PeerMisbehaved {
    /// The text is not MDSF.
    Unreadable(ReadError),
    /// The message is not UTF-8.
    NotUtf8,
    /// The message is larger than agreed.
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The message is not an object.
    NotAnObject,
    /// The header of a known kind is not an array.
    HeaderNotAnArray {
        /// The message's first key.
        kind: &'static str,
    },
    /// An array of messages without any.
    EmptyBatch,
    /// A handshake that came together with other messages.
    HandshakeInBatch,
    /// Something came before the handshake.
    MessageBeforeHandshake {
        /// The message's first key.
        kind: String,
    },
    /// More messages came before the handshake's answer than are held.
    TooManyBeforeHandshake {
        /// How many are held.
        limit: usize,
    },
    /// More came before the handshake's answer than is held.
    TooMuchBeforeHandshake {
        /// How many bytes are held.
        limit: usize,
    },
    /// A second handshake.
    HandshakeRepeated,
    /// A handshake request to a client.
    NotAServer,
    /// A handshake answer to a server.
    UnexpectedAnswer,
    /// The handshake's answer is neither a session id, a count nor an error.
    HandshakeAnswer,
}

impl From<ReadError> for PeerMisbehaved {
    fn from(error: ReadError) -> Self {
        Self::Unreadable(error)
    }
}

impl PeerMisbehaved {
    /// What [`Display`](fmt::Display) shows, without what std's formatting weighs in a page.
    pub fn sentence(&self) -> String {
        let (before, what, after) = match self {
            Self::Unreadable(error) => (
                "the peer sent text that is not MDSF: ",
                error.sentence(),
                "",
            ),
            Self::TooLarge { limit } => (
                "the peer sent a message of more than ",
                decimal(*limit as i64),
                " bytes",
            ),
            Self::HeaderNotAnArray { kind } => (
                "the peer sent `",
                String::from(*kind),
                "` with a header that is not an array",
            ),
            Self::MessageBeforeHandshake { kind } => {
                ("`", kind.clone(), "` arrived before the handshake")
            }
            Self::TooManyBeforeHandshake { limit } => (
                "more than ",
                decimal(*limit as i64),
                " messages arrived before the handshake's answer",
            ),
            Self::TooMuchBeforeHandshake { limit } => (
                "more than ",
                decimal(*limit as i64),
                " bytes arrived before the handshake's answer",
            ),
            _ => (self.plain_sentence(), String::new(), ""),
        };
        joined(&[before, &what, after])
    }

    fn plain_sentence(&self) -> &'static str {
        match self {
            Self::NotUtf8 => "the peer sent a message that is not UTF-8",
            Self::NotAnObject => "the peer sent a message that is not an object",
            Self::EmptyBatch => "the peer sent an array without messages",
            Self::HandshakeInBatch => "a handshake arrived in an array of messages",
            Self::HandshakeRepeated => "a second handshake arrived",
            Self::NotAServer => "the peer asked this client for a handshake",
            Self::UnexpectedAnswer => "a handshake's answer arrived at a server",
            _ => "the handshake's answer is neither a session id, a count of messages nor an error",
        }
    }
}

impl fmt::Display for PeerMisbehaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}

impl std::error::Error for PeerMisbehaved {}

/// Our own caller asked for something that cannot be sent; nothing was sent, kept or counted.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Refused {
    /// The connection is closed.
    Closed,
    /// The resend buffer, with what is queued during a handshake, is at its limit.
    BufferFull,
    /// The message would be larger than the peer accepts.
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The message would hold more values than the peer reads (mdsf.md 5).
    TooManyValues {
        /// The limit.
        limit: usize,
    },
    /// The name cannot stand in a message (Q40).
    Name {
        /// `interface`, `method`, `event`, `application` or `strategy`.
        what: &'static str,
        /// The name.
        name: String,
        /// Why it cannot.
        why: &'static str,
    },
    /// A handshake is under way or done.
    HandshakeNotPossible,
}

impl Refused {
    /// What [`Display`](fmt::Display) shows, without what std's formatting weighs in a page.
    pub fn sentence(&self) -> String {
        match self {
            Self::Closed => "the connection is closed".to_owned(),
            Self::BufferFull => "too many messages wait for delivery".to_owned(),
            Self::TooLarge { limit } => joined(&[
                "the message is larger than ",
                &decimal(*limit as i64),
                " bytes",
            ]),
            Self::TooManyValues { limit } => joined(&[
                "the message holds more than ",
                &decimal(*limit as i64),
                " values",
            ]),
            Self::Name { what, name, why } => {
                let mut sentence = joined(&[what, " "]);
                mdsf::write_string(name, &mut sentence);
                sentence.push_str(" cannot be sent: ");
                sentence.push_str(why);
                sentence
            }
            Self::HandshakeNotPossible => {
                "a handshake needs an open transport that has had none".to_owned()
            }
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}

impl std::error::Error for Refused {}
