//! Blanks and comments.

use super::error::{ReadError, ReadErrorKind};

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
            let ends = |(_, c): &(usize, char)| matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
            let end = comment.char_indices().find(ends);
            Ok(content + end.map_or(comment.len(), |(at, _)| at))
        }
        // Byte by byte: the search for any text in any other is larger than all that is read here.
        Some(b'*') => match text.as_bytes()[content..]
            .windows(2)
            .position(|two| two == b"*/")
        {
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
