//! What is ordinary, straight from MDSF to JSON.
//!
//! Nearly all of most messages is `name:'text'`, `name:12` and the brackets around such members, without
//! blanks or escapes. What is that is copied here in one go, up to sixteen bytes at a time; the reading loop, which
//! knows the whole grammar, takes over wherever something else stands. This loop never fails: it stops before
//! what it does not know.
//!
//! A crate of its own, so that a page gets it compiled for speed and the rest for size.

mod bytes;
mod open;

pub use bytes::{IN_IDENTIFIER, is_ascii, special};
pub use open::{Inside, Nest, Open};

/// Where a reader is.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// In the text.
    pub at: usize,
    /// In its structure.
    pub inside: Inside,
    /// How many more values may come.
    pub values_left: i64,
    /// What stands there.
    pub next: Next,
}

/// What stands at a [`Place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// A key, or the end of the object.
    Member,
    /// A value, or something else where the place is inside an array.
    Value,
    /// What follows a value.
    Separator,
}

/// JSON text in the making.
pub struct Output<'a> {
    /// The text, and room for more.
    pub buffer: &'a mut [u8],
    /// How long the text is.
    pub len: usize,
    /// Where the last member begins.
    pub member: usize,
}

/// A key up to this length is copied as this many bytes.
const KEY: usize = 16;
/// So is a number.
const NUMBER: usize = 16;

/// So much of a text's end is read with zeros after it, where nothing else can be read with it.
const TAIL: usize = 64;
/// As much as is read ahead.
const ZEROS: usize = 24;

/// Copies from `place` on, in which at most `depth` arrays and objects may be open. Returns where the reading loop
/// has to go on.
pub fn copy(
    bytes: &[u8],
    mut place: Place,
    output: &mut Output<'_>,
    open: &mut Open,
    depth: u32,
) -> Place {
    if bytes.len() > place.at + TAIL {
        place = copy_far_from_end(bytes, place, output, open, depth);
    }
    let start = place.at;
    // Where a separator should stand, what stands is not ordinary, near the end or not.
    let is_stuck = place.next == Next::Separator;
    if !is_stuck && start < bytes.len() && bytes.len() <= start + TAIL {
        let rest = bytes.len() - start;
        // No token has a zero in it, so none goes on in these.
        let mut tail = [0; TAIL + ZEROS];
        tail[..rest].copy_from_slice(&bytes[start..]);
        place.at = 0;
        place = copy_far_from_end(&tail[..rest + ZEROS], place, output, open, depth);
        place.at += start;
    }
    place
}

/// What [`copy`] does, but for what is too near the end.
#[inline(never)]
fn copy_far_from_end(
    bytes: &[u8],
    place: Place,
    output: &mut Output<'_>,
    open: &mut Open,
    depth: u32,
) -> Place {
    let out = &mut *output.buffer;
    let mut len = output.len;
    // Copies of what changes with every token, which the compiler can then keep in registers.
    let (mut at, mut inside, mut values_left, mut next) =
        (place.at, place.inside, place.values_left, place.next);
    // Nothing counts before the whole token has been copied.
    'value: loop {
        if next == Next::Member {
            let Some((end, written)) = key(bytes, at, out, len) else {
                break;
            };
            output.member = len;
            (at, len) = (end, written);
            next = Next::Value;
        }
        if values_left <= 0 {
            break;
        }
        let copied = match bytes.get(at) {
            Some(b'\'') => string::<b'\''>(bytes, at + 1, out, len),
            Some(b'"') => string::<b'"'>(bytes, at + 1, out, len),
            Some(b'0'..=b'9' | b'-') => number(bytes, at, out, len),
            Some(b't' | b'f' | b'n') => word(bytes, at, out, len),
            Some(&bracket @ (b'{' | b'[')) => {
                let Some(room) = out.get_mut(len) else { break };
                if !open.push(inside, depth) {
                    break;
                }
                *room = bracket;
                len += 1;
                at += 1;
                values_left -= 1;
                (inside, next) = match bracket {
                    b'{' => (Inside::Object, Next::Member),
                    _ => (Inside::Array, Next::Value),
                };
                continue;
            }
            _ => None,
        };
        let Some((end, written)) = copied else { break };
        (at, len) = (end, written);
        values_left -= 1;
        next = Next::Separator;
        loop {
            let bracket = match (inside, bytes.get(at)) {
                (Inside::Object, Some(b',')) => {
                    at += 1;
                    next = Next::Member;
                    continue 'value;
                }
                (Inside::Array, Some(b',')) => {
                    at += 1;
                    next = Next::Value;
                    continue 'value;
                }
                (Inside::Object, Some(b'}')) => b'}',
                (Inside::Array, Some(b']')) => b']',
                _ => break 'value,
            };
            // Instead of the last value's comma.
            let Some(room) = room::<2>(out, len - 1) else {
                break 'value;
            };
            *room = [bracket, b','];
            len += 1;
            at += 1;
            inside = open.pop();
        }
    }
    output.len = len;
    Place {
        at,
        inside,
        values_left,
        next,
    }
}

/// Copies a bare key in ASCII and the colon after it.
#[inline(always)]
fn key(bytes: &[u8], at: usize, out: &mut [u8], len: usize) -> Option<(usize, usize)> {
    let key = chunk::<{ KEY + 1 }>(bytes, at)?;
    let room = room::<{ KEY + 3 }>(out, len)?;
    // Byte by byte: an object has the keys of the one before it, so the processor foresees where each ends
    // and does not wait for that, as it would for the result of any arithmetic.
    let mut end = 0;
    while end < KEY && IN_IDENTIFIER[usize::from(key[end])] {
        end += 1;
    }
    if end == 0 || key[end] != b':' || key[0].is_ascii_digit() {
        return None;
    }
    room[0] = b'"';
    room[1..=KEY].copy_from_slice(&key[..KEY]);
    room[end + 1] = b'"';
    room[end + 2] = b':';
    Some((at + end + 1, len + end + 3))
}

/// Copies the rest of a string without escapes, and adds a comma.
#[inline(always)]
fn string<const QUOTE: u8>(
    bytes: &[u8],
    mut at: usize,
    out: &mut [u8],
    mut len: usize,
) -> Option<(usize, usize)> {
    *out.get_mut(len)? = b'"';
    len += 1;
    loop {
        let sixteen = chunk::<16>(bytes, at)?;
        *room::<16>(out, len)? = *sixteen;
        let plain = plain(sixteen, QUOTE);
        at += plain;
        len += plain;
        if plain < 16 {
            break;
        }
    }
    if bytes.get(at) != Some(&QUOTE) {
        return None;
    }
    *room::<2>(out, len)? = *b"\",";
    Some((at + 1, len + 2))
}

/// How many of sixteen bytes come before the first that is `quote`, a double quote, a backslash or a control
/// character: 16 if there is none.
#[inline(always)]
fn plain(bytes: &[u8; 16], quote: u8) -> usize {
    let [low, high] = halves(bytes).map(|word| special(word, quote));
    match (low, high) {
        (0, 0) => 16,
        (0, _) => 8 + (high.trailing_zeros() / 8) as usize,
        _ => (low.trailing_zeros() / 8) as usize,
    }
}

/// Where the decimal ends that `bytes` begin with: digits, with a sign and a fraction or without. `None` unless
/// a comma or a closing bracket follows, as anything else may belong to the number.
#[inline(always)]
#[must_use]
pub fn decimal(bytes: &[u8]) -> Option<usize> {
    let digits = |mut at: usize| {
        while let Some(b'0'..=b'9') = bytes.get(at) {
            at += 1;
        }
        at
    };
    let whole = usize::from(bytes.first() == Some(&b'-'));
    let mut end = digits(whole);
    if end == whole || (bytes[whole] == b'0' && end > whole + 1) {
        return None;
    }
    if bytes.get(end) == Some(&b'.') {
        let fraction = end + 1;
        end = digits(fraction);
        if end == fraction {
            return None;
        }
    }
    matches!(bytes.get(end), Some(b',' | b'}' | b']')).then_some(end)
}

/// Copies a number that JSON spells the same, and adds a comma.
#[inline(always)]
fn number(bytes: &[u8], start: usize, out: &mut [u8], len: usize) -> Option<(usize, usize)> {
    let number = chunk::<NUMBER>(bytes, start)?;
    let end = decimal(number)?;
    let room = room::<{ NUMBER + 1 }>(out, len)?;
    room[..NUMBER].copy_from_slice(number);
    room[end] = b',';
    Some((start + end, len + end + 1))
}

/// Copies `true`, `false` or `null`, and adds a comma.
#[inline(always)]
fn word(bytes: &[u8], start: usize, out: &mut [u8], len: usize) -> Option<(usize, usize)> {
    let word = chunk::<5>(bytes, start)?;
    let letters = match word {
        b"false" => 5,
        [b't', b'r', b'u', b'e', _] | [b'n', b'u', b'l', b'l', _] => 4,
        _ => return None,
    };
    let room = room::<6>(out, len)?;
    room[..5].copy_from_slice(word);
    room[letters] = b',';
    Some((start + letters, len + letters + 1))
}

// These two are asked for every token. A slice of a slice is a comparison more, and that a tenth of the reading.

#[inline(always)]
fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Option<&[u8; N]> {
    if at + N > bytes.len() {
        return None;
    }
    // SAFETY: these `N` bytes are within the slice. The sum does not overflow: a slice is at most half as long as
    // a `usize` can say, and no place is further than that from its beginning.
    Some(unsafe { &*bytes.as_ptr().add(at).cast() })
}

#[inline(always)]
fn room<const N: usize>(out: &mut [u8], len: usize) -> Option<&mut [u8; N]> {
    if len + N > out.len() {
        return None;
    }
    // SAFETY: as for `chunk`.
    Some(unsafe { &mut *out.as_mut_ptr().add(len).cast() })
}

#[inline(always)]
fn halves(bytes: &[u8; 16]) -> [u64; 2] {
    let word = u128::from_le_bytes(*bytes);
    [word as u64, (word >> 64) as u64]
}
