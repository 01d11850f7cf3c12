//! How long to wait before the next try of what failed.

#![forbid(unsafe_code)]

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// Exponential waits with jitter, so that a fleet of nodes does not come back in step.
#[derive(Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    pub fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            failures: 0,
        }
    }

    /// Doubles each time, up to the longest; from half of that with `jitter` 0 to all of it with 1.
    pub fn next(&mut self, jitter: f64) -> Duration {
        let doubled = self.first.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        doubled.min(self.longest).mul_f64(0.5 + jitter / 2.0)
    }

    /// Failures since the last success.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// Between 0 and 1. Good enough to spread nodes over time: the standard library seeds each
/// hasher with fresh random keys.
pub fn jitter() -> f64 {
    RandomState::new().hash_one(0) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::{Backoff, Duration, jitter};

    #[test]
    fn it_grows_to_a_bound_and_starts_anew() {
        let (first, longest) = (Duration::from_millis(250), Duration::from_secs(30));
        let mut backoff = Backoff::new(first, longest);
        assert!(backoff.next(jitter()) <= first);
        for _ in 0..100 {
            assert!(backoff.next(jitter()) <= longest);
        }
        assert!(backoff.next(jitter()) >= longest / 2);
        backoff.reset();
        assert!(backoff.next(jitter()) <= first);
    }

    #[test]
    fn jitter_stays_between_0_and_1_and_varies() {
        let drawn: Vec<_> = (0..100).map(|_| jitter()).collect();
        assert!(drawn.iter().all(|value| (0.0..=1.0).contains(value)));
        assert!(drawn.windows(2).any(|pair| (pair[0] - pair[1]).abs() > 0.1));
    }
}
