//! Blanks and comments.

use super::error::{ReadError, ReadErrorKind};
use super::text::char_at;

/// Where the blanks and comments that begin at `at` end.
#[inline(always)]
pub(super) fn skip(text: &str, at: usize) -> Result<usize, ReadError> {
    match text.as_bytes().get(at) {
        Some(b'\t'..=b' ' | b'/' | 0x80..) => skip_blanks(text, at),
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
            Some(0x80..) => match char_at(text, at) {
                '\u{a0}' => at += 2,
                '\u{feff}'
                | '\u{1680}'
                | '\u{2000}'..='\u{200a}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{202f}'
                | '\u{205f}'
                | '\u{3000}' => at += 3,
                _ => return Ok(at),
            },
            _ => return Ok(at),
        }
    }
}

/// Where the comment ends whose slash is at `start`. A lone slash is no comment and ends nowhere else.
fn skip_comment(text: &str, start: usize) -> Result<usize, ReadError> {
    let bytes = text.as_bytes();
    let is_line = match bytes.get(start + 1) {
        Some(b'/') => true,
        Some(b'*') => false,
        _ => {
            return Err(ReadError::expected(
                text,
                start,
                "a value, a separator or a comment",
            ));
        }
    };
    // Byte by byte: the search for any text in any other is larger than all that is read here.
    let mut at = start + 2;
    while let Some(rest) = bytes.get(at..)
        && !rest.is_empty()
    {
        match rest {
            // U+2028 and U+2029 end a line as well.
            [b'\n' | b'\r', ..] | [0xe2, 0x80, 0xa8 | 0xa9, ..] if is_line => return Ok(at),
            [b'*', b'/', ..] if !is_line => return Ok(at + 2),
            _ => at += 1,
        }
    }
    if is_line {
        Ok(at)
    } else {
        Err(ReadError::new(start, ReadErrorKind::UnfinishedComment))
    }
}
