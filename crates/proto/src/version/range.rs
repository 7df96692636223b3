//! npm's version ranges: read the way node-semver 6 reads them when it is strict.

use std::cmp::Ordering;
use std::error::Error;
use std::fmt;
use std::str::FromStr;

use semver::{BuildMetadata, Prerelease, Version};

use super::partial::{Partial, Release};
use super::spacing;
use super::{MAX_NUMBER, MAX_VERSION_LENGTH, excerpt};

/// The longest range that is read, in bytes.
///
/// npm reads a range of any length. A peer's could then cost many times its size in comparators.
const MAX_RANGE_LENGTH: usize = 65_536;

/// A set of versions: alternatives of comparators, such as `>=1.2.3 <1.5 || ^2`.
#[derive(Debug, Clone)]
pub struct Range {
    // An alternative without comparators is what `*` and the empty text mean: any release.
    alternatives: Vec<Vec<Comparator>>,
}

impl Range {
    /// Returns whether a version is in the range.
    ///
    /// A prerelease is only if, besides, a comparator of the same alternative is itself a
    /// prerelease of the same major, minor and patch: `>=1.0.0` says nothing about `2.0.0-beta`.
    pub fn matches(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|comparators| {
            comparators.iter().all(|c| c.holds_for(version))
                && (version.pre.is_empty() || comparators.iter().any(|c| c.invites(version)))
        })
    }
}

impl FromStr for Range {
    type Err = RangeError;

    /// Reads a range.
    ///
    /// # Errors
    ///
    /// When a part of the text is not a comparator, a number is above 9007199254740991, a version
    /// is longer than 256 characters or the whole text is longer than 64 KiB.
    fn from_str(text: &str) -> Result<Range, RangeError> {
        let error = |part: &str, fault| RangeError {
            text: excerpt(text),
            part: excerpt(part),
            fault,
        };
        if text.len() > MAX_RANGE_LENGTH {
            return Err(error("", Fault::TooLong));
        }
        let mut alternatives = Vec::new();
        for part in spacing::collapse(text).split("||") {
            let mut alternative = Alternative::default();
            alternative
                .read(part.trim_matches(' '))
                .map_err(|(part, fault)| error(&part, fault))?;
            alternatives.push(alternative.comparators);
        }
        Ok(Range { alternatives })
    }
}

/// Why a text is not a version range, and which part of it is to blame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeError {
    text: String,
    part: String,
    fault: Fault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    TooLong,
    NotAComparator,
    NumberTooBig,
    VersionTooLong,
}

impl fmt::Display for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RangeError { text, part, .. } = self;
        write!(f, "`{text}` is not a version range: ")?;
        match self.fault {
            Fault::TooLong => write!(f, "it is longer than {MAX_RANGE_LENGTH} bytes"),
            Fault::NotAComparator => write!(f, "`{part}` is not a comparator"),
            Fault::NumberTooBig => write!(f, "`{part}` needs a number above {MAX_NUMBER}"),
            Fault::VersionTooLong => write!(
                f,
                "`{part}` has a version longer than {MAX_VERSION_LENGTH} characters"
            ),
        }
    }
}

impl Error for RangeError {}

#[derive(Debug, Clone)]
struct Comparator {
    operator: Operator,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Less,
    LessOrEqual,
    Equal,
    GreaterOrEqual,
    Greater,
}

impl Operator {
    fn strip(text: &str) -> (Operator, &str) {
        // The longer ones first: `<` is also how `<=` begins.
        let operators = [
            ("<=", Operator::LessOrEqual),
            (">=", Operator::GreaterOrEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
            ("=", Operator::Equal),
        ];
        operators
            .into_iter()
            .find_map(|(sign, operator)| Some((operator, text.strip_prefix(sign)?)))
            .unwrap_or((Operator::Equal, text))
    }
}

impl Comparator {
    fn holds_for(&self, version: &Version) -> bool {
        let ordering = version.cmp_precedence(&self.version);
        match self.operator {
            Operator::Less => ordering == Ordering::Less,
            Operator::LessOrEqual => ordering != Ordering::Greater,
            Operator::Equal => ordering == Ordering::Equal,
            Operator::GreaterOrEqual => ordering != Ordering::Less,
            Operator::Greater => ordering == Ordering::Greater,
        }
    }

    fn invites(&self, prerelease: &Version) -> bool {
        let Version {
            major,
            minor,
            patch,
            ref pre,
            ..
        } = self.version;
        !pre.is_empty()
            && (major, minor, patch) == (prerelease.major, prerelease.minor, prerelease.patch)
    }
}

/// Comparators in the making: all of them must hold.
#[derive(Default)]
struct Alternative {
    comparators: Vec<Comparator>,
}

impl Alternative {
    /// Reads what stands between two `||`; on failure says which part is at fault.
    fn read(&mut self, text: &str) -> Result<(), (String, Fault)> {
        if let Some((low, high)) = text.split_once(" - ") {
            let side = |text| Partial::read(text).ok_or((text.to_owned(), Fault::NotAComparator));
            let (from, to) = (side(low)?, side(high)?);
            self.from(&from).map_err(|fault| (low.to_owned(), fault))?;
            return self.to(&to).map_err(|fault| (high.to_owned(), fault));
        }
        for word in spacing::close_gaps(text).split(' ') {
            self.word(word).map_err(|fault| (word.to_owned(), fault))?;
        }
        Ok(())
    }

    fn word(&mut self, word: &str) -> Result<(), Fault> {
        if word.is_empty() {
            return Ok(());
        }
        if let Some(rest) = word.strip_prefix('^') {
            return self.caret(&Partial::read(rest).ok_or(Fault::NotAComparator)?);
        }
        if let Some(rest) = word.strip_prefix('~') {
            let rest = rest.strip_prefix('>').unwrap_or(rest);
            return self.tilde(&Partial::read(rest).ok_or(Fault::NotAComparator)?);
        }
        let (operator, rest) = Operator::strip(word);
        match Partial::read(rest) {
            Some(partial) => self.x_range(operator, &partial),
            None => {
                // What is no comparator may become one when npm drops its first star: `1.2.3*`.
                let word = without_star(word).ok_or(Fault::NotAComparator)?;
                let (operator, rest) = Operator::strip(&word);
                let partial = Partial::read(rest).ok_or(Fault::NotAComparator)?;
                self.as_written(operator, &partial)
            }
        }
    }

    /// `1.x`, `<=2`, `>1.2.3`, `*`.
    fn x_range(&mut self, operator: Operator, partial: &Partial<'_>) -> Result<(), Fault> {
        use Operator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
        let (first, next) = match partial.release {
            Release::Any => {
                if matches!(operator, Less | Greater) {
                    // Nothing is beyond everything, and nothing precedes this.
                    let pre = Prerelease::new("0").expect("`0` is a prerelease");
                    self.push(Less, (0, 0, 0), pre)?;
                }
                return Ok(());
            }
            Release::Major(major) => ((major, 0, 0), (major.saturating_add(1), 0, 0)),
            Release::Minor(major, minor) => {
                ((major, minor, 0), (major, minor.saturating_add(1), 0))
            }
            Release::Patch(..) => return self.as_written(operator, partial),
        };
        match operator {
            Equal => {
                self.release(GreaterOrEqual, first)?;
                self.release(Less, next)
            }
            Less | GreaterOrEqual => self.release(operator, first),
            LessOrEqual => self.release(Less, next),
            Greater => self.release(GreaterOrEqual, next),
        }
    }

    /// `^1.2.3`: up to the next change of the leftmost number that is not 0.
    fn caret(&mut self, partial: &Partial<'_>) -> Result<(), Fault> {
        let next = match partial.release {
            Release::Any => return Ok(()),
            Release::Patch(0, 0, patch) => (0, 0, patch.saturating_add(1)),
            Release::Minor(0, minor) | Release::Patch(0, minor, _) => {
                (0, minor.saturating_add(1), 0)
            }
            Release::Major(major) | Release::Minor(major, _) | Release::Patch(major, ..) => {
                (major.saturating_add(1), 0, 0)
            }
        };
        self.at_least(partial)?;
        self.release(Operator::Less, next)
    }

    /// `~1.2.3`: up to the next minor, or major if that is all there is.
    fn tilde(&mut self, partial: &Partial<'_>) -> Result<(), Fault> {
        let next = match partial.release {
            Release::Any => return Ok(()),
            Release::Major(major) => (major.saturating_add(1), 0, 0),
            Release::Minor(major, minor) | Release::Patch(major, minor, _) => {
                (major, minor.saturating_add(1), 0)
            }
        };
        self.at_least(partial)?;
        self.release(Operator::Less, next)
    }

    /// The left side of `1.2 - 3.4`.
    fn from(&mut self, partial: &Partial<'_>) -> Result<(), Fault> {
        self.x_range(Operator::GreaterOrEqual, partial)
    }

    /// The right side of `1.2 - 3.4`.
    fn to(&mut self, partial: &Partial<'_>) -> Result<(), Fault> {
        match partial.release {
            // npm writes this one anew, so what stood before the number does not matter.
            Release::Patch(major, minor, patch) if !partial.pre.is_empty() => {
                let pre = prerelease(partial)?;
                self.push(Operator::LessOrEqual, (major, minor, patch), pre)
            }
            _ => self.x_range(Operator::LessOrEqual, partial),
        }
    }

    /// The version itself and what follows it; what is not given is 0.
    fn at_least(&mut self, partial: &Partial<'_>) -> Result<(), Fault> {
        let (numbers, pre) = match partial.release {
            Release::Any => return Ok(()),
            Release::Major(major) => ((major, 0, 0), Prerelease::EMPTY),
            Release::Minor(major, minor) => ((major, minor, 0), Prerelease::EMPTY),
            Release::Patch(major, minor, patch) => ((major, minor, patch), prerelease(partial)?),
        };
        self.push(Operator::GreaterOrEqual, numbers, pre)
    }

    /// A complete version exactly as it was written, where npm allows a `v` and no more before it.
    fn as_written(&mut self, operator: Operator, partial: &Partial<'_>) -> Result<(), Fault> {
        let Release::Patch(major, minor, patch) = partial.release else {
            return Err(Fault::NotAComparator);
        };
        if !matches!(partial.prefix, "" | "v") {
            return Err(Fault::NotAComparator);
        }
        if partial.prefix.len() + partial.plain.len() + partial.build.len() > MAX_VERSION_LENGTH {
            return Err(Fault::VersionTooLong);
        }
        self.push(operator, (major, minor, patch), prerelease(partial)?)
    }

    fn release(&mut self, operator: Operator, numbers: (u64, u64, u64)) -> Result<(), Fault> {
        self.push(operator, numbers, Prerelease::EMPTY)
    }

    fn push(
        &mut self,
        operator: Operator,
        (major, minor, patch): (u64, u64, u64),
        pre: Prerelease,
    ) -> Result<(), Fault> {
        if major.max(minor).max(patch) > MAX_NUMBER {
            return Err(Fault::NumberTooBig);
        }
        let build = BuildMetadata::EMPTY;
        self.comparators.push(Comparator {
            operator,
            version: Version {
                major,
                minor,
                patch,
                pre,
                build,
            },
        });
        Ok(())
    }
}

fn prerelease(partial: &Partial<'_>) -> Result<Prerelease, Fault> {
    if partial.plain.len() > MAX_VERSION_LENGTH {
        return Err(Fault::VersionTooLong);
    }
    Prerelease::new(partial.pre).map_err(|_| Fault::NotAComparator)
}

/// The word without its first star and the operator right before that.
fn without_star(word: &str) -> Option<String> {
    let (before, after) = word.split_once('*')?;
    let before = before.strip_suffix('=').unwrap_or(before);
    let before = before.strip_suffix(['<', '>']).unwrap_or(before);
    Some(format!("{before}{after}"))
}
