//! A version that may stop early or have an `x` in it, as ranges are made of: `1.2`, `v1.x`, `*`.

/// The longest run of digits, and the longest identifier, in which npm's patterns look for their
/// end. It matters for parts that a range then ignores, such as the patch in `1.x.3`.
const MAX_DIGITS: usize = 257;
const MAX_IDENTIFIER: usize = 250;

/// What is known of a version, and the pieces of the text it came from.
pub(super) struct Partial<'a> {
    /// The `v`, `=` and spaces in front.
    pub(super) prefix: &'a str,
    /// The text from the first number to the end of the prerelease.
    pub(super) plain: &'a str,
    pub(super) release: Release,
    /// The prerelease, without its hyphen; empty if there is none.
    pub(super) pre: &'a str,
    /// The build metadata, with its plus sign; empty if there is none.
    pub(super) build: &'a str,
}

/// The numbers before the first one that is missing or an `x`: npm ignores all after it.
///
/// A number too great for `u64` is `u64::MAX`, which is far above what a version may have.
#[derive(Clone, Copy)]
pub(super) enum Release {
    Any,
    Major(u64),
    Minor(u64, u64),
    Patch(u64, u64, u64),
}

impl<'a> Partial<'a> {
    /// Reads the whole text, or returns `None` if it is anything else.
    pub(super) fn read(text: &'a str) -> Option<Partial<'a>> {
        let unprefixed = text.trim_start_matches(['v', '=', ' ']);
        let prefix = &text[..text.len() - unprefixed.len()];
        let (plain, build) = unprefixed.split_at(unprefixed.find('+').unwrap_or(unprefixed.len()));
        let (numbers, pre) = match plain.split_once('-') {
            Some((numbers, pre)) => (numbers, Some(pre)),
            None => (plain, None),
        };

        let mut parts = numbers.split('.').map(number);
        let major = parts.next()??;
        let minor = parts.next().unwrap_or(Some(None))?;
        let patch = match parts.next() {
            Some(patch) => patch?,
            // Only what has three parts may go on.
            None if pre.is_some() || !build.is_empty() => return None,
            None => None,
        };
        let well_formed = parts.next().is_none()
            && pre.is_none_or(|pre| pre.split('.').all(is_prerelease_identifier))
            && (build.is_empty() || build[1..].split('.').all(is_build_identifier));
        well_formed.then_some(Partial {
            prefix,
            plain,
            release: match (major, minor, patch) {
                (None, ..) => Release::Any,
                (Some(major), None, _) => Release::Major(major),
                (Some(major), Some(minor), None) => Release::Minor(major, minor),
                (Some(major), Some(minor), Some(patch)) => Release::Patch(major, minor, patch),
            },
            pre: pre.unwrap_or_default(),
            build,
        })
    }
}

/// `Some(None)` for an x, `None` for what is not a number at all.
fn number(text: &str) -> Option<Option<u64>> {
    match text {
        "x" | "X" | "*" => Some(None),
        _ if is_numeric_identifier(text) => Some(Some(text.parse().unwrap_or(u64::MAX))),
        _ => None,
    }
}

fn is_numeric_identifier(text: &str) -> bool {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits && (text == "0" || !text.starts_with('0')) && text.len() <= MAX_DIGITS
}

fn is_prerelease_identifier(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.is_empty() {
        return is_numeric_identifier(text);
    }
    let digits = text.len() - rest.len();
    digits < MAX_DIGITS && rest.len() <= MAX_IDENTIFIER + 1 && rest.bytes().all(is_word_byte)
}

fn is_build_identifier(text: &str) -> bool {
    (1..=MAX_IDENTIFIER).contains(&text.len()) && text.bytes().all(is_word_byte)
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}
