//! One pass over the text, telling a [`Visitor`] what it finds.

use std::borrow::Cow;

use super::Limits;
use super::error::{ReadError, ReadErrorKind};
use super::identifier::{continues_identifier, starts_identifier};
use super::number::{self, Number};
use super::text::{self, Escape, Text};

/// Is told what a text holds, in the order in which it stands there.
///
/// A visitor cannot fail: syntax and limits are the reader's business.
pub trait Visitor {
    /// `undefined`, or an array element left out. As the value of a member it follows its key like any
    /// other value; the member then does not exist.
    fn undefined(&mut self);
    /// `null`.
    fn null(&mut self);
    /// `true` or `false`.
    fn bool(&mut self, value: bool);
    /// A number.
    fn number(&mut self, number: Number<'_>);
    /// A string.
    fn string(&mut self, text: Text<'_>);
    /// An array; its elements follow.
    fn begin_array(&mut self);
    /// The end of the array that was begun last.
    fn end_array(&mut self);
    /// An object; its members follow, each as a key and a value.
    fn begin_object(&mut self);
    /// The key of a member.
    fn key(&mut self, key: Key<'_>);
    /// The end of the object that was begun last.
    fn end_object(&mut self);
}

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
    /// The property name.
    pub fn to_str(&self) -> Cow<'t, str> {
        match self {
            Self::Text(text) | Self::Name(text) => text.to_str(),
            Self::Number(number) => {
                let mut name = String::new();
                super::float::write(number.to_f64(), &mut name);
                Cow::Owned(name)
            }
        }
    }

    /// The key's text, if it is not a number. Unlike [`to_str`](Self::to_str) this needs nothing that
    /// formats floats, which weighs much in a browser.
    pub fn text(&self) -> Option<Text<'t>> {
        match *self {
            Self::Text(text) | Self::Name(text) => Some(text),
            Self::Number(_) => None,
        }
    }
}

/// A cursor over a text, for those who know what must come next; [`read`](super::read) is the simple way.
///
/// After an error the reader's position is unspecified.
#[derive(Debug)]
pub struct Reader<'t> {
    text: &'t str,
    at: usize,
    limits: Limits,
    /// How many more values may come.
    values_left: u32,
    open: Open,
}

impl<'t> Reader<'t> {
    /// A reader at the beginning of `text`. The limit on values is shared by everything it reads; that
    /// on depth is for each value.
    pub fn new(text: &'t str, limits: Limits) -> Self {
        Self {
            text,
            at: 0,
            limits,
            values_left: limits.values,
            open: Open::default(),
        }
    }

    /// The offset of what comes next, in bytes.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Skips blanks and comments; returns the byte after them, which stays.
    ///
    /// # Errors
    /// A comment that does not end.
    pub fn peek(&mut self) -> Result<Option<u8>, ReadError> {
        self.at = skip(self.text, self.at)?;
        Ok(self.text.as_bytes().get(self.at).copied())
    }

    /// Skips blanks and comments; consumes the byte after them and returns true if it is `byte`.
    ///
    /// # Errors
    /// A comment that does not end.
    pub fn eat(&mut self, byte: u8) -> Result<bool, ReadError> {
        debug_assert!(byte.is_ascii());
        let found = self.peek()? == Some(byte);
        self.at += usize::from(found);
        Ok(found)
    }

    /// Reads one object key and the colon after it.
    ///
    /// # Errors
    /// Something else stands here.
    pub fn key(&mut self) -> Result<Key<'t>, ReadError> {
        let start = skip(self.text, self.at)?;
        let (key, end) = key(self.text, start)?;
        self.at = end;
        Ok(key)
    }

    /// Reads exactly one value.
    ///
    /// # Errors
    /// There is none, it is not MDSF, or it exceeds a limit. The visitor has then been told everything
    /// before that place.
    pub fn value<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), ReadError> {
        let text = self.text;
        let bytes = text.as_bytes();
        let limits = self.limits;
        // Copies of what changes with every token, which the compiler can then keep in registers.
        let mut at = self.at;
        let mut values_left = self.values_left;
        let mut inside = Inside::Nothing;
        self.open.clear();

        // One turn reads a value from its first byte, and what follows it up to the next one.
        'value: loop {
            if values_left == 0 {
                at = skip(text, at)?;
                return Err(too_many_values(at, limits));
            }
            values_left -= 1;
            match bytes.get(at) {
                Some(&quote @ (b'\'' | b'"')) => {
                    let (content, end) = text::read(text, at + 1, quote)?;
                    visitor.string(content);
                    at = end + 1;
                }
                Some(b'0'..=b'9' | b'-' | b'+' | b'.') => {
                    let (number, end) = number::read(text, at)?;
                    visitor.number(number);
                    at = end;
                }
                Some(b'{') => {
                    at += 1;
                    self.open
                        .push(inside, limits)
                        .map_err(|kind| ReadError::new(at - 1, kind))?;
                    visitor.begin_object();
                    if bytes.get(at).is_none_or(|byte| is_blank(*byte)) {
                        at = skip(text, at)?;
                    }
                    if bytes.get(at) != Some(&b'}') {
                        let (key, end) = key(text, at)?;
                        visitor.key(key);
                        at = end;
                        inside = Inside::Object;
                        continue 'value;
                    }
                    at += 1;
                    visitor.end_object();
                    inside = self.open.pop();
                }
                Some(b'[') => {
                    at += 1;
                    self.open
                        .push(inside, limits)
                        .map_err(|kind| ReadError::new(at - 1, kind))?;
                    inside = Inside::Array;
                    visitor.begin_array();
                    let end = elements(text, at, &mut values_left, limits, visitor)?;
                    at = end.at;
                    if !end.is_end {
                        continue 'value;
                    }
                    visitor.end_array();
                    inside = self.open.pop();
                }
                Some(b'a'..=b'z' | b'A'..=b'Z') => {
                    at = word(text, at, visitor)?;
                }
                _ => {
                    let start = skip(text, at)?;
                    if start == at {
                        return Err(ReadError::expected(text, at, "a value"));
                    }
                    at = start;
                    values_left += 1;
                    continue 'value;
                }
            }

            // The value is complete; so is what it ends, and what that ends.
            loop {
                if inside == Inside::Nothing {
                    self.at = at;
                    self.values_left = values_left;
                    return Ok(());
                }
                let mut next = bytes.get(at);
                if next.is_none_or(|byte| is_blank(*byte)) {
                    at = skip(text, at)?;
                    next = bytes.get(at);
                }
                if inside == Inside::Object {
                    match next {
                        Some(b',') => {
                            at += 1;
                            if bytes.get(at).is_none_or(|byte| is_blank(*byte)) {
                                at = skip(text, at)?;
                            }
                            if bytes.get(at) != Some(&b'}') {
                                let (key, end) = key(text, at)?;
                                visitor.key(key);
                                at = end;
                                continue 'value;
                            }
                        }
                        Some(b'}') => {}
                        _ => return Err(ReadError::expected(text, at, "`,` or `}`")),
                    }
                    at += 1;
                    visitor.end_object();
                } else {
                    match next {
                        Some(b',') => {
                            let end = elements(text, at + 1, &mut values_left, limits, visitor)?;
                            at = end.at;
                            if !end.is_end {
                                continue 'value;
                            }
                        }
                        Some(b']') => at += 1,
                        _ => return Err(ReadError::expected(text, at, "`,` or `]`")),
                    }
                    visitor.end_array();
                }
                inside = self.open.pop();
            }
        }
    }

    /// Makes sure that only blanks and comments remain.
    ///
    /// # Errors
    /// Something else does.
    pub fn end(&mut self) -> Result<(), ReadError> {
        match self.peek()? {
            None => Ok(()),
            Some(_) => Err(self.expected("the end of the text")),
        }
    }

    /// The error for a caller who had to find something else at the current position.
    pub fn expected(&self, what: &'static str) -> ReadError {
        ReadError::expected(self.text, self.at, what)
    }

    /// [`expected`](Self::expected) where a member has ended and neither another nor the end follows.
    pub fn unexpected(&self) -> ReadError {
        self.expected("`,` or `}`")
    }
}

/// Where reading goes on in an array.
struct Elements {
    at: usize,
    /// Whether that is after its closing bracket; otherwise a value comes.
    is_end: bool,
}

/// Reads what stands in an array before its next value: elements left out, or the end. `at` is after
/// the opening bracket or after a comma.
#[inline(always)]
fn elements<V: Visitor>(
    text: &str,
    mut at: usize,
    values_left: &mut u32,
    limits: Limits,
    visitor: &mut V,
) -> Result<Elements, ReadError> {
    let bytes = text.as_bytes();
    loop {
        if bytes.get(at).is_none_or(|byte| is_blank(*byte)) {
            at = skip(text, at)?;
        }
        match bytes.get(at) {
            Some(b',') => {
                *values_left = values_left
                    .checked_sub(1)
                    .ok_or_else(|| too_many_values(at, limits))?;
                visitor.undefined();
                at += 1;
            }
            Some(b']') => {
                return Ok(Elements {
                    at: at + 1,
                    is_end: true,
                });
            }
            Some(_) => return Ok(Elements { at, is_end: false }),
            None => return Err(ReadError::expected(text, at, "a value or `]`")),
        }
    }
}

#[cold]
fn too_many_values(at: usize, limits: Limits) -> ReadError {
    ReadError::new(
        at,
        ReadErrorKind::TooManyValues {
            limit: limits.values,
        },
    )
}

/// Reads the word that begins at `start` and tells `visitor` what it means. Returns where it ends.
#[inline(always)]
fn word<V: Visitor>(text: &str, start: usize, visitor: &mut V) -> Result<usize, ReadError> {
    let rest = &text.as_bytes()[start..];
    if rest.starts_with(b"true") {
        visitor.bool(true);
        return Ok(start + 4);
    }
    if rest.starts_with(b"false") {
        visitor.bool(false);
        return Ok(start + 5);
    }
    if rest.starts_with(b"null") {
        visitor.null();
        return Ok(start + 4);
    }
    if rest.starts_with(b"undefined") {
        visitor.undefined();
        return Ok(start + 9);
    }
    if let Some(b'N' | b'I') = rest.first()
        && let Ok((number, end)) = number::read(text, start)
    {
        visitor.number(number);
        return Ok(end);
    }
    Err(ReadError::expected(text, start, "a value"))
}

/// Reads the key that begins at `start` and the colon after it. Returns it and where the value begins.
#[inline(always)]
fn key(text: &str, start: usize) -> Result<(Key<'_>, usize), ReadError> {
    let bytes = text.as_bytes();
    let mut end = start;
    while let Some(&byte) = bytes.get(end)
        && BYTES[usize::from(byte)] & IDENTIFIER != 0
    {
        end += 1;
    }
    if end > start && bytes.get(end) == Some(&b':') && !bytes[start].is_ascii_digit() {
        return Ok((Key::Name(Text::new(text, start, end, true)), end + 1));
    }
    any_key(text, start)
}

/// [`key`] for those in quotes, with characters beyond ASCII, or before a blank.
#[inline(never)]
fn any_key(text: &str, start: usize) -> Result<(Key<'_>, usize), ReadError> {
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
    while let Some(mut c) = text[at..].chars().next() {
        let mut end = at + c.len_utf8();
        if c == '\\' {
            plain = false;
            let escape = match text.as_bytes().get(at + 1) {
                Some(b'u') => text::read_escape(text, at)?,
                _ => return Err(ReadError::new(at, ReadErrorKind::BadEscape)),
            };
            let (Escape::Char(escaped), after) = escape else {
                return Err(ReadError::new(at, ReadErrorKind::BadEscape));
            };
            c = escaped;
            end = after;
        }
        let belongs = if at == start {
            starts_identifier(c)
        } else {
            continues_identifier(c)
        };
        if !belongs {
            if c.len_utf8() == end - at {
                break;
            }
            return Err(ReadError::new(at, ReadErrorKind::BadEscape));
        }
        at = end;
    }
    if at == start {
        return Err(ReadError::expected(text, at, "a key"));
    }
    Ok((Text::new(text, start, at, plain), at))
}

/// Where the blanks and comments that begin at `at` end.
#[inline(always)]
fn skip(text: &str, at: usize) -> Result<usize, ReadError> {
    match text.as_bytes().get(at) {
        Some(&byte) if is_blank(byte) => skip_blanks(text, at),
        _ => Ok(at),
    }
}

#[inline(never)]
fn skip_blanks(text: &str, mut at: usize) -> Result<usize, ReadError> {
    let bytes = text.as_bytes();
    loop {
        match bytes.get(at) {
            Some(b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r') => at += 1,
            Some(b'/') => at = skip_comment(text, at)?,
            Some(0x80..) => match text[at..].chars().next() {
                Some(
                    c @ ('\u{a0}'
                    | '\u{feff}'
                    | '\u{1680}'
                    | '\u{2000}'..='\u{200a}'
                    | '\u{2028}'
                    | '\u{2029}'
                    | '\u{202f}'
                    | '\u{205f}'
                    | '\u{3000}'),
                ) => at += c.len_utf8(),
                _ => return Ok(at),
            },
            _ => return Ok(at),
        }
    }
}

/// Where the comment ends whose slash is at `start`. A lone slash is no comment and ends nowhere else.
fn skip_comment(text: &str, start: usize) -> Result<usize, ReadError> {
    let content = start + 2;
    match text.as_bytes().get(start + 1) {
        Some(b'/') => {
            let comment = &text[content..];
            let length = comment.find(['\n', '\r', '\u{2028}', '\u{2029}']);
            Ok(content + length.unwrap_or(comment.len()))
        }
        Some(b'*') => match text[content..].find("*/") {
            Some(length) => Ok(content + length + 2),
            None => Err(ReadError::new(start, ReadErrorKind::UnfinishedComment)),
        },
        _ => Err(ReadError::expected(
            text,
            start,
            "a value, a separator or a comment",
        )),
    }
}

#[inline(always)]
fn is_blank(byte: u8) -> bool {
    BYTES[usize::from(byte)] & BLANK != 0
}

/// A blank or a comment may begin with this byte.
const BLANK: u8 = 1;
/// Part of an ASCII identifier.
const IDENTIFIER: u8 = 2;

static BYTES: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r' | b'/' | 0x80.. => BLANK,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'$' => IDENTIFIER,
            _ => 0,
        };
        byte += 1;
    }
    table
};

/// What the next token stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    Nothing,
    Array,
    Object,
}

/// The arrays and objects around the innermost one, a bit each, so that reading needs no stack of its own
/// and, up to 64 levels, no memory either.
#[derive(Debug, Default)]
struct Open {
    depth: u32,
    /// The innermost up to 64, the last in the lowest bit; set for objects.
    last: u64,
    /// Those further out, 64 at a time.
    before: Vec<u64>,
}

impl Open {
    fn clear(&mut self) {
        self.depth = 0;
        self.before.clear();
    }

    /// Notes that something opens inside of `outer`.
    #[inline(always)]
    fn push(&mut self, outer: Inside, limits: Limits) -> Result<(), ReadErrorKind> {
        if self.depth >= limits.depth {
            return Err(ReadErrorKind::TooDeep {
                limit: limits.depth,
            });
        }
        if self.depth.is_multiple_of(64) && self.depth > 0 {
            self.before.push(self.last);
        }
        self.depth += 1;
        self.last = self.last << 1 | u64::from(outer == Inside::Object);
        Ok(())
    }

    /// Notes that what opened last has ended; returns what it stood in.
    #[inline(always)]
    fn pop(&mut self) -> Inside {
        let outer = if self.depth <= 1 {
            Inside::Nothing
        } else if self.last & 1 == 1 {
            Inside::Object
        } else {
            Inside::Array
        };
        self.depth = self.depth.saturating_sub(1);
        self.last >>= 1;
        if self.depth.is_multiple_of(64)
            && let Some(last) = self.before.pop()
        {
            self.last = last;
        }
        outer
    }
}
