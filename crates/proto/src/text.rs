//! Text: sentences and numbers put together without `std::fmt`, which weighs a tenth of what is here in a page.

/// The number in decimal digits.
#[inline(never)]
pub fn decimal(number: i64) -> String {
    // As many as the least of all has, and its sign.
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    let mut put = |byte| {
        at -= 1;
        digits[at] = byte;
    };
    loop {
        put(b'0' + (rest % 10) as u8);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        put(b'-');
    }
    // SAFETY: all of it is ASCII.
    unsafe { std::str::from_utf8_unchecked(&digits[at..]) }.to_owned()
}

/// The parts, one after the other.
#[inline(never)]
pub fn joined(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_reads_as_anywhere_else() {
        for number in [0, 7, 10, -1, 123_456, i64::MAX, i64::MIN] {
            assert_eq!(decimal(number), number.to_string());
        }
    }
}
