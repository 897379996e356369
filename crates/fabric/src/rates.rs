//! Rate limits of one node: a token bucket for each key.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

/// So many at once, and so many a minute in the long run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Refilled evenly.
    pub per_minute: NonZeroU32,
    /// Size of the bucket.
    pub burst: NonZeroU32,
}

/// What a limiter answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Go on.
    Allowed {
        /// So many more could come at once.
        remaining: u32,
    },
    /// Too many.
    Refused {
        /// The earliest moment at which one more is allowed.
        retry_after: Duration,
    },
}

/// Token buckets of one kind of request, one a key. Keys are hashes: what they stand for is not kept.
pub struct Buckets {
    rate: Rate,
    limiter: RateLimiter<u64, DashMapStateStore<u64>, DefaultClock, StateInformationMiddleware>,
}

impl Buckets {
    /// Full buckets.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        let quota = Quota::per_minute(rate.per_minute).allow_burst(rate.burst);
        Self {
            rate,
            limiter: RateLimiter::dashmap(quota).with_middleware(),
        }
    }

    /// The rate they hold.
    #[must_use]
    pub const fn rate(&self) -> Rate {
        self.rate
    }

    /// Takes one.
    pub fn take(&self, key: u64) -> Decision {
        match self.limiter.check_key(&key) {
            Ok(state) => Decision::Allowed {
                remaining: state.remaining_burst_capacity(),
            },
            Err(refused) => Decision::Refused {
                retry_after: refused.wait_time_from(self.limiter.clock().now()),
            },
        }
    }

    /// Forgets full buckets, so that memory follows the keys in use. To be called now and then.
    pub fn prune(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_the_time_to_wait_is_told() {
        let two = NonZeroU32::new(2).unwrap();
        let buckets = Buckets::new(Rate {
            per_minute: NonZeroU32::MIN,
            burst: two,
        });
        assert_eq!(buckets.take(1), Decision::Allowed { remaining: 1 });
        assert_eq!(buckets.take(1), Decision::Allowed { remaining: 0 });
        let Decision::Refused { retry_after } = buckets.take(1) else {
            panic!("the third was allowed")
        };
        assert!(
            retry_after > Duration::from_secs(30) && retry_after <= Duration::from_secs(60),
            "{retry_after:?}"
        );
        assert_eq!(
            buckets.take(2),
            Decision::Allowed { remaining: 1 },
            "another key has its own bucket"
        );
    }
}
