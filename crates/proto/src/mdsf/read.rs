//! One pass over the text, telling a [`Visitor`] what it finds.

use super::Limits;
use super::blank::skip;
use super::error::{ReadError, ReadErrorKind};
use super::key::{Key, any_key, member};
use super::number::{self, Number};
use super::text::{self, Text};
use jstp_ordinary::{Inside, Next, Open, Place};

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
    /// The visitor's own copy of the reading loop, unless it hands everything on to a [`Json`](super::Json),
    /// and hands on this as well.
    ///
    /// # Errors
    /// As for [`Reader::value`].
    #[inline(never)]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), ReadError>
    where
        Self: Sized,
    {
        reader.walk(self, |_, _, place, _, _| place)
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

    /// The text from an earlier [`position`](Self::position) up to the present one.
    pub fn since(&self, position: usize) -> &'t str {
        self.text.get(position..self.at).unwrap_or_default()
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

    /// [`value`](Self::value) for any visitor. At the beginning of each member and element `ahead` may go on
    /// by itself, and returns how far that was.
    #[inline]
    pub(super) fn walk<V: Visitor>(
        &mut self,
        visitor: &mut V,
        ahead: impl Fn(&mut V, &'t str, Place, &mut Open, Limits) -> Place,
    ) -> Result<(), ReadError> {
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
            let mut next = Next::Separator;
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
                    self.push(inside, at)?;
                    inside = Inside::Object;
                    visitor.begin_object();
                    at += 1;
                    next = Next::Member;
                }
                Some(b'[') => {
                    self.push(inside, at)?;
                    inside = Inside::Array;
                    visitor.begin_array();
                    at += 1;
                    next = Next::Value;
                }
                // In an array the turn begins after the bracket or a comma, where none of these is a value.
                Some(b',') if inside == Inside::Array => {
                    visitor.undefined();
                    at += 1;
                    next = Next::Value;
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

            // A value is complete, or has been begun. If it is, so may be what it stands in.
            loop {
                if next != Next::Separator {
                    let place = Place {
                        at,
                        inside,
                        values_left,
                        next,
                    };
                    let place = ahead(visitor, text, place, &mut self.open, self.limits);
                    (at, inside, values_left) = (place.at, place.inside, place.values_left);
                    next = Next::Separator;
                    match place.next {
                        Next::Separator => {}
                        Next::Value => continue 'value,
                        Next::Member => {
                            let (key, end) = member(text, at)?;
                            at = end;
                            if let Some(key) = key {
                                visitor.key(key);
                                continue 'value;
                            }
                            visitor.end_object();
                            inside = self.open.pop();
                        }
                    }
                    continue;
                }
                match (inside, bytes.get(at)) {
                    (Inside::Nothing, _) => {
                        self.at = at;
                        self.values_left = values_left;
                        return Ok(());
                    }
                    (Inside::Object, Some(b',')) => {
                        at += 1;
                        next = Next::Member;
                        continue;
                    }
                    (Inside::Object, Some(b'}')) => {
                        at += 1;
                        visitor.end_object();
                    }
                    (Inside::Array, Some(b',')) => {
                        at += 1;
                        next = Next::Value;
                        continue;
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

    /// Notes that something opens at `at`, inside of `outer`.
    #[inline]
    fn push(&mut self, outer: Inside, at: usize) -> Result<(), ReadError> {
        let limit = self.limits.depth;
        match self.open.push(outer, limit) {
            true => Ok(()),
            false => Err(ReadError::new(at, ReadErrorKind::TooDeep { limit })),
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
#[inline]
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
