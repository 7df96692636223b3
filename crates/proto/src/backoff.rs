//! Backoff: delays between reconnect attempts.

/// The schedule of protocol.md 7.5: each failure doubles the delay up to a ceiling. In milliseconds.
///
/// Whoever asks brings the randomness along.
#[derive(Clone, Debug)]
pub struct Backoff {
    base: u32,
    max: u32,
    jitter: u32,
    next: u32,
}

impl Backoff {
    /// Delays that begin with `base` and grow to `max`, each with up to `jitter` on top.
    pub const fn new(base: u32, max: u32, jitter: u32) -> Self {
        Self {
            base,
            max,
            jitter,
            next: base,
        }
    }

    /// How long to wait before the next attempt, given a random number from 0 up to 1.
    pub fn next(&mut self, random: f64) -> u32 {
        // The ceiling comes before the jitter: otherwise every client that has reached it
        // reconnects in the same millisecond after a server restart.
        let delay = self.next.min(self.max);
        self.next = delay.saturating_mul(2);
        // The cast takes whatever is not from 0 up to 1 for one of the two.
        let steps = f64::from(self.jitter) + 1.0;
        let jitter = ((random * steps) as u32).min(self.jitter);
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
        Self::new(1000, 32_000, 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_ceiling_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::default();
        let delays: Vec<u32> = (0..8).map(|_| backoff.next(0.0)).collect();
        assert_eq!(delays, [1000, 2000, 4000, 8000, 16000, 32000, 32000, 32000]);
        backoff.reset();
        assert_eq!(backoff.next(0.0), 1000);
    }

    #[test]
    fn jitter_is_a_whole_number_of_milliseconds_with_both_ends_possible() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.next(0.5), 1500);
        assert_eq!(backoff.next(1.0 - f64::EPSILON), 3000);
        assert_eq!(backoff.next(0.000_5), 4000);
        assert_eq!(backoff.next(0.001), 8001);
    }

    #[test]
    fn a_delay_at_the_ceiling_still_has_its_jitter() {
        let mut backoff = Backoff::default();
        for _ in 0..100 {
            backoff.next(0.0);
        }
        assert_eq!(backoff.next(0.25), 32_250);
    }

    #[test]
    fn a_number_out_of_range_counts_as_the_nearest_one_in_range() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.next(-3.0), 1000);
        assert_eq!(backoff.next(f64::NAN), 2000);
        assert_eq!(backoff.next(7.0), 5000);
    }
}
