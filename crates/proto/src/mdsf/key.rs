//! Object keys: in quotes, bare, or numbers.

use std::borrow::Cow;

use jstp_ordinary::IN_IDENTIFIER;

use super::blank::skip;
use super::error::{ReadError, ReadErrorKind};
use super::float;
use super::identifier::{continues_identifier, starts_identifier};
use super::number::{self, Number};
use super::text::{self, Escape, Text};

/// An object key as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub enum Key<'t> {
    /// In quotes.
    Text(Text<'t>),
    /// Bare.
    Name(Text<'t>),
    /// A number, which stands for the text JavaScript would make of it.
    Number(Number<'t>),
}

impl<'t> Key<'t> {
    /// The property name, as far as that takes no arithmetic with floats, which would add 25 kB to what a
    /// page loads: numbers stay as they are spelled, and no name that the protocol knows is one.
    /// [`to_name`](Self::to_name) is right for all.
    pub fn to_str(&self) -> Cow<'t, str> {
        match self {
            Self::Text(text) | Self::Name(text) => text.to_str(),
            Self::Number(number) => number.raw().into(),
        }
    }

    /// The property name that JavaScript would give it.
    pub fn to_name(&self) -> Cow<'t, str> {
        match self {
            Self::Text(text) | Self::Name(text) => text.to_str(),
            Self::Number(number) => {
                let mut name = String::new();
                float::write(number.to_f64(), &mut name);
                name.into()
            }
        }
    }
}

/// Reads what stands in an object after its opening brace or a comma: a key and the colon after it, or the
/// closing brace. Returns the key, if there is one, and where it goes on.
#[inline]
pub(super) fn member(text: &str, start: usize) -> Result<(Option<Key<'_>>, usize), ReadError> {
    if let Some((key, end)) = bare_key(text, start) {
        return Ok((Some(key), end));
    }
    let start = skip(text, start)?;
    if text.as_bytes().get(start) == Some(&b'}') {
        return Ok((None, start + 1));
    }
    let (key, end) = any_key(text, start)?;
    Ok((Some(key), end))
}

/// Reads the ordinary key and the colon after it: an ASCII identifier, without blanks on either side.
#[inline]
fn bare_key(text: &str, start: usize) -> Option<(Key<'_>, usize)> {
    let bytes = text.as_bytes();
    let mut end = start;
    while let Some(&byte) = bytes.get(end)
        && IN_IDENTIFIER[usize::from(byte)]
    {
        end += 1;
    }
    let is_key = end > start && bytes.get(end) == Some(&b':') && !bytes[start].is_ascii_digit();
    is_key.then(|| (Key::Name(Text::new(text, start, end, true)), end + 1))
}

/// Reads any key and the colon after it.
#[inline(never)]
pub(super) fn any_key(text: &str, start: usize) -> Result<(Key<'_>, usize), ReadError> {
    let bytes = text.as_bytes();
    let (key, end) = match bytes.get(start) {
        Some(&quote @ (b'\'' | b'"')) => {
            let (content, end) = text::read(text, start + 1, quote)?;
            (Key::Text(content), end + 1)
        }
        Some(b'0'..=b'9') => {
            let (number, end) = number::read(text, start)?;
            (Key::Number(number), end)
        }
        _ => {
            let (name, end) = identifier(text, start)?;
            (Key::Name(name), end)
        }
    };
    let colon = skip(text, end)?;
    if bytes.get(colon) != Some(&b':') {
        return Err(ReadError::expected(text, colon, "`:`"));
    }
    Ok((key, colon + 1))
}

/// Reads the bare key that begins at `start`. Returns it and where it ends.
fn identifier(text: &str, start: usize) -> Result<(Text<'_>, usize), ReadError> {
    let mut at = start;
    let mut plain = true;
    while let Some(c) = text[at..].chars().next() {
        let is_escape = c == '\\';
        let (c, end) = if is_escape {
            plain = false;
            escaped(text, at)?
        } else {
            (c, at + c.len_utf8())
        };
        let belongs = if at == start {
            starts_identifier(c)
        } else {
            continues_identifier(c)
        };
        match (belongs, is_escape) {
            (true, _) => at = end,
            (false, true) => return Err(ReadError::new(at, ReadErrorKind::BadEscape)),
            (false, false) => break,
        }
    }
    if at == start {
        return Err(ReadError::expected(text, at, "a key"));
    }
    Ok((Text::new(text, start, at, plain), at))
}

/// Reads the escape in a bare key whose backslash is at `start`: only those by number are allowed there.
fn escaped(text: &str, start: usize) -> Result<(char, usize), ReadError> {
    if text.as_bytes().get(start + 1) == Some(&b'u')
        && let (Escape::Char(c), end) = text::read_escape(text, start)?
    {
        return Ok((c, end));
    }
    Err(ReadError::new(start, ReadErrorKind::BadEscape))
}
