//! Backoff: delays between reconnect attempts.

use std::time::Duration;

/// The schedule of protocol.md 7.5: each failure doubles the delay up to a ceiling.
///
/// Whoever asks brings the randomness along.
#[derive(Clone, Debug)]
pub struct Backoff {
    base: Duration,
    max: Duration,
    jitter: Duration,
    next: Duration,
}

impl Backoff {
    /// Delays that begin with `base` and grow to `max`, each with up to `jitter` on top.
    pub const fn new(base: Duration, max: Duration, jitter: Duration) -> Self {
        Self {
            base,
            max,
            jitter,
            next: base,
        }
    }

    /// How long to wait before the next attempt, given a random number from 0 up to 1.
    pub fn next(&mut self, random: f64) -> Duration {
        // The ceiling comes before the jitter: otherwise every client that has reached it
        // reconnects in the same millisecond after a server restart.
        let delay = self.next.min(self.max);
        self.next = delay.saturating_mul(2);
        // The cast takes whatever is not from 0 up to 1 for one of the two.
        let steps = (self.jitter.as_millis() + 1) as f64;
        let jitter = Duration::from_millis((random * steps) as u64).min(self.jitter);
        delay.saturating_add(jitter)
    }

    /// An attempt succeeded: the next delay is the first again.
    pub fn reset(&mut self) {
        self.next = self.base;
    }
}

impl Default for Backoff {
    /// 1 s, doubled up to 32 s, with up to 1 s on top: upstream's.
    fn default() -> Self {
        let second = Duration::from_secs(1);
        Self::new(second, second * 32, second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(backoff: &mut Backoff, random: f64) -> u128 {
        backoff.next(random).as_millis()
    }

    #[test]
    fn delays_double_up_to_the_ceiling_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::default();
        let delays: Vec<u128> = (0..8).map(|_| millis(&mut backoff, 0.0)).collect();
        assert_eq!(delays, [1000, 2000, 4000, 8000, 16000, 32000, 32000, 32000]);
        backoff.reset();
        assert_eq!(millis(&mut backoff, 0.0), 1000);
    }

    #[test]
    fn jitter_is_a_whole_number_of_milliseconds_with_both_ends_possible() {
        let mut backoff = Backoff::default();
        assert_eq!(millis(&mut backoff, 0.5), 1500);
        assert_eq!(millis(&mut backoff, 1.0 - f64::EPSILON), 3000);
        assert_eq!(millis(&mut backoff, 0.000_5), 4000);
        assert_eq!(millis(&mut backoff, 0.001), 8001);
    }

    #[test]
    fn a_delay_at_the_ceiling_still_has_its_jitter() {
        let mut backoff = Backoff::default();
        for _ in 0..100 {
            backoff.next(0.0);
        }
        assert_eq!(millis(&mut backoff, 0.25), 32_250);
    }

    #[test]
    fn a_number_out_of_range_counts_as_the_nearest_one_in_range() {
        let mut backoff = Backoff::default();
        assert_eq!(millis(&mut backoff, -3.0), 1000);
        assert_eq!(millis(&mut backoff, f64::NAN), 2000);
        assert_eq!(millis(&mut backoff, 7.0), 5000);
    }
}
