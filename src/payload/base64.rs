//! Base64 with padding, as Node's Buffer writes itself.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Length of the text of so many bytes.
pub(super) fn length(bytes: usize) -> usize {
    bytes.div_ceil(3).saturating_mul(4)
}

/// Appends the text of `bytes`.
pub(super) fn push(bytes: &[u8], out: &mut String) {
    out.reserve(length(bytes.len()));
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            out.push(if digit > chunk.len() {
                '='
            } else {
                char::from(ALPHABET[(bits >> (18 - 6 * digit) & 63) as usize])
            });
        }
    }
}
