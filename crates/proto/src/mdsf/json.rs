//! A [`Visitor`] that writes the value as JSON text.

use super::Limits;
use super::error::ReadError;
use super::float::integer_digits;
use super::key::Key;
use super::number::{Form, Number};
use super::ordinary::{self, Output, Place};
use super::read::{Open, Reader, Visitor};
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
/// Two quotes and a separator.
const AROUND: usize = 3;

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
        // SAFETY: `len` grows only past a whole `&str` or ASCII that was just copied to `buffer[len..]`, and
        // returns only to zero, to where a key began, or by a comma, so `buffer[..len]` is whole
        // characters. Checking that again takes as long as all of the reading, for text beyond ASCII.
        unsafe { std::str::from_utf8_unchecked(bytes) }
    }

    /// The text.
    pub fn into_string(self) -> String {
        self.text().to_owned()
    }

    /// Whether `JSON.parse` makes the same value of the text.
    ///
    /// It does not after what JSON cannot say: `undefined` alone or in an array, NaN, `Infinity`. Nor after
    /// what would take arithmetic with floats, which weighs much in a browser: hexadecimal, octal and binary
    /// numbers beyond 2^53 − 1, and as keys all numbers but integers up to there. The text is then JSON with
    /// something else in those places.
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

    /// What of the buffer comes after the text, if there are `N` bytes of it.
    #[inline(always)]
    fn spare<const N: usize>(&mut self) -> Option<&mut [u8; N]> {
        self.buffer.get_mut(self.len..)?.first_chunk_mut()
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, len: usize) {
        self.buffer
            .resize((self.len + len).max(self.buffer.len() * 2).max(256), 0);
    }

    #[inline(always)]
    fn push(&mut self, byte: u8) {
        self.token(&[byte]);
    }

    fn push_str(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let len = bytes.len();
        if self.buffer.len() - self.len < len {
            self.grow(len);
        }
        let room = &mut self.buffer[self.len..][..len];
        // Pieces between escapes are short, and copying an unknown length is a call.
        match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            (Some(first), Some(last)) if len <= 16 => {
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
        match self.spare::<N>() {
            Some(room) => *room = *token,
            None => {
                self.grow(N);
                self.buffer[self.len..][..N].copy_from_slice(token);
            }
        }
        self.len += N;
    }

    #[inline(always)]
    fn quoted(&mut self, text: Text<'_>, after: u8) {
        debug_assert!(after.is_ascii());
        let len = text.len();
        if text.is_plain()
            && len <= SHORT
            && let Some(short) = text.overshoot::<SHORT>()
            && let Some(room) = self.spare::<{ SHORT + AROUND }>()
        {
            room[0] = b'"';
            room[1..=SHORT].copy_from_slice(short);
            room[len + 1] = b'"';
            room[len + 2] = after;
            self.len += len + 3;
            return;
        }
        self.quoted_of_any_length(text, after);
    }

    #[inline(never)]
    fn quoted_of_any_length(&mut self, text: Text<'_>, after: u8) {
        if let Some(plain) = text.as_plain() {
            self.push(b'"');
            self.push_str(plain);
            self.push(b'"');
        } else {
            text.json_pieces(|piece| self.push_str(piece));
        }
        self.push(after);
    }

    #[cold]
    fn unusual_number(&mut self, number: Number<'_>) {
        let (negative, digits) = number.sign_and_magnitude();
        if let Some(magnitude) = number.small_magnitude() {
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
        let magnitude = number.small_magnitude();
        if magnitude.is_none() {
            self.inexact = true;
        }
        self.push(b'"');
        self.push_str(integer_digits(magnitude.unwrap_or_default(), &mut [0; 20]));
        self.token(b"\":");
    }

    /// Writes what is ordinary from `place` on.
    #[inline(never)]
    fn ahead(&mut self, text: &str, place: Place, open: &mut Open, limits: Limits) -> Place {
        let mut output = Output {
            buffer: &mut self.buffer,
            len: self.len,
            member: self.member,
        };
        let place = ordinary::copy(text.as_bytes(), place, &mut output, open, limits);
        (self.len, self.member) = (output.len, output.member);
        place
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
        if len <= SHORT
            && let Some(short) = number.overshoot::<SHORT>()
            && let Some(room) = self.spare::<{ SHORT + AROUND }>()
        {
            room[..SHORT].copy_from_slice(short);
            room[len] = b',';
            self.len += len + 1;
            return;
        }
        self.push_str(number.raw());
        self.push(b',');
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
        reader.walk(self, Self::ahead)
    }
}
