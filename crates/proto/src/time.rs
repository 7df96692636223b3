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
        Duration::from_millis(self.millis_since(earlier))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        self.after(millis(duration))
    }
}

impl Instant {
    pub(crate) fn after(self, millis: u64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    pub(crate) fn millis_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Not as the 128 bits that a duration has: to count with those takes a kilobyte of code in a page.
#[inline(never)]
pub(crate) fn millis(duration: Duration) -> u64 {
    // More are as good as for ever.
    let seconds = duration.as_secs().min(u64::from(u32::MAX) * 1000);
    seconds * 1000 + u64::from(duration.subsec_millis())
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
    /// In milliseconds.
    span: u64,
    /// The clock ran past it once already.
    excused: bool,
}

impl Deadline {
    pub(crate) fn new(now: Instant, span: Duration) -> Self {
        Self::after(now, millis(span))
    }

    fn after(now: Instant, span: u64) -> Self {
        Self {
            at: now.after(span),
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
        if self.excused || now.millis_since(self.at) <= self.span {
            return true;
        }
        *self = Self {
            excused: true,
            ..Self::after(now, self.span)
        };
        false
    }
}
