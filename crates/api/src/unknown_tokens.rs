//! Unknown tokens, rate-limited by address.
//!
//! A token that is not in the memory of this node requires a read of the store. People send valid tokens and are not
//! affected. Only unknown tokens are counted against the bucket of their address. While that bucket is empty, further
//! tokens of the address are not looked up. Requests with a token in memory never get here.

use std::time::Duration;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use sosik_fabric::rates::{Buckets, Decision, Rate};

use crate::problem::{Problem, RateExceeded};

/// Maximum number of addresses that are rejected at once; 16 bytes each. More addresses are an attack by a whole
/// network, which the store's own queue bounds.
const BLOCKED_MAX: usize = 65_536;

/// The rate limit on unknown tokens by address.
pub(crate) struct UnknownTokens {
    buckets: Buckets,
    /// The time on the monotonic clock until which an address with an empty bucket is rejected.
    blocked_until: Mutex<FxHashMap<u64, Duration>>,
}

impl UnknownTokens {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            buckets: Buckets::new(rate),
            blocked_until: Mutex::new(FxHashMap::default()),
        }
    }

    /// Checks whether a token of this address may be looked up.
    ///
    /// # Errors
    /// `TooManyRequests` after too many unknown tokens.
    pub(crate) fn check(&self, network: u64, now: Duration) -> Result<(), Problem> {
        let until = self.blocked_until.lock().get(&network).copied();
        match until.and_then(|until| until.checked_sub(now)) {
            Some(retry_after) if !retry_after.is_zero() => {
                Err(Problem::TooManyRequests(RateExceeded { retry_after }))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Counts an unknown token of this address.
    pub(crate) fn count(&self, network: u64, now: Duration) {
        if let Decision::Refused { retry_after } = self.buckets.take(network) {
            metrics::counter!("sosik_rate_limited_total", "kind" => "unknown_tokens").increment(1);
            let mut blocked_until = self.blocked_until.lock();
            if blocked_until.len() < BLOCKED_MAX {
                blocked_until.insert(network, now + retry_after);
            }
        }
    }

    /// Removes addresses that may send tokens again. Call it periodically.
    pub(crate) fn prune(&self, now: Duration) {
        self.buckets.prune();
        let mut blocked_until = self.blocked_until.lock();
        blocked_until.retain(|_, until| *until > now);
        blocked_until.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    const NOW: Duration = Duration::from_secs(100);

    fn two_a_minute() -> UnknownTokens {
        let two = NonZeroU32::new(2).unwrap();
        UnknownTokens::new(Rate {
            per_minute: two,
            burst: two,
        })
    }

    #[test]
    fn an_address_that_invents_tokens_is_shut_until_its_bucket_has_one_again() {
        let tokens = two_a_minute();
        for _ in 0..3 {
            assert!(tokens.check(1, NOW).is_ok());
            tokens.count(1, NOW);
        }
        let problem = tokens.check(1, NOW).unwrap_err();
        assert_eq!(problem.status_and_code().1, "too_many_requests");
        let after = problem.retry_after().unwrap();
        assert!(after <= Duration::from_secs(30), "{after:?}");
        assert!(tokens.check(2, NOW).is_ok(), "another address");
        assert!(tokens.check(1, NOW + after).is_ok());
        tokens.prune(NOW + after);
        assert!(tokens.blocked_until.lock().is_empty());
    }

    #[test]
    fn no_more_addresses_are_kept_than_the_maximum() {
        let tokens = two_a_minute();
        let full = (0..BLOCKED_MAX as u64).map(|network| (network, NOW * 2));
        tokens.blocked_until.lock().extend(full);
        for _ in 0..3 {
            tokens.count(u64::MAX, NOW);
        }
        assert_eq!(tokens.blocked_until.lock().len(), BLOCKED_MAX);
    }
}
