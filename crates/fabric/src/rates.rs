//! Rate limits of one node: a token bucket for each key.

use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

pub use crate::gcra::{Decision, Rate};

/// Token buckets of one kind of request, one for each key. Keys are hashes, so the original value is not kept.
pub struct Buckets {
    rate: Rate,
    limiter: RateLimiter<u64, DashMapStateStore<u64>, DefaultClock, StateInformationMiddleware>,
}

impl Buckets {
    /// A limiter with full buckets.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        let quota = Quota::per_minute(rate.per_minute).allow_burst(rate.burst);
        Self {
            rate,
            limiter: RateLimiter::dashmap(quota).with_middleware(),
        }
    }

    /// The rate of the buckets.
    #[must_use]
    pub const fn rate(&self) -> Rate {
        self.rate
    }

    /// Takes one token.
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

    /// Removes full buckets, so that memory is bounded by the keys in use. Call it periodically.
    pub fn prune(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

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
