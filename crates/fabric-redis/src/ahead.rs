//! Tokens of large buckets that this process took in advance. Most requests then need no call for their rate limit.
//!
//! All tokens come out of the shared bucket, so together the processes allow no more than it holds. A process that does
//! not use its tokens loses them. A person whose requests go to `n` processes therefore has at most `n / PART` less than
//! the burst.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use quick_cache::sync::Cache;
use sosik_fabric::{Decision, Rate};

/// A process takes at most this part of a bucket at once. Small buckets are taken from one by one.
const PART: u32 = 64;

/// Most tokens that are taken at once. With more, a call costs hardly less for each of them.
const TOKENS_MAX: u32 = 64;

/// Unused tokens are given up after this. The bucket is refilled meanwhile, so older ones would exceed the burst.
const KEPT: Duration = Duration::from_secs(10);

/// Most buckets of which tokens are kept, about 100 bytes each. Those that are used least are evicted.
const BUCKETS_MAX: usize = 100_000;

/// Tokens taken in advance, by bucket.
pub(crate) struct Ahead {
    buckets: Cache<u64, Arc<Tokens>>,
}

struct Tokens {
    left: AtomicU32,
    /// Tokens that remained in the shared bucket.
    remaining: u32,
    /// On the monotonic clock of the service.
    until: Duration,
}

impl Ahead {
    pub(crate) fn new() -> Self {
        Self {
            buckets: Cache::new(BUCKETS_MAX),
        }
    }

    /// The number of tokens to take from a bucket at once.
    pub(crate) fn wanted(rate: Rate) -> u32 {
        (rate.burst.get() / PART).clamp(1, TOKENS_MAX)
    }

    /// Uses a token. `None` if there is none.
    pub(crate) fn take(&self, bucket: u64, now: Duration) -> Option<Decision> {
        let tokens = self.kept(bucket, now)?;
        let use_one = |left: u32| left.checked_sub(1);
        let (relaxed, left) = (Ordering::Relaxed, &tokens.left);
        let before = left.fetch_update(relaxed, relaxed, use_one).ok()?;
        Some(tokens.decision(before - 1))
    }

    /// The decision that [`take`](Self::take) would make.
    pub(crate) fn peek(&self, bucket: u64, now: Duration) -> Option<Decision> {
        let tokens = self.kept(bucket, now)?;
        let left = tokens.left.load(Ordering::Relaxed).checked_sub(1)?;
        Some(tokens.decision(left))
    }

    /// Keeps tokens that were taken. `remaining` is what the shared bucket has left.
    pub(crate) fn keep(&self, bucket: u64, tokens: u32, remaining: u32, now: Duration) {
        if tokens == 0 {
            return;
        }
        let tokens = Tokens {
            left: AtomicU32::new(tokens),
            remaining,
            until: now.saturating_add(KEPT),
        };
        self.buckets.insert(bucket, Arc::new(tokens));
    }

    fn kept(&self, bucket: u64, now: Duration) -> Option<Arc<Tokens>> {
        let tokens = self.buckets.get(&bucket)?;
        (now < tokens.until).then_some(tokens)
    }
}

impl Tokens {
    const fn decision(&self, left: u32) -> Decision {
        Decision::Allowed {
            remaining: self.remaining.saturating_add(left),
        }
    }
}
