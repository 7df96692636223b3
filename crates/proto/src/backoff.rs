//! Backoff: how long to wait before the next attempt to reconnect (protocol.md 7.5).

use std::time::Duration;

/// Doubling delays with a random share on top.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    ceiling: Duration,
    jitter: Duration,
    next: Duration,
}

impl Backoff {
    /// Delays from `first`, doubling up to `ceiling`, each with up to `jitter` added.
    pub fn new(first: Duration, ceiling: Duration, jitter: Duration) -> Self {
        Self {
            first,
            ceiling,
            jitter,
            next: first,
        }
    }

    /// The delay before the next attempt; `random` is from 0 up to, not including, 1.
    pub fn next(&mut self, random: f64) -> Duration {
        // The ceiling comes before the jitter: otherwise every client that has reached it
        // reconnects in the same millisecond after a server restart.
        let delay = self.next.min(self.ceiling);
        self.next = delay.saturating_mul(2).min(self.ceiling);
        delay + self.jitter.mul_f64(random.clamp(0.0, 1.0))
    }

    /// An attempt succeeded: the next delay is the first again.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

impl Default for Backoff {
    /// 1, 2, 4, 8, 16, then 32 seconds, each with up to one second added.
    fn default() -> Self {
        Self::new(
            Duration::from_secs(1),
            Duration::from_secs(32),
            Duration::from_secs(1),
        )
    }
}
