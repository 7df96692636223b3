//! Where spaces separate the comparators of a range, and where they are only there to be pretty.

/// Trims the text and makes every run of what JavaScript calls white space one space.
pub(super) fn collapse(text: &str) -> String {
    let words = text.split(is_white_space).filter(|word| !word.is_empty());
    let mut collapsed = String::with_capacity(text.len());
    for word in words {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    collapsed
}

/// JavaScript's `\s`, which has the byte order mark and lacks U+0085.
fn is_white_space(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

/// Removes the space after an operator: `> 1` becomes `>1`, and `~> 1` becomes `~>1`.
///
/// The text is a collapsed one. npm looks for an operator, a space and a version anywhere in it,
/// one after the other and not caring about words, so that what counts is where it found the
/// previous version to end: `1.2.3-rc = 2` has two comparators, but `= = 2` and `v = 2` do not
/// lose a space and are refused later.
pub(super) fn close_gaps(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut closed = String::with_capacity(text.len());
    let mut copied = 0;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        if is_angle(byte) {
            at += 1;
        } else if !is_prefix(byte) && !starts_version(byte) {
            at += 1;
            continue;
        }
        at += run(bytes, at, is_prefix);
        if !bytes.get(at).copied().is_some_and(starts_version) {
            continue;
        }
        if let Some(gap) = gap_after_operator(bytes, start) {
            closed.push_str(&text[copied..gap]);
            copied = gap + 1;
        }
        at = version_end(bytes, at);
    }
    closed.push_str(&text[copied..]);
    // After a tilde the `>` goes too, so that `~> >1` is `~>1`. That is npm's doing.
    let closed = replace(&closed, "~> ", "~");
    let closed = replace(&closed, "~ ", "~");
    replace(&closed, "^ ", "^")
}

/// `str::split_once`. What the standard library has is made for long patterns, and larger than all that is
/// in this file.
pub(super) fn split_once<'t>(text: &'t str, mark: &str) -> Option<(&'t str, &'t str)> {
    let mut places = text.as_bytes().windows(mark.len());
    let at = places.position(|window| window == mark.as_bytes())?;
    Some((&text[..at], &text[at + mark.len()..]))
}

/// `str::replace`, likewise.
fn replace(text: &str, mark: &str, by: &str) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = split_once(rest, mark) {
        replaced.push_str(before);
        replaced.push_str(by);
        rest = after;
    }
    replaced.push_str(rest);
    replaced
}

fn gap_after_operator(bytes: &[u8], start: usize) -> Option<usize> {
    let has = |at: usize, test: fn(u8) -> bool| bytes.get(at).copied().is_some_and(test);
    let mut at = start;
    at += usize::from(has(at, is_space));
    at += usize::from(has(at, is_angle));
    at += usize::from(has(at, |b| b == b'='));
    has(at, is_space).then_some(at)
}

/// Where npm's patterns, at their first attempt, take a version that begins here to end. Behind
/// three numbers that is a loose one, with leading zeros and with a prerelease without its hyphen.
fn version_end(bytes: &[u8], start: usize) -> usize {
    if let Some(end) = three_numbers_end(bytes, start) {
        return build_end(bytes, prerelease_end(bytes, end, true));
    }
    if bytes.get(start) == Some(&b'0') {
        // A strict number is over after its first zero; the next one begins with the next digit.
        // They are all skipped at once, since each would look through the same digits again.
        let zeros = run(bytes, start, |b| b == b'0');
        let more = run(bytes, start + zeros, |b| b.is_ascii_digit());
        if zeros + more > 1 {
            return start + if more > 0 { zeros } else { zeros - 1 };
        }
    }
    let mut end = start + part_length(bytes, start);
    for _ in 0..2 {
        if bytes.get(end) != Some(&b'.') {
            return end;
        }
        match part_length(bytes, end + 1) {
            0 => return end,
            length => end += 1 + length,
        }
    }
    build_end(bytes, prerelease_end(bytes, end, false))
}

fn three_numbers_end(bytes: &[u8], start: usize) -> Option<usize> {
    let digits_end = |at| match run(bytes, at, |b| b.is_ascii_digit()) {
        0 => None,
        digits => Some(at + digits),
    };
    let dot_end = |at| (bytes.get(at) == Some(&b'.')).then_some(at + 1);
    let minor = dot_end(digits_end(start)?)?;
    let patch = dot_end(digits_end(minor)?)?;
    digits_end(patch)
}

fn part_length(bytes: &[u8], start: usize) -> usize {
    match bytes.get(start) {
        Some(b'x' | b'X' | b'*' | b'0') => 1,
        _ => run(bytes, start, |b| b.is_ascii_digit()),
    }
}

fn prerelease_end(bytes: &[u8], start: usize, loose: bool) -> usize {
    let hyphen = bytes.get(start) == Some(&b'-');
    if !hyphen && !loose {
        return start;
    }
    let first = start + usize::from(hyphen);
    let mut end = first + identifier_length(bytes, first, loose);
    if end == first {
        // Loosely, a hyphen may itself be the identifier.
        return if loose { first } else { start };
    }
    while bytes.get(end) == Some(&b'.') {
        match identifier_length(bytes, end + 1, loose) {
            0 => break,
            length => end += 1 + length,
        }
    }
    end
}

/// A run of digits is tried first, so `1a` ends before its letter.
fn identifier_length(bytes: &[u8], start: usize, loose: bool) -> usize {
    match bytes.get(start) {
        Some(b'0') if !loose => 1,
        Some(b'0'..=b'9') => run(bytes, start, |b| b.is_ascii_digit()),
        _ => run(bytes, start, is_word),
    }
}

fn build_end(bytes: &[u8], start: usize) -> usize {
    if bytes.get(start) != Some(&b'+') {
        return start;
    }
    let mut end = start;
    loop {
        // Here stands the plus sign or a dot.
        match run(bytes, end + 1, is_word) {
            0 => return end,
            length => end += 1 + length,
        }
        if bytes.get(end) != Some(&b'.') {
            return end;
        }
    }
}

fn run(bytes: &[u8], start: usize, test: fn(u8) -> bool) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    rest.iter().take_while(|&&b| test(b)).count()
}

fn is_space(byte: u8) -> bool {
    byte == b' '
}

fn is_angle(byte: u8) -> bool {
    matches!(byte, b'<' | b'>')
}

fn is_prefix(byte: u8) -> bool {
    matches!(byte, b'v' | b'=' | b' ')
}

fn starts_version(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'x' | b'X' | b'*')
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}
