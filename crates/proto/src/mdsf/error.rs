//! Why a text could not be read.

use std::fmt;

/// Where a text stops being MDSF, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// Offset into the text, in bytes.
    pub position: usize,
    /// What is wrong there.
    pub kind: ReadErrorKind,
}

/// What can be wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// Something else had to stand here.
    Expected {
        /// What had to stand here, as a sentence goes on after "expected".
        what: &'static str,
        /// What stands here instead; `None` at the end of the text.
        found: Option<char>,
    },
    /// A string that is not closed.
    UnfinishedString,
    /// A `/*` without its `*/`.
    UnfinishedComment,
    /// A line feed or carriage return inside a string that is not escaped.
    LineBreakInString,
    /// An escape sequence that does not exist, or names no character.
    BadEscape,
    /// A number that begins with 0 and goes on with a digit.
    LeadingZero,
    /// More arrays and objects inside each other than [`Limits::depth`](super::Limits::depth).
    TooDeep {
        /// The limit.
        limit: u32,
    },
    /// More values than [`Limits::values`](super::Limits::values).
    TooManyValues {
        /// The limit.
        limit: u32,
    },
}

impl ReadError {
    #[cold]
    pub(super) fn new(position: usize, kind: ReadErrorKind) -> Self {
        Self { position, kind }
    }

    /// Something other than `what` stands at `position`.
    #[cold]
    pub(super) fn expected(text: &str, position: usize, what: &'static str) -> Self {
        let found = text.get(position..).and_then(|rest| rest.chars().next());
        Self {
            position,
            kind: ReadErrorKind::Expected { what, found },
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ReadErrorKind::Expected { what, found } => {
                write!(f, "expected {what}, found ")?;
                match found {
                    None => f.write_str("the end of the text")?,
                    Some(c @ '!'..='~') => write!(f, "`{c}`")?,
                    Some(c) => write!(f, "U+{:04X}", u32::from(c))?,
                }
            }
            ReadErrorKind::UnfinishedString => f.write_str("a string has no closing quote")?,
            ReadErrorKind::UnfinishedComment => f.write_str("a comment has no closing `*/`")?,
            ReadErrorKind::LineBreakInString => f.write_str("a string is broken by a line end")?,
            ReadErrorKind::BadEscape => f.write_str("an escape sequence means no character")?,
            ReadErrorKind::LeadingZero => f.write_str("a number has a leading zero")?,
            ReadErrorKind::TooDeep { limit } => {
                write!(f, "more than {limit} arrays and objects are open")?;
            }
            ReadErrorKind::TooManyValues { limit } => {
                write!(f, "there are more than {limit} values")?
            }
        }
        write!(f, " at byte {}", self.position)
    }
}

impl std::error::Error for ReadError {}
