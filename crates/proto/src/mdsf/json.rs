//! A [`Visitor`] that writes the value as JSON text.

use super::MAX_SAFE_INTEGER;
use super::error::ReadError;
use super::float::integer_digits;
use super::number::{Form, Number};
use super::read::{Key, Reader, Visitor};
use super::text::Text;

/// Writes what it is told as JSON text of which `JSON.parse` makes the same value, `__proto__` being a key
/// like any other. Meant to be kept: what it has once allocated serves the next text.
#[derive(Clone, Debug, Default)]
pub struct Json {
    /// The text, and room to write the next token without asking for it byte by byte. The first `len`
    /// bytes are whole characters only.
    buffer: Vec<u8>,
    len: usize,
    /// Where the member that was begun last begins, to take its key back when its value is `undefined`.
    member: usize,
    inexact: bool,
}

/// Tokens up to this length are copied as this many bytes, whatever follows them in the source: a copy of
/// fixed length is a few instructions, one of unknown length a call.
const SHORT: usize = 16;
/// Quotes and a separator on both sides.
const AROUND: usize = 4;

impl Json {
    /// An empty text with room for about `bytes` bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        let mut json = Self::default();
        json.reserve(bytes);
        json
    }

    /// Makes room for about `bytes` bytes more: the length of what will be read is a good guess.
    pub fn reserve(&mut self, bytes: usize) {
        let wanted = self.len + bytes;
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
    }

    /// Forgets the text and keeps its memory.
    pub fn clear(&mut self) {
        self.len = 0;
        self.inexact = false;
    }

    /// The text.
    pub fn text(&self) -> &str {
        let bytes = &self.buffer[..self.end()];
        // SAFETY: below `len` the buffer holds what `push_str`, `token` and `quoted` put there, and each of
        // them puts there a `&str` as a whole, with ASCII around it. `len` only ever returns to zero or to
        // where a key began. Checking it all again costs a third of the reading of text beyond ASCII.
        unsafe { std::str::from_utf8_unchecked(bytes) }
    }

    /// The text.
    pub fn into_string(self) -> String {
        self.text().to_owned()
    }

    /// Whether `JSON.parse` makes the same value of the text. Not so after what JSON cannot say: `undefined`
    /// alone or in an array, NaN, infinities, and hexadecimal, octal and binary numbers beyond 2^53 − 1, and as keys all
    /// numbers but integers up to there. Those stand as `null` in the text.
    pub fn is_exact(&self) -> bool {
        !self.inexact
    }

    /// Every value ends with a comma; the last one's does not belong to the text.
    fn end(&self) -> usize {
        match self.written().last() {
            Some(b',') => self.len - 1,
            _ => self.len,
        }
    }

    fn written(&self) -> &[u8] {
        &self.buffer[..self.len]
    }

    /// At least `len` bytes after the text.
    #[inline(always)]
    fn room(&mut self, len: usize) -> &mut [u8] {
        if self.buffer.len() - self.len < len {
            self.grow(len);
        }
        &mut self.buffer[self.len..]
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, len: usize) {
        self.buffer
            .resize((self.len + len).max(self.buffer.len() * 2).max(256), 0);
    }

    #[inline(always)]
    fn push(&mut self, byte: u8) {
        debug_assert!(byte.is_ascii());
        self.room(1)[0] = byte;
        self.len += 1;
    }

    #[inline(always)]
    fn push_str(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let len = bytes.len();
        let room = &mut self.room(len)[..len];
        // Pieces between escapes are short, and copying an unknown length is a call.
        match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            (Some(first), Some(last)) if len <= SHORT => {
                room[..8].copy_from_slice(first);
                room[len - 8..].copy_from_slice(last);
            }
            _ => room.copy_from_slice(bytes),
        }
        self.len += len;
    }

    /// Writes ASCII of a length known to the compiler.
    #[inline(always)]
    fn token<const N: usize>(&mut self, token: &[u8; N]) {
        debug_assert!(token.is_ascii());
        self.room(N)[..N].copy_from_slice(token);
        self.len += N;
    }

    #[inline(always)]
    fn quoted(&mut self, text: Text<'_>, after: u8) {
        debug_assert!(after.is_ascii());
        if !text.is_plain() {
            text.json_pieces(|piece| self.push_str(piece));
            return self.push(after);
        }
        let len = text.len();
        let room = self.room(len + SHORT + AROUND);
        room[0] = b'"';
        match text.overshoot::<SHORT>() {
            Some(short) if len <= SHORT => room[1..=SHORT].copy_from_slice(short),
            _ => room[1..=len].copy_from_slice(text.raw().as_bytes()),
        }
        room[len + 1] = b'"';
        room[len + 2] = after;
        self.len += len + 3;
    }

    #[cold]
    fn unusual_number(&mut self, number: Number<'_>) {
        let (negative, digits) = number.sign_and_magnitude();
        if let Some(magnitude) = number.radix_magnitude()
            && magnitude <= MAX_SAFE_INTEGER
        {
            if negative {
                self.push(b'-');
            }
            self.push_str(integer_digits(magnitude, &mut [0; 20]));
            return self.push(b',');
        }
        if number.form() != Form::Decimal {
            self.inexact = true;
            return self.token(b"null,");
        }
        if negative {
            self.push(b'-');
        }
        // `.5` and `5.` and `5.e1`
        if digits.starts_with('.') {
            self.push(b'0');
        }
        match digits.split_once('.') {
            Some((whole, rest)) if !rest.starts_with(|c: char| c.is_ascii_digit()) => {
                self.push_str(whole);
                self.push_str(rest);
            }
            _ => self.push_str(digits),
        }
        self.push(b',');
    }

    #[cold]
    fn number_key(&mut self, number: Number<'_>) {
        let magnitude = match number.as_integer() {
            Some(integer) => Some(integer.unsigned_abs()),
            None => number
                .radix_magnitude()
                .filter(|magnitude| *magnitude <= MAX_SAFE_INTEGER),
        };
        if magnitude.is_none() {
            self.inexact = true;
        }
        self.push(b'"');
        self.push_str(integer_digits(magnitude.unwrap_or_default(), &mut [0; 20]));
        self.token(b"\":");
    }

    #[inline(always)]
    fn close(&mut self, bracket: u8) {
        debug_assert!(bracket.is_ascii());
        // The last value's comma, or the opening bracket.
        if self.written().last() == Some(&b',') {
            self.len -= 1;
        }
        self.token(&[bracket, b',']);
    }
}

impl Visitor for Json {
    fn undefined(&mut self) {
        // Only a key ends with a colon: what else may hold one ends with a quote.
        if self.written().last() == Some(&b':') {
            self.len = self.member;
        } else {
            self.inexact = true;
            self.token(b"null,");
        }
    }

    #[inline(always)]
    fn null(&mut self) {
        self.token(b"null,");
    }

    #[inline(always)]
    fn bool(&mut self, value: bool) {
        if value {
            self.token(b"true,")
        } else {
            self.token(b"false,")
        }
    }

    #[inline(always)]
    fn number(&mut self, number: Number<'_>) {
        if !matches!(number.form(), Form::Integer | Form::Json) {
            return self.unusual_number(number);
        }
        let len = number.len();
        let room = self.room(len + SHORT + AROUND);
        match number.overshoot::<SHORT>() {
            Some(short) if len <= SHORT => room[..SHORT].copy_from_slice(short),
            _ => room[..len].copy_from_slice(number.raw().as_bytes()),
        }
        room[len] = b',';
        self.len += len + 1;
    }

    #[inline(always)]
    fn string(&mut self, text: Text<'_>) {
        self.quoted(text, b',');
    }

    #[inline(always)]
    fn begin_array(&mut self) {
        self.push(b'[');
    }

    #[inline(always)]
    fn end_array(&mut self) {
        self.close(b']');
    }

    #[inline(always)]
    fn begin_object(&mut self) {
        self.push(b'{');
    }

    #[inline(always)]
    fn key(&mut self, key: Key<'_>) {
        self.member = self.len;
        match key {
            Key::Text(text) | Key::Name(text) => self.quoted(text, b':'),
            Key::Number(number) => self.number_key(number),
        }
    }

    #[inline(always)]
    fn end_object(&mut self) {
        self.close(b'}');
    }

    /// Not generic and not inlined: compiled here, with this crate's optimization.
    #[inline(never)]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        reader.walk(self)
    }
}
