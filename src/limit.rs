//! How often somebody may do something.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// How many checks go by until those who have done nothing for long are forgotten.
const FORGET_EVERY: u32 = 1_024;

/// Lets everybody do something a number of times at once, and then once per so much time.
#[derive(Debug)]
pub struct Limiter<K: Hash + Eq + Clone> {
    counts: DefaultKeyedRateLimiter<K>,
    at_once: NonZeroU32,
    clock: DefaultClock,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// `at_once` is how much somebody may do who has done nothing for long; `every`, how long it
    /// takes until they may do one more.
    pub fn new(at_once: NonZeroU32, every: Duration) -> Self {
        let quota = Quota::with_period(every.max(Duration::from_nanos(1)));
        let quota = quota.expect("the period is not nothing").allow_burst(at_once);
        let (counts, clock) = (RateLimiter::keyed(quota), DefaultClock::default());
        Self { counts, at_once, clock, checks: AtomicU32::new(0) }
    }

    /// Counts one more of `who`.
    ///
    /// # Errors
    /// How long to wait, if that is too much.
    pub fn check(&self, who: &K) -> Result<(), Duration> {
        self.check_all(who, NonZeroU32::MIN)
    }

    /// Counts `count` more of `who`, or none of them. What is more than may ever be done at once counts
    /// as that.
    ///
    /// # Errors
    /// How long to wait, if that is too much.
    pub fn check_all(&self, who: &K, count: NonZeroU32) -> Result<(), Duration> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.counts.retain_recent();
        }
        let checked = self.counts.check_key_n(who, count.min(self.at_once));
        let checked = checked.expect("no more than fits is asked for");
        checked.map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Limiter, NonZeroU32};

    #[test]
    fn whoever_does_too_much_waits_and_nobody_else() {
        let limiter = Limiter::new(NonZeroU32::MIN, Duration::from_hours(1));
        assert_eq!(limiter.check(&"ada"), Ok(()));
        let wait = limiter.check(&"ada").unwrap_err();
        assert!(wait > Duration::from_mins(59) && wait <= Duration::from_hours(1), "{wait:?}");
        assert_eq!(limiter.check(&"bia"), Ok(()));
    }

    #[test]
    fn what_is_done_several_times_counts_as_often_or_not_at_all() {
        let of = |count| NonZeroU32::new(count).unwrap();
        let limiter = Limiter::new(of(5), Duration::from_hours(1));
        assert_eq!(limiter.check_all(&"ada", of(3)), Ok(()));
        limiter.check_all(&"ada", of(3)).unwrap_err();
        assert_eq!(limiter.check_all(&"ada", of(2)), Ok(()));
        limiter.check(&"ada").unwrap_err();

        assert_eq!(limiter.check_all(&"bia", of(9)), Ok(()));
        limiter.check(&"bia").unwrap_err();
    }
}
