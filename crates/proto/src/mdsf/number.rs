//! Number tokens: their grammar, and what they stand for.

use super::error::{ReadError, ReadErrorKind};
use super::{MAX_SAFE_INTEGER, float};

/// A number as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub struct Number<'t> {
    raw: &'t str,
    form: Form,
}

/// What is known about a number token without computing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Digits, perhaps after a minus.
    Integer,
    /// A decimal that JSON has too.
    Json,
    /// A decimal with a plus, or with nothing before or after its point.
    Decimal,
    Hex,
    Octal,
    Binary,
    NaN,
    Infinity,
}

impl<'t> Number<'t> {
    /// The token: `-0x1F`, `+.5`.
    pub fn raw(&self) -> &'t str {
        self.raw
    }

    #[inline(always)]
    fn new(document: &'t str, start: usize, end: usize, form: Form) -> (Self, usize) {
        let raw = &document[start..end];
        (Self { raw, form }, end)
    }

    pub(super) fn form(&self) -> Form {
        self.form
    }

    /// The nearest double.
    pub fn to_f64(&self) -> f64 {
        if let Some(integer) = self.as_integer() {
            return integer as f64;
        }
        let (negative, digits) = self.sign_and_magnitude();
        let magnitude = match self.form {
            Form::NaN => f64::NAN,
            Form::Infinity => f64::INFINITY,
            Form::Hex => float::from_radix_digits(&digits[2..], 4),
            Form::Octal => float::from_radix_digits(&digits[2..], 3),
            Form::Binary => float::from_radix_digits(&digits[2..], 1),
            Form::Integer | Form::Json | Form::Decimal => digits
                .parse()
                .expect("every decimal token is one that Rust reads too"),
        };
        if negative { -magnitude } else { magnitude }
    }

    /// The value of a plain decimal integer from −(2^53 − 1) to 2^53 − 1; `None` for any other number and
    /// for any other spelling, `-0` among them.
    pub fn as_integer(&self) -> Option<i64> {
        if self.form != Form::Integer {
            return None;
        }
        let (negative, digits) = self.sign_and_magnitude();
        // Sixteen digits hold every safe integer and cannot overflow.
        if digits.len() > 16 {
            return None;
        }
        let mut magnitude = 0;
        for digit in digits.as_bytes() {
            magnitude = magnitude * 10 + u64::from(digit & 15);
        }
        if magnitude > MAX_SAFE_INTEGER || (negative && magnitude == 0) {
            return None;
        }
        Some(if negative {
            -magnitude.cast_signed()
        } else {
            magnitude.cast_signed()
        })
    }

    /// The integer from −(2^53 − 1) to 2^53 − 1 that the nearest double is, however it is spelled; that of `-0` is
    /// 0. Other than [`as_integer`](Self::as_integer) it takes the arithmetic of floats, so pages go without.
    pub fn to_integer(&self) -> Option<i64> {
        // Adding it makes a positive zero of either.
        self.as_integer()
            .or_else(|| float::safe_integer(self.to_f64() + 0.0))
    }

    /// Whether it is no number at all.
    pub fn is_nan(&self) -> bool {
        self.form == Form::NaN
    }

    /// Whether a minus stands before it, and the rest without its sign.
    pub(super) fn sign_and_magnitude(&self) -> (bool, &'t str) {
        match self.raw().strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, self.raw().strip_prefix('+').unwrap_or(self.raw())),
        }
    }
}

/// Reads the number that begins at `start` with a sign, a digit or a point. Returns it and where it ends.
#[inline]
pub(super) fn read(text: &str, start: usize) -> Result<(Number<'_>, usize), ReadError> {
    // The numbers of ordinary messages; everything else is left to the whole grammar.
    let bytes = text.as_bytes();
    let mut at = start;
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    let whole = at;
    at = digits(bytes, at);
    let plain = match at - whole {
        0 => false,
        1 => true,
        _ => bytes.get(whole) != Some(&b'0'),
    };
    if plain && cfg!(not(target_arch = "wasm32")) {
        match bytes.get(at) {
            Some(b'.') => {
                let fraction = at + 1;
                at = digits(bytes, fraction);
                if at > fraction && !matches!(bytes.get(at), Some(b'e' | b'E')) {
                    return Ok(Number::new(text, start, at, Form::Json));
                }
            }
            Some(b'e' | b'E' | b'x' | b'X' | b'o' | b'O' | b'b' | b'B') => {}
            _ => {
                return Ok(Number::new(text, start, at, Form::Integer));
            }
        }
    }
    read_any(text, start)
}

/// [`read`] for the whole grammar.
#[cold]
#[inline(never)]
fn read_any(text: &str, start: usize) -> Result<(Number<'_>, usize), ReadError> {
    let bytes = text.as_bytes();
    let mut at = start;
    let mut legal_json = true;
    match bytes.get(at) {
        Some(b'-') => at += 1,
        Some(b'+') => {
            legal_json = false;
            at += 1;
        }
        _ => {}
    }
    let rest = &bytes[at..];
    if let [b'0', b'x' | b'X' | b'o' | b'O' | b'b' | b'B', ..] = rest {
        return read_radix(text, start, at);
    }
    for (word, form) in [("NaN", Form::NaN), ("Infinity", Form::Infinity)] {
        if rest.starts_with(word.as_bytes()) {
            let end = at + word.len();
            return Ok(Number::new(text, start, end, form));
        }
    }
    let whole = at;
    at = digits(bytes, at);
    let has_whole = at > whole;
    if at - whole > 1 && bytes[whole] == b'0' {
        return Err(ReadError::new(whole, ReadErrorKind::LeadingZero));
    }
    let mut form = Form::Integer;
    if bytes.get(at) == Some(&b'.') {
        let fraction = at + 1;
        at = digits(bytes, fraction);
        if !has_whole && at == fraction {
            return Err(ReadError::expected(text, at, "a digit"));
        }
        legal_json &= has_whole && at > fraction;
        form = Form::Json;
    } else if !has_whole {
        return Err(ReadError::expected(text, at, "a number"));
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = bytes.get(at) {
            at += 1;
        }
        let exponent = at;
        at = digits(bytes, exponent);
        if at == exponent {
            return Err(ReadError::expected(text, at, "a digit of the exponent"));
        }
        form = Form::Json;
    }
    let form = if legal_json { form } else { Form::Decimal };
    Ok(Number::new(text, start, at, form))
}

/// Reads the number that begins at `start` and whose `0x`, `0o` or `0b` begins at `prefix`.
fn read_radix(text: &str, start: usize, prefix: usize) -> Result<(Number<'_>, usize), ReadError> {
    let bytes = text.as_bytes();
    let (form, radix) = match bytes[prefix + 1] {
        b'x' | b'X' => (Form::Hex, 16),
        b'o' | b'O' => (Form::Octal, 8),
        _ => (Form::Binary, 2),
    };
    let first = prefix + 2;
    let count = bytes[first..]
        .iter()
        .take_while(|byte| char::from(**byte).is_digit(radix))
        .count();
    if count == 0 {
        return Err(ReadError::expected(text, first, "a digit of the number"));
    }
    let end = first + count;
    Ok(Number::new(text, start, end, form))
}

/// Where the decimal digits that begin at `at` end.
#[inline(always)]
fn digits(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b'0'..=b'9') = bytes.get(at) {
        at += 1;
    }
    at
}
