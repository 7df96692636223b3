//! npm's version ranges: read the way node-semver 6 reads them when it is strict.

use std::cmp::Ordering;
use std::error::Error;
use std::fmt;
use std::str::FromStr;

use semver::{BuildMetadata, Prerelease, Version};

use super::partial::{Partial, Release};
use super::spacing::{self, split_once};
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
    /// Returns whether a text is a range, which takes less code than to keep what it says.
    pub fn is_valid(text: &str) -> bool {
        read(text, &mut ()).is_ok()
    }

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
        let mut collected = Collected::default();
        match read(text, &mut collected) {
            Ok(()) => Ok(Range {
                alternatives: collected.alternatives,
            }),
            Err(fault) => Err(RangeError {
                text: excerpt(text),
                part: excerpt(&collected.blamed),
                fault,
            }),
        }
    }
}

/// Reads a range and has `heed` hear of what is in it.
fn read(text: &str, heed: &mut dyn Heed) -> Result<(), Fault> {
    if text.len() > MAX_RANGE_LENGTH {
        return Err(Fault::TooLong);
    }
    let text = spacing::collapse(text);
    let mut rest = Some(text.as_str());
    while let Some(part) = rest {
        let part = match split_once(part, "||") {
            Some((part, after)) => {
                rest = Some(after);
                part
            }
            None => {
                rest = None;
                part
            }
        };
        heed.alternative();
        Alternative { heed }.read(part.trim_matches(' '))?;
    }
    Ok(())
}

/// Hears what a range consists of.
trait Heed {
    /// Another alternative begins.
    fn alternative(&mut self);

    /// A comparator of it. `pre` is a prerelease that has been looked at, or empty.
    fn comparator(&mut self, operator: Operator, numbers: (u64, u64, u64), pre: &str);

    /// The part at fault, when there is one.
    fn blame(&mut self, part: &str);
}

/// Whoever only asks whether a text is a range heeds nothing.
impl Heed for () {
    fn alternative(&mut self) {}
    fn comparator(&mut self, _: Operator, _: (u64, u64, u64), _: &str) {}
    fn blame(&mut self, _: &str) {}
}

#[derive(Default)]
struct Collected {
    alternatives: Vec<Vec<Comparator>>,
    blamed: String,
}

impl Heed for Collected {
    fn alternative(&mut self) {
        self.alternatives.push(Vec::new());
    }

    fn comparator(&mut self, operator: Operator, numbers: (u64, u64, u64), pre: &str) {
        let (major, minor, patch) = numbers;
        let version = Version {
            major,
            minor,
            patch,
            pre: Prerelease::new(pre).expect("a prerelease is looked at before it is passed on"),
            build: BuildMetadata::EMPTY,
        };
        if let Some(alternative) = self.alternatives.last_mut() {
            alternative.push(Comparator { operator, version });
        }
    }

    fn blame(&mut self, part: &str) {
        self.blamed = part.to_owned();
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
struct Alternative<'h> {
    heed: &'h mut dyn Heed,
}

impl Alternative<'_> {
    /// Reads what stands between two `||`.
    fn read(&mut self, text: &str) -> Result<(), Fault> {
        if let Some((low, high)) = split_once(text, " - ") {
            let sides = [low, high].map(Partial::read);
            let [Some(from), Some(to)] = sides else {
                let wrong = if sides[0].is_none() { low } else { high };
                return self.blaming(wrong, |_| Err(Fault::NotAComparator));
            };
            self.blaming(low, |alternative| alternative.from(&from))?;
            return self.blaming(high, |alternative| alternative.to(&to));
        }
        for word in spacing::close_gaps(text).split(' ') {
            self.blaming(word, |alternative| alternative.word(word))?;
        }
        Ok(())
    }

    fn blaming(
        &mut self,
        part: &str,
        read: impl FnOnce(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        read(self).inspect_err(|_| self.heed.blame(part))
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
                    self.push(Less, (0, 0, 0), "0")?;
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
            Release::Major(major) => ((major, 0, 0), ""),
            Release::Minor(major, minor) => ((major, minor, 0), ""),
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
        self.push(operator, numbers, "")
    }

    fn push(
        &mut self,
        operator: Operator,
        (major, minor, patch): (u64, u64, u64),
        pre: &str,
    ) -> Result<(), Fault> {
        if major.max(minor).max(patch) > MAX_NUMBER {
            return Err(Fault::NumberTooBig);
        }
        self.heed.comparator(operator, (major, minor, patch), pre);
        Ok(())
    }
}

fn prerelease<'t>(partial: &Partial<'t>) -> Result<&'t str, Fault> {
    if partial.plain.len() > MAX_VERSION_LENGTH {
        return Err(Fault::VersionTooLong);
    }
    Ok(partial.pre)
}

/// The word without its first star and the operator right before that.
fn without_star(word: &str) -> Option<String> {
    let (before, after) = split_once(word, "*")?;
    let before = before.strip_suffix('=').unwrap_or(before);
    let before = before.strip_suffix(['<', '>']).unwrap_or(before);
    Some([before, after].concat())
}
