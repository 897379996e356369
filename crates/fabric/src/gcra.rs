//! The generic cell rate algorithm: a token bucket in one number.
//!
//! The number is the time at which the bucket will be full again. Taking a token moves it one interval further into the
//! future. A token is available while it stays within `burst` intervals of now. One number for each key, without a
//! timer that refills buckets, is also what a shared engine can change in one atomic step.

use std::num::NonZeroU32;
use std::time::Duration;

/// A time or a span in nanoseconds.
pub(crate) type Nanos = u64;

/// The rate of a limiter: a burst, and an average per minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The bucket is refilled evenly at this rate.
    pub per_minute: NonZeroU32,
    /// Size of the bucket.
    pub burst: NonZeroU32,
}

/// The decision of a limiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The request is allowed.
    Allowed {
        /// Number of further requests that are allowed immediately.
        remaining: u32,
    },
    /// The request exceeds the rate.
    Refused {
        /// Time until the next request is allowed.
        retry_after: Duration,
    },
}

impl Rate {
    /// Time between two tokens. Never 0: 13 ns at the largest rate.
    fn interval(self) -> Nanos {
        const MINUTE: Nanos = 60_000_000_000;
        MINUTE / Nanos::from(self.per_minute.get())
    }

    /// Time in which an empty bucket becomes full. The sums of this module saturate, after 584 years.
    fn depth(self) -> Nanos {
        self.interval()
            .saturating_mul(Nanos::from(self.burst.get()))
    }
}

/// Takes a token from a bucket that is full at `full_at`. Returns the decision and the new `full_at`, which is
/// unchanged after a refusal.
#[must_use]
pub(crate) fn take(rate: Rate, full_at: Nanos, now: Nanos) -> (Decision, Nanos) {
    let after = full_at.max(now).saturating_add(rate.interval());
    let used = after - now;
    match rate.depth().checked_sub(used) {
        Some(left) => {
            let remaining = u32::try_from(left / rate.interval()).unwrap_or(u32::MAX);
            (Decision::Allowed { remaining }, after)
        }
        None => {
            let retry_after = Duration::from_nanos(used - rate.depth());
            (Decision::Refused { retry_after }, full_at)
        }
    }
}

/// The decision that [`take`] would make, without taking a token.
#[must_use]
pub(crate) fn peek(rate: Rate, full_at: Nanos, now: Nanos) -> Decision {
    take(rate, full_at, now).0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Nanos = 1_000_000_000;

    fn rate(per_minute: u32, burst: u32) -> Rate {
        Rate {
            per_minute: NonZeroU32::new(per_minute).unwrap(),
            burst: NonZeroU32::new(burst).unwrap(),
        }
    }

    fn allowed(remaining: u32) -> Decision {
        Decision::Allowed { remaining }
    }

    fn refused(retry_after: Nanos) -> Decision {
        Decision::Refused {
            retry_after: Duration::from_nanos(retry_after),
        }
    }

    /// Takes at these times from one bucket.
    fn decisions(rate: Rate, times: &[Nanos]) -> Vec<Decision> {
        let mut full_at = 0;
        let one = |now: &Nanos| {
            let (decision, after) = take(rate, full_at, *now);
            full_at = after;
            decision
        };
        times.iter().map(one).collect()
    }

    #[test]
    fn a_burst_is_allowed_and_then_one_token_comes_back_per_interval() {
        let every_ten_seconds = rate(6, 3);
        let at = [0, 0, 0, 0, 4, 10, 10, 45, 45].map(|seconds| seconds * SECOND);
        assert_eq!(
            decisions(every_ten_seconds, &at),
            [
                allowed(2),
                allowed(1),
                allowed(0),
                refused(10 * SECOND),
                refused(6 * SECOND),
                allowed(0),
                refused(10 * SECOND),
                allowed(2),
                allowed(1),
            ]
        );
    }

    #[test]
    fn a_request_is_allowed_exactly_when_the_refusal_said() {
        let one_a_minute = rate(1, 1);
        let (_, full_at) = take(one_a_minute, 0, 5);
        let Decision::Refused { retry_after } = peek(one_a_minute, full_at, 7) else {
            panic!("the bucket is empty");
        };
        let again = 7 + u64::try_from(retry_after.as_nanos()).unwrap();
        assert_eq!(peek(one_a_minute, full_at, again - 1), refused(1));
        assert_eq!(peek(one_a_minute, full_at, again), allowed(0));
    }

    #[test]
    fn the_largest_rates_neither_overflow_nor_stop_counting() {
        let fastest = rate(u32::MAX, 1);
        assert_eq!(decisions(fastest, &[0, 0]), [allowed(0), refused(13)]);
        let deepest = rate(1, u32::MAX);
        let (decision, _) = take(deepest, 0, Nanos::MAX - 1);
        assert!(matches!(decision, Decision::Allowed { .. }));
    }

    /// The textbook bucket: a level that is filled up at every look. Exact in nanoseconds.
    struct NaiveBucket {
        level: u128,
        filled_at: u128,
    }

    impl NaiveBucket {
        fn take(&mut self, rate: Rate, now: Nanos) -> Decision {
            let (interval, now) = (u128::from(rate.interval()), u128::from(now));
            let depth = interval * u128::from(rate.burst.get());
            self.level = depth.min(self.level + (now - self.filled_at));
            self.filled_at = now;
            if self.level >= interval {
                self.level -= interval;
                return allowed(u32::try_from(self.level / interval).unwrap());
            }
            refused(u64::try_from(interval - self.level).unwrap())
        }
    }

    proptest! {
        #[test]
        fn it_decides_like_a_bucket_that_is_filled_up(
            per_minute in 1..=10_000u32,
            burst in 1..=50u32,
            pauses in prop::collection::vec(0..=20 * SECOND, 1..200),
        ) {
            let rate = rate(per_minute, burst);
            let mut naive = NaiveBucket {
                level: u128::from(rate.depth()),
                filled_at: 0,
            };
            let (mut full_at, mut now) = (0, 0);
            for pause in pauses {
                now += pause;
                let (decision, after) = take(rate, full_at, now);
                prop_assert_eq!(decision, naive.take(rate, now));
                prop_assert!(after >= full_at, "a bucket never becomes full earlier");
                full_at = after;
            }
        }
    }
}
