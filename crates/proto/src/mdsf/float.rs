//! Doubles from and to text, where the standard library and ECMAScript differ.

use std::fmt::Write as _;

use super::MAX_SAFE_INTEGER;

/// The value of an ASCII digit of any radix up to 16.
pub(super) fn digit_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => 0,
    }
}

/// The number as an integer, where it is one that no other integer is rounded to. Not −0, which has a sign
/// to lose.
pub(super) fn safe_integer(number: f64) -> Option<i64> {
    let is_safe = number.fract() == 0.0
        && number.abs() <= MAX_SAFE_INTEGER as f64
        && !(number == 0.0 && number.is_sign_negative());
    is_safe.then_some(number as i64)
}

/// The double nearest to an integer of any length, its digits having `bits` bits each.
pub(super) fn from_radix_digits(digits: &str, bits: u32) -> f64 {
    let mut top = 0_u64;
    let mut dropped = 0_i32;
    for digit in digits.bytes() {
        let digit = u64::from(digit_value(digit));
        if top.leading_zeros() >= bits {
            top = (top << bits) | digit;
        } else {
            // More bits than a double has are in `top` already. What follows only matters where those
            // beyond lie exactly halfway, and there it is enough to know that anything follows.
            top |= u64::from(digit != 0);
            dropped = dropped.saturating_add(bits.cast_signed());
        }
    }
    match dropped {
        0..1024 => top as f64 * f64::from_bits(u64::from(1023 + dropped.unsigned_abs()) << 52),
        _ => f64::INFINITY,
    }
}

/// Appends a number as ECMAScript's Number-to-string does, and −0 as `0`.
pub(super) fn write(number: f64, out: &mut String) {
    if number.is_nan() {
        return out.push_str("NaN");
    }
    if number < 0.0 {
        out.push('-');
    }
    let magnitude = number.abs();
    if magnitude.is_infinite() {
        return out.push_str("Infinity");
    }
    if magnitude < 9_007_199_254_740_992.0 && magnitude.fract() == 0.0 {
        return write_integer(magnitude as u64, out);
    }
    // Rust's shortest digits are ECMAScript's; only where the point goes differs.
    let mut scientific = Buffer {
        bytes: [0; 32],
        len: 0,
    };
    write!(scientific, "{magnitude:e}").expect("a double has at most 17 digits and 3 of exponent");
    let (mantissa, exponent) = scientific
        .as_str()
        .split_once('e')
        .expect("scientific notation has an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is an integer");
    let (first, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    // `point` digits stand before the point.
    let point = exponent + 1;
    let count = 1 + fraction.len().cast_signed() as i32;
    match point {
        // `count <= point` below: integers beyond 2^53.
        1..=21 if count <= point => {
            out.push_str(first);
            out.push_str(fraction);
            (count..point).for_each(|_| out.push('0'));
        }
        1..=21 => {
            let (before, after) = fraction.split_at(exponent.unsigned_abs() as usize);
            out.push_str(first);
            out.push_str(before);
            out.push('.');
            out.push_str(after);
        }
        -5..=0 => {
            out.push_str("0.");
            (point..0).for_each(|_| out.push('0'));
            out.push_str(first);
            out.push_str(fraction);
        }
        _ => {
            out.push_str(mantissa);
            out.push_str(if exponent < 0 { "e-" } else { "e+" });
            write_integer(u64::from(exponent.unsigned_abs()), out);
        }
    }
}

/// Appends an integer in decimal.
pub(super) fn write_integer(integer: u64, out: &mut String) {
    let mut digits = [0; 20];
    out.push_str(integer_digits(integer, &mut digits));
}

/// An integer in decimal, in `room`.
pub(super) fn integer_digits(mut integer: u64, room: &mut [u8; 20]) -> &str {
    let mut first = room.len();
    loop {
        first -= 1;
        room[first] = b'0' + (integer % 10) as u8;
        integer /= 10;
        if integer == 0 {
            break;
        }
    }
    std::str::from_utf8(&room[first..]).expect("digits are ASCII")
}

/// A short text on the stack.
struct Buffer {
    bytes: [u8; 32],
    len: usize,
}

impl Buffer {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).expect("only whole texts are appended")
    }
}

impl std::fmt::Write for Buffer {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = self
            .bytes
            .get_mut(self.len..self.len + text.len())
            .ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}
