//! Instants on the driver's clock.

use std::ops::{Add, Sub};
use std::time::Duration;

/// Milliseconds on the driver's monotonic clock, from whatever origin it likes.
///
/// The core never asks for the time: every entry point that needs it takes `now` first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The instant `millis` milliseconds after the clock's origin.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the clock's origin.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Time since `earlier`, or zero if that lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis))
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.since(earlier)
    }
}

/// When something has lasted long enough.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: Instant,
    span: Duration,
    /// The clock ran past it once already.
    excused: bool,
}

impl Deadline {
    pub(crate) fn new(now: Instant, span: Duration) -> Self {
        Self {
            at: now + span,
            span,
            excused: false,
        }
    }

    /// When [`has_passed`](Self::has_passed) wants to be asked.
    pub(crate) fn at(self) -> Instant {
        self.at
    }

    /// Whether it has passed. A timer that comes later than by its own time was held back, as in a page
    /// that slept, and so may be what it waited for: there is the same time again, once.
    pub(crate) fn has_passed(&mut self, now: Instant) -> bool {
        if now < self.at {
            return false;
        }
        if self.excused || now.since(self.at) <= self.span {
            return true;
        }
        *self = Self {
            excused: true,
            ..Self::new(now, self.span)
        };
        false
    }
}
