//! What there is to know of a text without building its value.

use super::Limits;
use super::error::ReadError;
use super::key::Key;
use super::number::{Form, Number};
use super::read::{Reader, Visitor};
use super::text::{Text, find_special};
use jstp_ordinary::{IN_IDENTIFIER, Inside, Next, Open, Place, decimal};

/// Hears a value and keeps nothing of it but what [`RawValue`](super::RawValue) needs to know.
#[derive(Debug, Default)]
pub struct Scan {
    depth: u32,
    /// The greatest depth so far.
    deepest: u32,
    is_array: bool,
    /// How many elements the array itself has.
    elements: u32,
    /// How many values there are, this one included.
    values: usize,
    /// How many arrays and objects hold something.
    filled: usize,
    /// Whether the array or object that was begun last has nothing in it so far.
    is_empty: bool,
    /// How long the tokens are, separators excepted.
    length: usize,
    is_odd: bool,
    is_infinite: bool,
    /// How often blocks are not to be looked at, and how often in a row that has been in vain.
    #[cfg(target_arch = "x86_64")]
    pause: u32,
    #[cfg(target_arch = "x86_64")]
    misses: u32,
}

/// What is known of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) count: Count,
    /// Whether every parser in use reads the text as we do, but for U+2028 and U+2029, which nobody has looked
    /// for.
    pub(super) is_portable: bool,
    /// Whether all numbers are finite.
    pub(super) is_finite: bool,
    /// At most so many arrays and objects of the value are open at the same time.
    pub(super) depth: u32,
}

/// How many elements there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Unknown,
    /// It is no array.
    None,
    Elements(u32),
}

impl Scan {
    /// One that never looks at blocks.
    #[cfg(all(test, target_arch = "x86_64"))]
    pub(super) fn by_token() -> Self {
        Self {
            pause: u32::MAX,
            ..Self::default()
        }
    }

    /// All that has been counted.
    #[cfg(all(test, target_arch = "x86_64"))]
    pub(super) fn tally(&self) -> String {
        let Self {
            depth,
            deepest,
            values,
            filled,
            length,
            ..
        } = self;
        format!("{depth} of {deepest} deep, {values} values, {filled} filled, {length} bytes")
    }

    /// What was found, `text` being what was heard.
    pub(super) fn facts(&self, text: &str) -> Facts {
        // A comma between any two values of one array or object, and nothing else between tokens.
        let separators = self.values.saturating_sub(1 + self.filled);
        Facts {
            count: match self.is_array {
                true => Count::Elements(self.elements),
                false => Count::None,
            },
            is_portable: !self.is_odd && self.length + separators == text.len(),
            is_finite: !self.is_infinite,
            depth: self.deepest,
        }
    }

    /// Passes over what is ordinary from `place` on: members and elements without blanks, escapes or exponents.
    /// Returns where the reading loop, which knows the whole grammar, has to go on. Nothing counts before the
    /// whole token has been seen.
    fn ahead(&mut self, bytes: &[u8], place: Place, open: &mut Open, limits: Limits) -> Place {
        let place = self.blocks_ahead(bytes, place, open, limits);
        self.tokens_ahead(bytes, place, open, limits)
    }

    /// As many bytes at once as the processor can look at.
    #[cfg(target_arch = "x86_64")]
    fn blocks_ahead(
        &mut self,
        bytes: &[u8],
        place: Place,
        open: &mut Open,
        limits: Limits,
    ) -> Place {
        // Where blocks are out of the ordinary, looking at each of them first would be in vain.
        if self.pause > 0 {
            self.pause -= 1;
            return place;
        }
        let passed = open.nest(place.inside).and_then(|mut nest| {
            let passed = super::blocks::pass(bytes, place, &mut nest, limits.depth, self.deepest)?;
            open.set_nest(nest);
            self.depth = nest.depth();
            self.deepest = self.deepest.max(passed.1.deepest);
            Some(passed)
        });
        let Some((end, tally)) = passed else {
            self.misses = (self.misses + 1).min(4);
            self.pause = 1 << self.misses;
            return place;
        };
        self.misses = 0;
        self.values += tally.values as usize;
        self.elements += tally.elements;
        self.filled += tally.filled;
        self.length += end.at - place.at - tally.commas;
        self.is_empty = matches!(bytes[end.at - 1], b'{' | b'[');
        end
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn blocks_ahead(&mut self, _: &[u8], place: Place, _: &mut Open, _: Limits) -> Place {
        place
    }

    /// Token by token.
    fn tokens_ahead(
        &mut self,
        bytes: &[u8],
        mut place: Place,
        open: &mut Open,
        limits: Limits,
    ) -> Place {
        let start = place.at;
        let (mut depth, mut commas, mut values, mut elements) = (self.depth, 0, 0, 0);
        let mut next = place.next;
        loop {
            if next == Next::Separator {
                match (place.inside, bytes.get(place.at)) {
                    (Inside::Object, Some(b',')) => next = Next::Member,
                    (Inside::Array, Some(b',')) => next = Next::Value,
                    (Inside::Object, Some(b'}')) | (Inside::Array, Some(b']')) => {
                        place.at += 1;
                        place.inside = open.pop();
                        depth -= 1;
                        self.filled += 1;
                        continue;
                    }
                    _ => break,
                }
                place.at += 1;
                commas += 1;
            }
            if next == Next::Member {
                let Some(end) = key(bytes, place.at) else {
                    break;
                };
                place.at = end;
                next = Next::Value;
            }
            if place.values_left <= values {
                break;
            }
            let at = place.at;
            let end = match bytes.get(at) {
                Some(b'\'') => string::<b'\''>(bytes, at + 1),
                Some(b'"') => string::<b'"'>(bytes, at + 1),
                Some(b'0'..=b'9' | b'-') => number(bytes, at),
                Some(b't') => word(bytes, at, b"true"),
                Some(b'f') => word(bytes, at, b"false"),
                Some(b'n') => word(bytes, at, b"null"),
                Some(&bracket @ (b'{' | b'[')) => {
                    if !open.push(place.inside, limits.depth) {
                        break;
                    }
                    values += 1;
                    elements += u32::from(depth == 1);
                    depth += 1;
                    self.deepest = self.deepest.max(depth);
                    self.is_empty = true;
                    place.at += 1;
                    (place.inside, next) = match bracket {
                        b'{' => (Inside::Object, Next::Member),
                        _ => (Inside::Array, Next::Value),
                    };
                    continue;
                }
                _ => None,
            };
            let Some(end) = end else { break };
            place.at = end;
            values += 1;
            elements += u32::from(depth == 1);
            self.is_empty = false;
            next = Next::Separator;
        }
        self.depth = depth;
        self.values += values as usize;
        self.elements += elements;
        self.length += place.at - start - commas;
        place.values_left -= values;
        place.next = next;
        place
    }

    #[inline(always)]
    fn value(&mut self, length: usize) {
        self.values += 1;
        self.elements += u32::from(self.depth == 1);
        self.length += length;
        self.is_empty = false;
    }

    #[inline(always)]
    fn begin(&mut self) {
        self.value(1);
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        self.is_empty = true;
    }

    #[inline(always)]
    fn end(&mut self) {
        self.depth -= 1;
        self.length += 1;
        self.filled += usize::from(!self.is_empty);
        self.is_empty = false;
    }
}

impl Visitor for Scan {
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        reader.walk(self, |scan, text, place, open, limits| {
            scan.ahead(text.as_bytes(), place, open, limits)
        })
    }

    fn undefined(&mut self) {
        self.value(0);
        // An elision, the word, or a member that does not exist: whoever wants to pass it on looks again.
        self.is_odd = true;
    }

    #[inline(always)]
    fn null(&mut self) {
        self.value(4);
    }

    #[inline(always)]
    fn bool(&mut self, value: bool) {
        self.value(if value { 4 } else { 5 });
    }

    #[inline(always)]
    fn number(&mut self, number: Number<'_>) {
        self.value(number.raw().len());
        let is_ordinary = match number.form() {
            // Too short to be infinite.
            Form::Integer => number.raw().len() < 300,
            Form::Json => number.raw().len() < 300 && !number.raw().contains(['e', 'E']),
            _ => false,
        };
        if !is_ordinary {
            self.is_odd = true;
            self.is_infinite |= !number.to_f64().is_finite();
        }
    }

    #[inline(always)]
    fn string(&mut self, text: Text<'_>) {
        self.value(text.raw().len() + 2);
        self.is_odd |= !text.is_plain() && is_odd(&text);
    }

    #[inline(always)]
    fn begin_array(&mut self) {
        self.is_array |= self.depth == 0;
        self.begin();
    }

    #[inline(always)]
    fn end_array(&mut self) {
        self.end();
    }

    #[inline(always)]
    fn begin_object(&mut self) {
        self.begin();
    }

    #[inline(always)]
    fn key(&mut self, key: Key<'_>) {
        match key {
            Key::Name(name) => {
                self.length += name.raw().len() + 1;
                self.is_odd |= !name.is_plain() || !name.raw().is_ascii();
            }
            Key::Text(text) => {
                self.length += text.raw().len() + 3;
                self.is_odd |= !text.is_plain() && is_odd(&text);
            }
            Key::Number(_) => self.is_odd = true,
        }
    }

    #[inline(always)]
    fn end_object(&mut self) {
        self.end();
    }
}

/// Where a bare key in ASCII and the colon after it end.
#[inline(always)]
fn key(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = at;
    // Byte by byte: an object has the keys of the one before it, so the processor foresees where each ends
    // and does not wait for that, as it would for the result of any arithmetic.
    while let Some(&byte) = bytes.get(end)
        && IN_IDENTIFIER[usize::from(byte)]
    {
        end += 1;
    }
    let is_key = end > at && bytes.get(end) == Some(&b':') && !bytes[at].is_ascii_digit();
    is_key.then_some(end + 1)
}

/// Where a string without escapes ends, whose content begins here.
#[inline(always)]
fn string<const QUOTE: u8>(bytes: &[u8], at: usize) -> Option<usize> {
    let end = find_special(bytes, at, QUOTE);
    (bytes.get(end) == Some(&QUOTE)).then_some(end + 1)
}

/// Where a decimal without an exponent ends.
#[inline(always)]
fn number(bytes: &[u8], start: usize) -> Option<usize> {
    let end = decimal(&bytes[start..])?;
    // What is longer may be infinite.
    (end < 300).then_some(start + end)
}

#[inline(always)]
fn word(bytes: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    bytes[at..].starts_with(word).then_some(at + word.len())
}

/// Whether there is more in a string than the escapes that everybody knows.
#[inline(never)]
fn is_odd(text: &Text<'_>) -> bool {
    let mut bytes = text.raw().bytes();
    while let Some(byte) = bytes.next() {
        let is_known = match byte {
            ..0x20 => false,
            b'\\' => match bytes.next() {
                Some(b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'\'' | b'"' | b'/') => true,
                // Half a surrogate pair begins with this digit; for any other letter there is no hurry.
                Some(b'u') => !matches!(bytes.next(), Some(b'd' | b'D' | b'{') | None),
                _ => false,
            },
            _ => true,
        };
        if !is_known {
            return true;
        }
    }
    false
}
