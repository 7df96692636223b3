//! Values to text that every MDSF parser in use reads back.

use std::fmt;

use super::float;
use super::object;
use super::value::Value;

/// What [`write()`] does with values that not everyone can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriteOptions {
    /// Whether to write NaN and the infinities. Off: peers that read with upstream's JavaScript parser
    /// close the connection on them, and again on every attempt to resume it (Q13).
    pub non_finite: bool,
    /// Arrays and objects inside each other.
    pub depth: u32,
    /// What errors call the value: `args` makes `args[0].price`.
    pub name: &'static str,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            non_finite: false,
            depth: 1000,
            name: "value",
        }
    }
}

/// A value that was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteError {
    path: String,
    kind: WriteErrorKind,
}

/// Why a value was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteErrorKind {
    /// A number that is none.
    NaN,
    /// Positive or negative infinity.
    Infinite,
    /// Deeper than [`WriteOptions::depth`].
    TooDeep {
        /// The limit.
        limit: u32,
    },
}

impl WriteError {
    /// The place in the value, beginning with [`WriteOptions::name`]: `args[0].price`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong there.
    pub fn kind(&self) -> WriteErrorKind {
        self.kind
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            WriteErrorKind::NaN => write!(f, "{} is NaN", self.path),
            WriteErrorKind::Infinite => write!(f, "{} is infinite", self.path),
            WriteErrorKind::TooDeep { limit } => {
                write!(f, "{} is more than {limit} levels deep", self.path)
            }
        }
    }
}

impl std::error::Error for WriteError {}

/// An array or object that is being written.
enum Open<'a> {
    Array {
        elements: &'a [Value],
        next: usize,
    },
    Object {
        members: object::Iter<'a>,
        key: &'a str,
        is_first: bool,
    },
}

/// Appends `value` to `out`.
///
/// # Errors
/// Names the first place that cannot be written; `out` is then as it was.
pub fn write(value: &Value, out: &mut String, options: WriteOptions) -> Result<(), WriteError> {
    write_from(Some(value), Vec::new(), out, options)
}

/// Appends an array of these elements to `out`.
///
/// # Errors
/// As [`write()`].
pub fn write_array(
    elements: &[Value],
    out: &mut String,
    options: WriteOptions,
) -> Result<(), WriteError> {
    let start = out.len();
    out.push('[');
    let mut open = vec![Open::Array { elements, next: 0 }];
    let first = write_up_to_next(&mut open, out);
    write_from(first, open, out, options).inspect_err(|_| out.truncate(start))
}

/// Writes `next`, and what follows it in what is open.
fn write_from<'a>(
    mut next: Option<&'a Value>,
    mut open: Vec<Open<'a>>,
    out: &mut String,
    options: WriteOptions,
) -> Result<(), WriteError> {
    let start = out.len();
    while let Some(value) = next {
        if let Err(kind) = write_one(value, options, &mut open, out) {
            out.truncate(start);
            return Err(WriteError {
                path: path(options.name, &open),
                kind,
            });
        }
        next = write_up_to_next(&mut open, out);
    }
    Ok(())
}

/// Writes a value as far as it goes without its elements or members.
fn write_one<'a>(
    value: &'a Value,
    options: WriteOptions,
    open: &mut Vec<Open<'a>>,
    out: &mut String,
) -> Result<(), WriteErrorKind> {
    match value {
        Value::Undefined => out.push_str("undefined"),
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => {
            if !options.non_finite && !number.is_finite() {
                let kind = if number.is_nan() {
                    WriteErrorKind::NaN
                } else {
                    WriteErrorKind::Infinite
                };
                return Err(kind);
            }
            float::write(*number, out);
        }
        Value::String(text) => write_string(text, out),
        Value::Array(_) | Value::Object(_) if open.len() >= options.depth as usize => {
            return Err(WriteErrorKind::TooDeep {
                limit: options.depth,
            });
        }
        Value::Array(elements) => {
            out.push('[');
            open.push(Open::Array { elements, next: 0 });
        }
        Value::Object(object) => {
            out.push('{');
            open.push(Open::Object {
                members: object.iter(),
                key: "",
                is_first: true,
            });
        }
    }
    Ok(())
}

/// Writes what stands before the next value, and returns that: `None` when all is written.
fn write_up_to_next<'a>(open: &mut Vec<Open<'a>>, out: &mut String) -> Option<&'a Value> {
    while let Some(innermost) = open.last_mut() {
        match innermost {
            Open::Array { elements, next } => {
                while let Some(element) = elements.get(*next) {
                    if *next > 0 {
                        out.push(',');
                    }
                    *next += 1;
                    // Only the last needs the word: a comma right before the bracket says nothing (Q39).
                    if !matches!(element, Value::Undefined) || *next == elements.len() {
                        return Some(element);
                    }
                }
                out.push(']');
            }
            Open::Object {
                members,
                key,
                is_first,
            } => {
                let member = members.find(|(_, value)| !matches!(value, Value::Undefined));
                if let Some((name, value)) = member {
                    if !std::mem::take(is_first) {
                        out.push(',');
                    }
                    write_key(name, out);
                    out.push(':');
                    *key = name;
                    return Some(value);
                }
                out.push('}');
            }
        }
        open.pop();
    }
    None
}

fn path(name: &str, open: &[Open<'_>]) -> String {
    let mut path = name.to_owned();
    for outer in open {
        match outer {
            Open::Array { next, .. } => {
                path.push('[');
                float::write_integer(next.saturating_sub(1) as u64, &mut path);
                path.push(']');
            }
            Open::Object { key, .. } => push_member(key, &mut path),
        }
    }
    path
}

/// Appends how a program gets at the member `key`: `.name` or `['any text']`.
pub(super) fn push_member(key: &str, path: &mut String) {
    if is_bare(key) {
        path.push('.');
        path.push_str(key);
    } else {
        path.push('[');
        write_string(key, path);
        path.push(']');
    }
}

/// Appends an object key: bare where upstream's JavaScript parser takes it so, else as a string.
pub fn write_key(key: &str, out: &mut String) {
    if is_bare(key) {
        out.push_str(key)
    } else {
        write_string(key, out)
    }
}

/// Whether every parser reads `key` without quotes.
fn is_bare(key: &str) -> bool {
    !key.starts_with(|c: char| c.is_ascii_digit())
        && !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$')
}

/// Appends a string in single quotes.
pub fn write_string(text: &str, out: &mut String) {
    // With what may close the message around it: a large text is not to be moved for that.
    out.reserve(text.len() + 8);
    out.push('\'');
    let bytes = text.as_bytes();
    let mut written = 0;
    let mut at = 0;
    loop {
        at += plain(&bytes[at..]);
        while bytes
            .get(at)
            .is_some_and(|byte| ESCAPED[usize::from(*byte)] == 0)
        {
            at += 1;
        }
        let Some(&byte) = bytes.get(at) else { break };
        let mut end = at + 1;
        // U+2028 and U+2029, which some parsers take for the end of a line, begin with this byte.
        if byte == 0xe2 {
            end = at + 3;
            if !matches!(bytes.get(at..end), Some([_, 0x80, 0xa8 | 0xa9])) {
                at = end;
                continue;
            }
        }
        out.push_str(&text[written..at]);
        push_escape(byte, bytes[end - 1], out);
        written = end;
        at = end;
    }
    out.push_str(&text[written..]);
    out.push('\'');
}

/// How many bytes at the beginning need no look one by one. A page writes little more than names by this, so
/// there it would only be code.
#[inline]
fn plain(bytes: &[u8]) -> usize {
    if cfg!(target_arch = "wasm32") {
        return 0;
    }
    // Without branches, so that the compiler makes a few instructions of sixteen bytes.
    let is_plain = |chunk: &&[u8]| {
        chunk.iter().fold(0, |any, &byte| {
            any | u8::from(byte < 0x20)
                | u8::from(byte == b'\'')
                | u8::from(byte == b'"')
                | u8::from(byte == b'\\')
                | u8::from(byte == 0xe2)
        }) == 0
    };
    16 * bytes.chunks_exact(16).take_while(is_plain).count()
}

#[cold]
fn push_escape(first: u8, last: u8, out: &mut String) {
    match first {
        0x08 => out.push_str("\\b"),
        b'\t' => out.push_str("\\t"),
        b'\n' => out.push_str("\\n"),
        0x0c => out.push_str("\\f"),
        b'\r' => out.push_str("\\r"),
        b'\'' => out.push_str("\\'"),
        b'"' => out.push_str("\\\""),
        b'\\' => out.push_str("\\\\"),
        0xe2 => out.push_str(if last == 0xa8 { "\\u2028" } else { "\\u2029" }),
        control => {
            out.push_str(if control < 0x10 { "\\u000" } else { "\\u001" });
            out.push(char::from(b"0123456789abcdef"[usize::from(control & 0xf)]));
        }
    }
}

/// 1 for bytes that may need an escape, which are those that `plain` stops at.
static ESCAPED: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        if matches!(byte as u8, 0..0x20 | b'\'' | b'"' | b'\\' | 0xe2) {
            table[byte] = 1;
        }
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mdsf::{Limits, read_value};

    #[test]
    fn an_escape_is_found_wherever_it_stands() {
        for special in [
            '\'', '"', '\\', '\n', '\u{1}', '\u{1f}', '\u{2028}', '“', 'я',
        ] {
            for before in 0..40 {
                let text = format!("{}{special}{special}{}", "x".repeat(before), "y".repeat(20));
                let mut out = String::new();
                write_string(&text, &mut out);
                let is_plain = matches!(special, '“' | 'я');
                assert_eq!(out == format!("'{text}'"), is_plain, "{text:?}");
                let read = read_value(&out, Limits::default());
                assert_eq!(read, Ok(Value::String(text)));
            }
        }
    }
}
