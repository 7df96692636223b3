//! What bytes are.

/// The lowest bit set is the highest of the first of eight bytes that is `quote`, a double quote, a
/// backslash or a control character; none is set if there is no such byte.
#[inline(always)]
pub fn special(word: u64, quote: u8) -> u64 {
    const ONES: u64 = u64::MAX / 0xff;
    const HIGH: u64 = ONES * 0x80;
    // A byte below 0x80 sets its high bit in a difference when it is less than what is taken from it.
    // The borrow may then spoil the bytes after it, never those before, and the first is all we want.
    // With bit 1 turned over, the double quote is the one byte that follows the control characters.
    let less = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21)
        | (word ^ (ONES * u64::from(b'\\'))).wrapping_sub(ONES)
        | (word ^ (ONES * u64::from(quote))).wrapping_sub(ONES);
    less & !word & HIGH
}

/// Whether each byte is part of an ASCII identifier.
pub static IN_IDENTIFIER: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte as u8, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'$');
        byte += 1;
    }
    table
};

/// Whether all bytes are ASCII; the standard library's own is compiled for size where this is for speed.
#[inline(never)]
#[must_use]
pub fn is_ascii(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    let all = words
        .iter()
        .fold(0, |all, word| all | u64::from_le_bytes(*word));
    let all = rest.iter().fold(all, |all, byte| all | u64::from(*byte));
    all & 0x8080_8080_8080_8080 == 0
}
