//! A [`Visitor`] that writes the value as JSON text.

use jstp_ordinary::{Open, Output, Place};

use super::Limits;
use super::error::ReadError;
use super::key::Key;
use super::number::{Form, Number};
use super::read::{Reader, Visitor};
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
    marked: bool,
    /// Where the key that was written last ends, unless it was taken back. Known of marked text only.
    key_end: usize,
}

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
        self.marked = false;
    }

    /// Forgets the text, and writes the next one so that JSON can say everything: strings begin with an
    /// `s`, a string `u` stands for `undefined`, one with an `n` for the number whose token follows, and
    /// `{"":[key,value,…]}` for an object, its keys being strings or numbers of this sort.
    pub fn mark(&mut self) {
        self.clear();
        self.marked = true;
        self.key_end = usize::MAX;
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

    /// Whether the text is marked.
    pub fn is_marked(&self) -> bool {
        self.marked
    }

    /// Whether `JSON.parse` makes the same value of the text.
    ///
    /// It does not after what JSON cannot say: `undefined` alone or in an array, numbers that JSON spells
    /// otherwise or not at all, and as keys all numbers but integers up to 2^53 − 1. The text is then JSON
    /// with something else in those places, and [`mark`](Self::mark) is for whoever wants to know more.
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

    #[inline]
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
    #[inline]
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

    #[inline(never)]
    fn quoted(&mut self, text: Text<'_>, after: u8) {
        self.push(b'"');
        if self.marked {
            self.push(b's');
        }
        match text.as_plain() {
            Some(plain) => self.push_str(plain),
            None => text.json_pieces(&mut |piece| self.push_str(piece)),
        }
        self.token(&[b'"', after]);
    }

    /// What JSON has no word for: marked, as a string that stands for it.
    #[cold]
    fn stand_in(&mut self, mark: u8, token: &str, otherwise: &str) {
        if !self.marked {
            self.inexact = true;
            return self.push_str(otherwise);
        }
        self.token(&[b'"', mark]);
        self.push_str(token);
        self.push_str("\",");
    }

    #[cold]
    fn number_key(&mut self, number: Number<'_>, after: u8) {
        if number.as_integer().is_none() {
            self.stand_in(b'n', number.raw(), "\"\",");
        } else {
            self.push(b'"');
            if self.marked {
                self.push(b's');
            }
            self.push_str(number.raw());
            self.push_str("\",");
        }
        // In the place of the comma.
        self.len -= 1;
        self.push(after);
    }

    /// Writes what is ordinary from `place` on.
    #[inline(never)]
    fn ahead(&mut self, text: &str, place: Place, open: &mut Open, limits: Limits) -> Place {
        if self.marked {
            return place;
        }
        let mut output = Output {
            buffer: &mut self.buffer,
            len: self.len,
            member: self.member,
        };
        let place = jstp_ordinary::copy(text.as_bytes(), place, &mut output, open, limits.depth);
        (self.len, self.member) = (output.len, output.member);
        place
    }

    #[inline]
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
        // Without marks only a key ends with a colon: what else may hold one ends with a quote.
        let is_member = if self.marked {
            self.key_end == self.len
        } else {
            self.written().last() == Some(&b':')
        };
        if is_member {
            self.len = self.member;
            self.key_end = usize::MAX;
        } else {
            self.stand_in(b'u', "", "null,");
        }
    }

    #[inline]
    fn null(&mut self) {
        self.push_str("null,");
    }

    #[inline]
    fn bool(&mut self, value: bool) {
        self.push_str(if value { "true," } else { "false," });
    }

    #[inline]
    fn number(&mut self, number: Number<'_>) {
        if !matches!(number.form(), Form::Integer | Form::Json) {
            return self.stand_in(b'n', number.raw(), "0.5,");
        }
        self.push_str(number.raw());
        self.push(b',');
    }

    #[inline]
    fn string(&mut self, text: Text<'_>) {
        self.quoted(text, b',');
    }

    #[inline]
    fn begin_array(&mut self) {
        self.push(b'[');
    }

    #[inline]
    fn end_array(&mut self) {
        self.close(b']');
    }

    #[inline]
    fn begin_object(&mut self) {
        self.push(b'{');
        if self.marked {
            self.push_str("\"\":[");
        }
    }

    #[inline]
    fn key(&mut self, key: Key<'_>) {
        self.member = self.len;
        let after = if self.marked { b',' } else { b':' };
        match key {
            Key::Text(text) | Key::Name(text) => self.quoted(text, after),
            Key::Number(number) => self.number_key(number, after),
        }
        if self.marked {
            self.key_end = self.len;
        }
    }

    #[inline]
    fn end_object(&mut self) {
        if self.marked {
            self.close(b']');
            self.len -= 1;
        }
        self.close(b'}');
    }

    /// Not generic and not inlined: compiled here, with this crate's optimization.
    #[inline(never)]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        reader.walk(self, Self::ahead)
    }
}
