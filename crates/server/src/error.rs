//! Errors: what a method answers with, how a request to a client ends, what options are refused.

use std::fmt;

use jstp_proto::error::code;
use jstp_proto::mdsf::{PutError, Value, ValueError, WriteError};
use jstp_proto::{Refused, RemoteError};

/// Whether a code says what one peer has to say to itself (protocol.md 9).
pub(crate) fn is_local(code: i64) -> bool {
    (code::TIMEOUT..0).contains(&code)
}

/// Why a method, or an authentication policy, says no.
///
/// `?` turns any error into one. A [`RemoteError`] travels to the client as it is, unless its code is one from −5
/// to −1: those never travel (protocol.md 9). Of that and of every other error the client only learns that there
/// was one (code 16), and the server's listener hears the rest. [`MethodError::text`] is for an explanation
/// meant for the client.
#[derive(Debug)]
pub enum MethodError {
    /// Sent to the client, unless its code never travels.
    Remote(RemoteError),
    /// Sent to the client as error 1 with this text.
    Text(String),
    /// Kept local: the client is told error 16.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl MethodError {
    /// An explanation for the client: `[1, text]` on the wire.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A protocol error, or one of the application's own that needs no words.
    pub fn code(code: i64) -> Self {
        Self::Remote(RemoteError::new(code))
    }

    /// An error the client learns nothing of but that there was one.
    pub fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }

    /// Why the client is not told, if that is so.
    pub(crate) fn kept_local(&self) -> Option<String> {
        match self {
            Self::Remote(error) if is_local(error.code) => Some(format!(
                "its error has the code {}, which never travels",
                error.code
            )),
            Self::Internal(error) => Some(error.to_string()),
            Self::Remote(_) | Self::Text(_) => None,
        }
    }

    /// The array that travels.
    pub(crate) fn to_wire(&self) -> Vec<Value> {
        match self {
            Self::Remote(error) if !is_local(error.code) => error.to_wire(),
            Self::Text(text) => vec![Value::Number(1.0), Value::String(text.clone())],
            Self::Remote(_) | Self::Internal(_) => {
                vec![Value::Number(code::INTERNAL_API_ERROR as f64)]
            }
        }
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for MethodError {
    fn from(error: E) -> Self {
        let error: Box<dyn std::error::Error + Send + Sync> = Box::new(error);
        match error.downcast::<RemoteError>() {
            Ok(remote) => Self::Remote(*remote),
            Err(error) => Self::Internal(error),
        }
    }
}

impl fmt::Display for MethodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remote(error) => error.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Internal(error) => error.fmt(f),
        }
    }
}

/// Why a request to a client came to nothing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CallError {
    /// The client answered with an error.
    Remote(RemoteError),
    /// The client had the request, its answer was lost with the transport (code −1). It may or may
    /// not have acted on it.
    Lost,
    /// The connection is closed, or its session gone (code −3).
    Closed,
    /// Too many messages wait for delivery (code −4).
    BufferFull,
    /// The client's answer is neither results nor an error.
    Malformed,
    /// The message cannot be sent; nothing was.
    Refused(Refused),
    /// The arguments cannot be sent; nothing was.
    Arguments(String),
}

impl CallError {
    /// The error's code as upstream's API numbers it, where it has one.
    pub fn code(&self) -> Option<i64> {
        match self {
            Self::Remote(error) => Some(error.code),
            Self::Lost => Some(code::CALLBACK_LOST),
            Self::Closed => Some(code::CONNECTION_CLOSED),
            Self::BufferFull => Some(code::BUFFER_FULL),
            Self::Malformed | Self::Refused(_) | Self::Arguments(_) => None,
        }
    }

    pub(crate) fn failed(code: i64) -> Self {
        match code {
            code::CALLBACK_LOST => Self::Lost,
            code::BUFFER_FULL => Self::BufferFull,
            _ => Self::Closed,
        }
    }
}

impl From<Refused> for CallError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Closed => Self::Closed,
            Refused::BufferFull => Self::BufferFull,
            refused => Self::Refused(refused),
        }
    }
}

impl From<ValueError> for CallError {
    fn from(error: ValueError) -> Self {
        Self::Arguments(error.to_string())
    }
}

impl From<PutError> for CallError {
    fn from(error: PutError) -> Self {
        Self::Arguments(error.to_string())
    }
}

impl From<WriteError> for CallError {
    fn from(error: WriteError) -> Self {
        Self::Arguments(error.to_string())
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remote(error) => error.fmt(f),
            Self::Lost => f.write_str("the connection closed before the answer came"),
            Self::Closed => f.write_str("the connection is closed"),
            Self::BufferFull => f.write_str("too many messages wait for delivery"),
            Self::Malformed => f.write_str("the client's answer is neither results nor an error"),
            Self::Refused(refused) => refused.fmt(f),
            Self::Arguments(why) => write!(f, "the arguments cannot be sent: {why}"),
        }
    }
}

impl std::error::Error for CallError {}

/// What [`create_server`](crate::create_server) refuses, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionsError {
    /// No application was given.
    NoApplications,
    /// An application has no name.
    ApplicationName,
    /// An application's version is not a semver version.
    Version {
        /// The application.
        name: String,
        /// What was given as its version.
        version: String,
    },
    /// An interface has no name.
    InterfaceName {
        /// The application.
        application: String,
    },
    /// A method has a name under which clients written in JavaScript cannot call it (Q40).
    MethodName {
        /// The application.
        application: String,
        /// The interface.
        interface: String,
        /// The method.
        method: String,
        /// Why it cannot be called.
        why: &'static str,
    },
    /// Two applications have the same name and version.
    Duplicate {
        /// The name.
        name: String,
        /// The version.
        version: String,
    },
    /// A duration or a limit that must not be zero is.
    Zero {
        /// The option.
        option: &'static str,
    },
    /// A frame may be larger than the message it is part of.
    FrameAboveMessage,
    /// A duration is longer than 100 years.
    TooLong {
        /// The option.
        option: &'static str,
    },
    /// The TLS certificate or key cannot be used.
    Tls {
        /// Which of the two.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoApplications => f.write_str("a server needs at least one application"),
            Self::ApplicationName => f.write_str("an application's name must not be empty"),
            Self::Version { name, version } => {
                write!(
                    f,
                    "version {version:?} of application {name:?} is not a semver version"
                )
            }
            Self::Duplicate { name, version } => {
                write!(
                    f,
                    "Multiple instances of application: {name} with version: {version}"
                )
            }
            Self::InterfaceName { application } => {
                write!(
                    f,
                    "application {application:?} has an interface without a name"
                )
            }
            Self::MethodName {
                application,
                interface,
                method,
                why,
            } => write!(
                f,
                "clients cannot call method {method:?} of interface {interface:?} of application \
                 {application:?}: {why}"
            ),
            Self::FrameAboveMessage => {
                f.write_str("option max_message must not let a frame be larger than its message")
            }
            Self::Tls { what, why } => write!(f, "the TLS {what} cannot be used: {why}"),
            Self::TooLong { option } => {
                write!(f, "option {option} must not be longer than 100 years")
            }
            Self::Zero { option } => write!(f, "option {option} must be greater than zero"),
        }
    }
}

impl std::error::Error for OptionsError {}
