//! The contract of rate limits: a token bucket for each key.

use std::time::Duration;

use async_trait::async_trait;

use crate::error::FabricResult;
pub use crate::gcra::{Decision, Rate};

/// Token buckets by key. Keys are hashes, so an engine never holds the original value. Different kinds of limits need
/// different keys: hash the kind with the value.
///
/// A bucket may be lost at any time, and is then full. An error means that the engine cannot decide; callers allow the
/// request, because rate limits must not make a request depend on the fabric.
///
/// `now` is the monotonic time of the caller. An engine that several nodes share ignores it and uses its own clock.
#[async_trait]
pub trait RateLimits: Send + Sync + 'static {
    /// Takes one token from the bucket of `key`.
    async fn take(&self, key: u64, rate: Rate, now: Duration) -> FabricResult<Decision>;

    /// The decision that [`take`](Self::take) would make, without taking a token.
    async fn peek(&self, key: u64, rate: Rate, now: Duration) -> FabricResult<Decision>;

    /// Forgets the buckets of this node that are full, so that memory is bounded by the keys in use. Call it
    /// periodically. No I/O.
    fn prune(&self, now: Duration);
}
