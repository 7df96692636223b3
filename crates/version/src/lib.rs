//! `app@range`: which version of an application a handshake asks for, by npm's rules.
//!
//! A crate of its own, so that a page gets it compiled for size and the rest of the core for speed.

use std::cmp::Ordering;
use std::error::Error;
use std::fmt;

mod partial;
mod range;
mod spacing;

pub use range::{Range, RangeError};
pub use semver::Version;

/// The longest version npm reads, in characters.
const MAX_VERSION_LENGTH: usize = 256;

/// The greatest number npm accepts in a version: the greatest a JavaScript number counts to.
const MAX_NUMBER: u64 = 9_007_199_254_740_991;

/// Reads a complete version as npm's `valid` does: strictly, with one leading `v` allowed.
///
/// Spaces around it and a leading `=` are refused, although a [`Range`] has room for both.
///
/// # Errors
///
/// When the text is not a version, is longer than 256 characters, or has a major, minor or patch
/// number above 9007199254740991.
pub fn parse_version(text: &str) -> Result<Version, VersionError> {
    let fault = |fault| VersionError {
        text: excerpt(text),
        fault,
    };
    if text.chars().nth(MAX_VERSION_LENGTH).is_some() {
        return Err(fault(VersionFault::TooLong));
    }
    let version = Version::parse(text.strip_prefix('v').unwrap_or(text))
        .map_err(|e| fault(VersionFault::Malformed(e)))?;
    if version.major.max(version.minor).max(version.patch) > MAX_NUMBER {
        return Err(fault(VersionFault::NumberTooBig));
    }
    Ok(version)
}

/// Why a text is not a complete version.
#[derive(Debug)]
pub struct VersionError {
    text: String,
    fault: VersionFault,
}

#[derive(Debug)]
enum VersionFault {
    TooLong,
    NumberTooBig,
    Malformed(semver::Error),
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a version: ", self.text)?;
        match &self.fault {
            VersionFault::TooLong => {
                write!(f, "it is longer than {MAX_VERSION_LENGTH} characters")
            }
            VersionFault::NumberTooBig => write!(f, "it has a number above {MAX_NUMBER}"),
            VersionFault::Malformed(e) => e.fmt(f),
        }
    }
}

impl Error for VersionError {}

/// What a handshake asks for, of the versions an application is stored in (protocol.md 5.3).
#[derive(Debug, Clone)]
pub enum Requested {
    /// Nothing in particular: the greatest version there is, prereleases included.
    Latest,
    /// One complete version, whatever its build metadata (Q27).
    Exactly(Version),
    /// The greatest version that satisfies a range.
    Within(Range),
}

impl Requested {
    /// Reads the version field of a handshake, where no text and the empty text ask for nothing.
    ///
    /// # Errors
    ///
    /// When the text is neither a version nor a range.
    pub fn parse(text: Option<&str>) -> Result<Requested, RangeError> {
        match text {
            None | Some("") => Ok(Requested::Latest),
            Some(text) => match parse_version(text) {
                Ok(version) => Ok(Requested::Exactly(version)),
                Err(_) => text.parse().map(Requested::Within),
            },
        }
    }

    /// Returns whether a complete version was asked for, so that no other one will ever do.
    pub fn is_complete(&self) -> bool {
        matches!(self, Requested::Exactly(_))
    }

    /// Picks what belongs to the greatest version that was asked for, or `None` when there is none.
    ///
    /// Of versions that differ only in build metadata the first is picked.
    pub fn pick<'a, T>(&self, stored: impl Iterator<Item = (&'a Version, T)>) -> Option<T> {
        let mut best: Option<(&Version, T)> = None;
        for (version, item) in stored {
            let greater = best
                .as_ref()
                .is_none_or(|(best, _)| version.cmp_precedence(best) == Ordering::Greater);
            if greater && self.accepts(version) {
                best = Some((version, item));
            }
        }
        best.map(|(_, item)| item)
    }

    fn accepts(&self, version: &Version) -> bool {
        match self {
            Requested::Latest => true,
            Requested::Exactly(wanted) => wanted.cmp_precedence(version) == Ordering::Equal,
            Requested::Within(range) => range.matches(version),
        }
    }
}

/// An application as a client names it: `'name'` or `'name@range'`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppName {
    name: String,
    range: Option<String>,
}

impl AppName {
    /// Splits at the last `@`, unless that is where the text begins: `'@scope/app'` is a name (Q28).
    ///
    /// The range is not read here; [`Requested::parse`] does that.
    ///
    /// # Errors
    ///
    /// When nothing is left for the name.
    pub fn parse(text: &str) -> Result<AppName, EmptyAppName> {
        let (name, range) = match text.rsplit_once('@') {
            Some((name, range)) if !name.is_empty() => (name, range),
            _ => (text, ""),
        };
        if name.is_empty() {
            return Err(EmptyAppName);
        }
        Ok(AppName {
            name: name.to_owned(),
            range: (!range.is_empty()).then(|| range.to_owned()),
        })
    }

    /// The name, without the range.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text after the separating `@`, or `None` when there is none.
    pub fn range(&self) -> Option<&str> {
        self.range.as_deref()
    }
}

/// An application was named by the empty text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmptyAppName;

impl fmt::Display for EmptyAppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the application name is empty")
    }
}

impl Error for EmptyAppName {}

/// As much of a text as an error message has room for.
fn excerpt(text: &str) -> String {
    const ROOM: usize = 60;
    match text.char_indices().nth(ROOM) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
