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

    /// Reads one value of `reader`, telling it to this visitor: what [`Reader::value`] does.
    ///
    /// The reading loop is compiled for each visitor, in the crate that first uses the two together and
    /// with that crate's optimization. A visitor that hands everything on to a [`Json`](super::Json)
    /// should hand on this as well, so that it is the loop of this crate that runs.
    ///
    /// # Errors
    /// As for [`Reader::value`].
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), ReadError>
    where
        Self: Sized,
    {
        reader.walk(self)
    }
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
    /// How many more values may come. Negative for a moment where it is not known whether one does.
    values_left: i64,
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
            values_left: i64::from(limits.values),
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
        let (key, end) = any_key(self.text, start)?;
        self.at = end;
        Ok(key)
    }

    /// Reads exactly one value.
    ///
    /// # Errors
    /// There is none, it is not MDSF, or it exceeds a limit. The visitor has then been told everything
    /// before that place.
    pub fn value<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), ReadError> {
        visitor.read(self)
    }

    /// [`value`](Self::value) for any visitor.
    #[inline]
    pub(super) fn walk<V: Visitor>(&mut self, visitor: &mut V) -> Result<(), ReadError> {
        let text = self.text;
        let bytes = text.as_bytes();
        // Copies of what changes with every token, which the compiler can then keep in registers.
        let mut at = self.at;
        let mut values_left = self.values_left;
        let mut inside = Inside::Nothing;
        self.open.clear();

        // One turn reads a value from its first byte, and what follows it up to the next one.
        'value: loop {
            values_left -= 1;
            if values_left < 0 {
                at = skip(text, at)?;
                // An array may still end, and that gives back what was taken for the value.
                if inside != Inside::Array || bytes.get(at) != Some(&b']') {
                    return Err(self.too_many_values(at));
                }
            }
            match bytes.get(at) {
                Some(b'\'') => {
                    let (content, end) = text::read::<b'\''>(text, at + 1)?;
                    visitor.string(content);
                    at = end + 1;
                }
                Some(b'"') => {
                    let (content, end) = text::read::<b'"'>(text, at + 1)?;
                    visitor.string(content);
                    at = end + 1;
                }
                Some(b'0'..=b'9' | b'-' | b'+' | b'.') => {
                    let (number, end) = number::read(text, at)?;
                    visitor.number(number);
                    at = end;
                }
                Some(b'{') => {
                    self.open.push(inside, at, self.limits)?;
                    inside = Inside::Object;
                    visitor.begin_object();
                    let (key, end) = member(text, at + 1)?;
                    at = end;
                    if let Some(key) = key {
                        visitor.key(key);
                        continue 'value;
                    }
                    visitor.end_object();
                    inside = self.open.pop();
                }
                Some(b'[') => {
                    self.open.push(inside, at, self.limits)?;
                    inside = Inside::Array;
                    visitor.begin_array();
                    at += 1;
                    continue 'value;
                }
                // In an array the turn begins after the bracket or a comma, where none of these is a value.
                Some(b',') if inside == Inside::Array => {
                    visitor.undefined();
                    at += 1;
                    continue 'value;
                }
                Some(b']') if inside == Inside::Array => {
                    values_left += 1;
                    at += 1;
                    visitor.end_array();
                    inside = self.open.pop();
                }
                Some(b'a'..=b'z' | b'A'..=b'Z') => at = word(text, at, visitor)?,
                _ => {
                    let start = skip(text, at)?;
                    if start == at {
                        return Err(ReadError::expected(text, at, "a value"));
                    }
                    values_left += 1;
                    at = start;
                    continue 'value;
                }
            }

            // The value is complete; so may be what it stands in.
            loop {
                match (inside, bytes.get(at)) {
                    (Inside::Nothing, _) => {
                        self.at = at;
                        self.values_left = values_left;
                        return Ok(());
                    }
                    (Inside::Object, Some(b',')) => {
                        let (key, end) = member(text, at + 1)?;
                        at = end;
                        if let Some(key) = key {
                            visitor.key(key);
                            continue 'value;
                        }
                        visitor.end_object();
                    }
                    (Inside::Object, Some(b'}')) => {
                        at += 1;
                        visitor.end_object();
                    }
                    (Inside::Array, Some(b',')) => {
                        at += 1;
                        continue 'value;
                    }
                    (Inside::Array, Some(b']')) => {
                        at += 1;
                        visitor.end_array();
                    }
                    _ => {
                        at = skip_to_separator(text, at, inside)?;
                        continue;
                    }
                }
                inside = self.open.pop();
            }
        }
    }

    #[cold]
    fn too_many_values(&self, at: usize) -> ReadError {
        let limit = self.limits.values;
        ReadError::new(at, ReadErrorKind::TooManyValues { limit })
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

/// Where the separator or closing bracket stands that must follow a value, `at` being at neither.
#[inline(never)]
fn skip_to_separator(text: &str, at: usize, inside: Inside) -> Result<usize, ReadError> {
    let end = skip(text, at)?;
    match (inside, text.as_bytes().get(end)) {
        (Inside::Array, Some(b',' | b']')) | (Inside::Object, Some(b',' | b'}')) => Ok(end),
        (Inside::Array, _) => Err(ReadError::expected(text, end, "`,` or `]`")),
        _ => Err(ReadError::expected(text, end, "`,` or `}`")),
    }
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

/// Reads what stands in an object after its opening brace or a comma: a key and the colon after it, or the
/// closing brace. Returns the key, if there is one, and where it goes on.
#[inline(always)]
fn member(text: &str, start: usize) -> Result<(Option<Key<'_>>, usize), ReadError> {
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
#[inline(always)]
fn bare_key(text: &str, start: usize) -> Option<(Key<'_>, usize)> {
    let bytes = text.as_bytes();
    let mut end = start;
    while let Some(&byte) = bytes.get(end)
        && BYTES[usize::from(byte)] & IDENTIFIER != 0
    {
        end += 1;
    }
    let is_key = end > start && bytes.get(end) == Some(&b':') && !bytes[start].is_ascii_digit();
    is_key.then(|| (Key::Name(Text::new(text, start, end, true)), end + 1))
}

/// Reads any key and the colon after it.
#[inline(never)]
fn any_key(text: &str, start: usize) -> Result<(Key<'_>, usize), ReadError> {
    let bytes = text.as_bytes();
    let (key, end) = match bytes.get(start) {
        Some(b'\'') => {
            let (content, end) = text::read::<b'\''>(text, start + 1)?;
            (Key::Text(content), end + 1)
        }
        Some(b'"') => {
            let (content, end) = text::read::<b'"'>(text, start + 1)?;
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

    /// Notes that something opens at `at`, inside of `outer`.
    #[inline(always)]
    fn push(&mut self, outer: Inside, at: usize, limits: Limits) -> Result<(), ReadError> {
        let limit = limits.depth;
        if self.depth >= limit {
            return Err(ReadError::new(at, ReadErrorKind::TooDeep { limit }));
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
