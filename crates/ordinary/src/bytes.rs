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
