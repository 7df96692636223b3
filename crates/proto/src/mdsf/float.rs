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
    if let Some((digits, places)) = few_places(magnitude) {
        return write_fixed(digits, places, out);
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

/// The number as an integer and how many of its digits stand after the point, where a few do and all digits
/// are fewer than a double keeps apart.
fn few_places(magnitude: f64) -> Option<(u64, usize)> {
    const POWERS: [f64; 5] = [1e0, 1e1, 1e2, 1e3, 1e4];
    for (places, power) in POWERS.into_iter().enumerate().skip(1) {
        let scaled = magnitude * power;
        if scaled >= 1e15 {
            return None;
        }
        let digits = (scaled + 0.5) as u64;
        // Both are exact, so the quotient is the double that the decimal is read as. No other decimal of
        // up to 15 digits is read as the same, and none with fewer places was.
        if digits as f64 / power == magnitude {
            return Some((digits, places));
        }
    }
    None
}

/// Appends a number of which so many digits stand after the point.
fn write_fixed(digits: u64, places: usize, out: &mut String) {
    let mut room = [0; 20];
    let digits = integer_digits(digits, &mut room);
    match digits.len().checked_sub(places) {
        Some(whole) if whole > 0 => {
            out.push_str(&digits[..whole]);
            out.push('.');
            out.push_str(&digits[whole..]);
        }
        _ => {
            out.push_str("0.");
            (digits.len()..places).for_each(|_| out.push('0'));
            out.push_str(digits);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shortest(number: f64) -> String {
        let mut out = String::new();
        write(number, &mut out);
        out
    }

    #[test]
    fn a_number_of_a_few_places_is_written_as_the_shortest_that_reads_the_same() {
        let wholes = [
            0_u64,
            1,
            9,
            10,
            4_503,
            999_999,
            99_999_999_999,
            900_719_925_474,
        ];
        for whole in wholes {
            for thousandths in 0..1000 {
                let text = format!("{whole}.{thousandths:03}1");
                let number: f64 = text.parse().expect("a decimal");
                for number in [number, number * 10.0, number * 1000.0, number / 7.0] {
                    // What Rust writes without an exponent, which is none up to here.
                    assert_eq!(shortest(number), format!("{number}"));
                    assert_eq!(shortest(-number), format!("-{number}"));
                }
            }
        }
    }

    #[test]
    fn a_number_next_to_one_of_a_few_places_is_another() {
        for number in [
            0.1_f64,
            0.3,
            2.5,
            9.99,
            123.456,
            1e-4,
            0.0001,
            99_999_999_999.999,
        ] {
            for near in [number.next_up(), number.next_down()] {
                assert_eq!(shortest(near).parse(), Ok(near));
                assert_ne!(shortest(near), shortest(number));
            }
        }
    }
}
