//! What stands between the quotes of a string, and what its escapes mean.

use std::borrow::Cow;

use jstp_ordinary::special;

use super::error::{ReadError, ReadErrorKind};

/// The content of a string, as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub struct Text<'t> {
    raw: &'t str,
    plain: bool,
}

impl<'t> Text<'t> {
    #[inline(always)]
    pub(super) fn new(document: &'t str, start: usize, end: usize, plain: bool) -> Self {
        let raw = &document[start..end];
        Self { raw, plain }
    }

    /// What stands between the quotes, escapes and all.
    #[inline(always)]
    pub fn raw(&self) -> &'t str {
        self.raw
    }

    /// The string, where that is what stands between the quotes and JSON would write it the same: no
    /// escapes, no double quotes, no control characters.
    #[inline(always)]
    pub fn as_plain(&self) -> Option<&'t str> {
        self.plain.then(|| self.raw())
    }

    /// The string. Half a surrogate pair, which UTF-8 cannot hold, becomes U+FFFD.
    pub fn to_str(&self) -> Cow<'t, str> {
        let raw = self.raw();
        if self.plain || !raw.bytes().any(|byte| byte == b'\\') {
            return Cow::Borrowed(raw);
        }
        let mut out = String::with_capacity(raw.len());
        // The first half of a surrogate pair, until it is known whether the second follows.
        let mut high = None;
        let mut at = 0;
        loop {
            let rest = &raw[at..];
            let span = rest.bytes().position(|byte| byte == b'\\');
            let plain = &rest[..span.unwrap_or(rest.len())];
            let (unit, end) = match span {
                Some(0) => match read_escape(raw, at) {
                    Ok((Escape::Nothing, end)) => {
                        at = end;
                        continue;
                    }
                    Ok((Escape::Char(c), end)) => (Ok(c), end),
                    Ok((Escape::Unit(unit), end)) => (Err(unit), end),
                    // The reader has looked at every escape before it handed the text out.
                    Err(_) => break,
                },
                _ => {
                    if plain.is_empty() {
                        break;
                    }
                    out.extend(high.take().map(|_| char::REPLACEMENT_CHARACTER));
                    out.push_str(plain);
                    at += plain.len();
                    continue;
                }
            };
            at = end;
            match (high.take(), unit) {
                (Some(high), Err(low @ 0xdc00..)) => {
                    let pair = u32::from(high & 0x3ff) << 10 | u32::from(low & 0x3ff);
                    out.extend(char::from_u32(0x1_0000 + pair));
                }
                (before, unit) => {
                    out.extend(before.map(|_| char::REPLACEMENT_CHARACTER));
                    match unit {
                        Ok(c) => out.push(c),
                        Err(unit @ ..0xdc00) => high = Some(unit),
                        Err(_) => out.push(char::REPLACEMENT_CHARACTER),
                    }
                }
            }
        }
        out.extend(high.map(|_| char::REPLACEMENT_CHARACTER));
        Cow::Owned(out)
    }

    /// The string as JSON has it between its quotes, piece by piece. Half a surrogate pair stays an escape,
    /// so that `JSON.parse` gives what the peer sent.
    pub(super) fn json_pieces(&self, push: &mut dyn FnMut(&str)) {
        let raw = self.raw();
        let bytes = raw.as_bytes();
        let mut at = 0;
        // Where what has not been passed on begins: escapes that JSON has too go with what surrounds them.
        let mut pending = 0;
        loop {
            at = find_special(bytes, at, b'"');
            match (bytes.get(at), bytes.get(at + 1)) {
                (None, _) => break,
                (Some(b'\\'), Some(b'"' | b'\\' | b'/' | b'n' | b't' | b'r' | b'b' | b'f')) => {
                    at += 2
                }
                (Some(b'\\'), Some(b'\'')) => {
                    push(&raw[pending..at]);
                    pending = at + 1;
                    at += 2;
                }
                (Some(b'\\'), _) => {
                    push(&raw[pending..at]);
                    // The reader has looked at every escape before it handed the text out.
                    let Ok((escape, end)) = read_escape(raw, at) else {
                        break;
                    };
                    match escape {
                        Escape::Char(c @ ('\0'..' ' | '"' | '\\')) => push_escaped(c as u16, push),
                        Escape::Char(c) => push(c.encode_utf8(&mut [0; 4])),
                        Escape::Unit(unit) => push_escaped(unit, push),
                        Escape::Nothing => {}
                    }
                    at = end;
                    pending = end;
                }
                (Some(&special), _) => {
                    push(&raw[pending..at]);
                    push_escaped(u16::from(special), push);
                    at += 1;
                    pending = at;
                }
            }
        }
        push(&raw[pending..]);
    }

    #[inline(always)]
    pub(super) fn is_plain(&self) -> bool {
        self.plain
    }
}

/// Reads the string whose content begins at `start`, after the quote. Returns the content and where it
/// ends; the closing quote stands there.
#[inline]
pub(super) fn read(
    document: &str,
    start: usize,
    quote: u8,
) -> Result<(Text<'_>, usize), ReadError> {
    let end = find_special(document.as_bytes(), start, quote);
    if document.as_bytes().get(end) == Some(&quote) {
        return Ok((Text::new(document, start, end, true), end));
    }
    read_escaped(document, start, end, quote)
}

/// Goes on with a string that is not plain from `at`.
#[inline(never)]
fn read_escaped(
    document: &str,
    start: usize,
    mut at: usize,
    quote: u8,
) -> Result<(Text<'_>, usize), ReadError> {
    let bytes = document.as_bytes();
    loop {
        match bytes.get(at) {
            Some(&byte) if byte == quote => {
                return Ok((Text::new(document, start, at, false), at));
            }
            // The escapes that are common need no closer look.
            Some(b'\\') => match bytes.get(at + 1) {
                Some(b'\'' | b'"' | b'\\' | b'/' | b'n' | b't' | b'r' | b'b' | b'f') => at += 2,
                _ => at = read_escape(document, at)?.1,
            },
            Some(b'\n' | b'\r') => {
                return Err(ReadError::new(at, ReadErrorKind::LineBreakInString));
            }
            Some(_) => at += 1,
            None => return Err(ReadError::new(start - 1, ReadErrorKind::UnfinishedString)),
        }
        at = find_special(bytes, at, quote);
    }
}

/// What an escape sequence stands for.
pub(super) enum Escape {
    Char(char),
    /// Half a surrogate pair.
    Unit(u16),
    /// A line continuation.
    Nothing,
}

/// Reads the escape sequence whose backslash is at `start`. Returns its meaning and where it ends.
pub(super) fn read_escape(text: &str, start: usize) -> Result<(Escape, usize), ReadError> {
    let bytes = text.as_bytes();
    let at = start + 1;
    let Some(&byte) = bytes.get(at) else {
        return Err(ReadError::new(start, ReadErrorKind::UnfinishedString));
    };
    let next = bytes.get(at + 1);
    let mut end = at + 1;
    let meaning = match byte {
        b'b' => Escape::Char('\u{8}'),
        b'f' => Escape::Char('\u{c}'),
        b'n' => Escape::Char('\n'),
        b'r' => Escape::Char('\r'),
        b't' => Escape::Char('\t'),
        b'v' => Escape::Char('\u{b}'),
        b'0' if !next.is_some_and(u8::is_ascii_digit) => Escape::Char('\0'),
        b'0'..=b'7' => return Err(ReadError::new(start, ReadErrorKind::BadEscape)),
        b'x' | b'u' => {
            let digits = match (byte, next) {
                (b'x', _) => at + 1..at + 3,
                (_, Some(b'{')) => {
                    let rest = bytes.iter().skip(at + 2);
                    let length = rest.take_while(|byte| **byte != b'}').count();
                    at + 2..at + 2 + length
                }
                _ => at + 1..at + 5,
            };
            end = digits.end + usize::from(next == Some(&b'{') && byte == b'u');
            match bytes.get(digits).and_then(hex) {
                Some(unit) if end <= bytes.len() => unit,
                _ => return Err(ReadError::new(start, ReadErrorKind::BadEscape)),
            }
        }
        b'\r' | b'\n' => {
            end += usize::from(byte == b'\r' && next == Some(&b'\n'));
            Escape::Nothing
        }
        0x80.. => {
            let c = char_at(text, at);
            end = at + c.len_utf8();
            match c {
                '\u{2028}' | '\u{2029}' => Escape::Nothing,
                other => Escape::Char(other),
            }
        }
        other => Escape::Char(char::from(other)),
    };
    Ok((meaning, end))
}

/// The character at a place where one is.
#[inline(never)]
pub(super) fn char_at(text: &str, at: usize) -> char {
    let rest = text.get(at..).unwrap_or_default();
    rest.chars().next().unwrap_or_default()
}

/// What hexadecimal digits mean; `None` if there are none, something else, or too large a value.
fn hex(digits: &[u8]) -> Option<Escape> {
    let mut value = 0_u32;
    for digit in digits {
        value = value * 16 + char::from(*digit).to_digit(16)?;
        if value > 0x10_ffff {
            return None;
        }
    }
    match value {
        _ if digits.is_empty() => None,
        0xd800..=0xdfff => Some(Escape::Unit(value as u16)),
        _ => char::from_u32(value).map(Escape::Char),
    }
}

/// Where the next byte stands that is `quote`, a double quote, a backslash or a control character: the
/// length of `bytes` if none does.
#[inline]
pub(super) fn find_special(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    // A page has no use for this: what it takes is in no proportion to what its engine does with a long string.
    if cfg!(not(target_arch = "wasm32")) {
        let far = at + 64;
        while let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
            let hits = special(u64::from_le_bytes(*eight), quote);
            if hits != 0 {
                return at + (hits.trailing_zeros() / 8) as usize;
            }
            at += 8;
            if at >= far {
                at += plain(&bytes[at..], quote);
                break;
            }
        }
    }
    while let Some(eight) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let hits = special(u64::from_le_bytes(*eight), quote);
        if hits != 0 {
            return at + (hits.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(&byte) = bytes.get(at) {
        if byte == quote || byte == b'"' || byte == b'\\' || byte < 0x20 {
            break;
        }
        at += 1;
    }
    at
}

/// How many bytes at the beginning of a long string need no look one by one.
#[inline(never)]
fn plain(bytes: &[u8], quote: u8) -> usize {
    // Without branches, so that the compiler makes a few instructions of sixteen bytes.
    let is_plain = |chunk: &&[u8; 64]| {
        chunk.iter().fold(0, |any, &byte| {
            any | u8::from(byte < 0x20)
                | u8::from(byte == quote)
                | u8::from(byte == b'"')
                | u8::from(byte == b'\\')
        }) == 0
    };
    let (chunks, _) = bytes.as_chunks();
    64 * chunks.iter().take_while(is_plain).count()
}

/// Passes `unit` on as a JSON escape.
fn push_escaped(unit: u16, push: &mut dyn FnMut(&str)) {
    let short = match unit {
        0x08 => "\\b",
        0x09 => "\\t",
        0x0a => "\\n",
        0x0c => "\\f",
        0x0d => "\\r",
        0x22 => "\\\"",
        0x5c => "\\\\",
        _ => {
            push("\\u");
            for shift in [12, 8, 4, 0] {
                let digit = usize::from(unit >> shift) & 0xf;
                push(&"0123456789abcdef"[digit..=digit]);
            }
            return;
        }
    };
    push(short);
}
