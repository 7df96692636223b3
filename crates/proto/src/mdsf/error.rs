//! Why a text could not be read.

use crate::text::{decimal, joined};
use std::fmt;
use std::ops::Deref;

/// Where a text stops being MDSF, and why. In a box: it is handed on much more often than it is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError(Box<Fault>);

/// What a [`ReadError`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
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

impl Deref for ReadError {
    type Target = Fault;

    fn deref(&self) -> &Fault {
        &self.0
    }
}

impl ReadError {
    #[cold]
    #[inline(never)]
    pub(super) fn new(position: usize, kind: ReadErrorKind) -> Self {
        Self(Box::new(Fault { position, kind }))
    }

    /// Something other than `what` stands at `position`.
    #[cold]
    #[inline(never)]
    pub(super) fn expected(text: &str, position: usize, what: &'static str) -> Self {
        let found = text.get(position..).and_then(|rest| rest.chars().next());
        Self::new(position, ReadErrorKind::Expected { what, found })
    }
}

impl ReadError {
    /// What [`Display`](fmt::Display) shows, without what std's formatting weighs in a page.
    pub fn sentence(&self) -> String {
        let what = match self.kind {
            ReadErrorKind::Expected { what, found } => {
                joined(&["expected ", what, ", found ", &describe(found)])
            }
            ReadErrorKind::UnfinishedString => "a string has no closing quote".to_owned(),
            ReadErrorKind::UnfinishedComment => "a comment has no closing `*/`".to_owned(),
            ReadErrorKind::LineBreakInString => "a string is broken by a line end".to_owned(),
            ReadErrorKind::BadEscape => "an escape sequence means no character".to_owned(),
            ReadErrorKind::LeadingZero => "a number has a leading zero".to_owned(),
            ReadErrorKind::TooDeep { limit } => joined(&[
                "more than ",
                &decimal(limit as i64),
                " arrays and objects are open",
            ]),
            ReadErrorKind::TooManyValues { limit } => {
                joined(&["there are more than ", &decimal(limit as i64), " values"])
            }
        };
        joined(&[&what, " at byte ", &*decimal(self.position as i64)])
    }
}

fn describe(found: Option<char>) -> String {
    let Some(c) = found else {
        return "the end of the text".to_owned();
    };
    let mut text = String::new();
    if ('!'..='~').contains(&c) {
        text.push('`');
        text.push(c);
        text.push('`');
        return text;
    }
    text.push_str("U+");
    for place in (0..6).rev() {
        let rest = u32::from(c) >> (4 * place);
        // At least four digits, as is usual.
        if rest > 0 || place < 4 {
            let digit = (rest & 15) as u8;
            text.push(char::from(
                digit + if digit < 10 { b'0' } else { b'A' - 10 },
            ));
        }
    }
    text
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}

impl std::error::Error for ReadError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_that_cannot_be_seen_is_told_by_its_number() {
        for (found, told) in [
            ('~', "`~`"),
            (' ', "U+0020"),
            ('é', "U+00E9"),
            ('😀', "U+1F600"),
            ('\u{10ffff}', "U+10FFFF"),
        ] {
            assert_eq!(describe(Some(found)), told);
        }
    }
}
