//! Rate limits of a single process.

use std::time::Duration;

use async_trait::async_trait;
use foldhash::HashMap;
use parking_lot::Mutex;

use crate::error::FabricResult;
use crate::gcra::{self, Decision, Nanos, Rate};
use crate::rate_limits::RateLimits;

/// More than the cores of any machine, so that a lock rarely waits.
const SHARDS: usize = 64;

/// Maximum number of buckets. A million clients within the longest refill time are many for one node, and their buckets
/// take about 32 MiB.
const KEYS_MAX: usize = 1_000_000;

/// A shard without room for another bucket removes one in this number of its buckets.
const REMOVED_PART: usize = 10;

/// The time at which each bucket is full, by key.
type Shard = HashMap<u64, Nanos>;

/// Token buckets in this process.
pub struct MemoryRateLimits {
    shards: Box<[Mutex<Shard>]>,
    shard_keys_max: usize,
}

impl Default for MemoryRateLimits {
    fn default() -> Self {
        Self::with_keys_max(KEYS_MAX)
    }
}

impl MemoryRateLimits {
    fn with_keys_max(keys_max: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            shard_keys_max: keys_max / SHARDS,
        }
    }

    /// Keys are hashes, so their low bits are evenly distributed.
    #[expect(clippy::cast_possible_truncation, reason = "only the low bits matter")]
    fn shard(&self, key: u64) -> &Mutex<Shard> {
        &self.shards[key as usize % SHARDS]
    }
}

#[async_trait]
impl RateLimits for MemoryRateLimits {
    async fn take(&self, key: u64, rate: Rate, now: Duration) -> FabricResult<Decision> {
        let now = nanos(now);
        let mut shard = self.shard(key).lock();
        if let Some(full_at) = shard.get_mut(&key) {
            let (decision, after) = gcra::take(rate, *full_at, now);
            *full_at = after;
            return Ok(decision);
        }
        if shard.len() >= self.shard_keys_max {
            make_room(&mut shard, now);
        }
        let (decision, after) = gcra::take(rate, 0, now);
        shard.insert(key, after);
        Ok(decision)
    }

    async fn peek(&self, key: u64, rate: Rate, now: Duration) -> FabricResult<Decision> {
        let full_at = self.shard(key).lock().get(&key).copied();
        Ok(gcra::peek(rate, full_at.unwrap_or(0), nanos(now)))
    }

    fn prune(&self, now: Duration) {
        for shard in &self.shards {
            let mut shard = shard.lock();
            remove_full(&mut shard, nanos(now));
            shard.shrink_to_fit();
        }
    }
}

fn remove_full(shard: &mut Shard, now: Nanos) {
    shard.retain(|_, full_at| *full_at > now);
}

/// Removes full buckets. If that is not enough, removes those that are full soonest: their loss grants the fewest
/// tokens.
fn make_room(shard: &mut Shard, now: Nanos) {
    let before = shard.len();
    let removed = (before / REMOVED_PART).max(1);
    remove_full(shard, now);
    if before - shard.len() >= removed {
        return;
    }
    let mut times: Vec<Nanos> = shard.values().copied().collect();
    let last = removed.min(times.len()).saturating_sub(1);
    let (_, soonest, _) = times.select_nth_unstable(last);
    remove_full(shard, *soonest);
}

fn nanos(time: Duration) -> Nanos {
    Nanos::try_from(time.as_nanos()).unwrap_or(Nanos::MAX)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// One a minute and no more at once.
    const RATE: Rate = Rate {
        per_minute: NonZeroU32::MIN,
        burst: NonZeroU32::MIN,
    };

    fn buckets(limits: &MemoryRateLimits) -> usize {
        limits.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    async fn is_refused(limits: &MemoryRateLimits, key: u64, now: Duration) -> bool {
        matches!(
            limits.peek(key, RATE, now).await,
            Ok(Decision::Refused { .. })
        )
    }

    #[tokio::test]
    async fn pruning_removes_full_buckets_and_no_others() {
        let limits = MemoryRateLimits::default();
        limits.take(1, RATE, Duration::ZERO).await.unwrap();
        limits.take(2, RATE, 30 * SECOND).await.unwrap();
        limits.prune(60 * SECOND);
        assert_eq!(buckets(&limits), 1);
        assert!(is_refused(&limits, 2, 60 * SECOND).await);
        limits.prune(90 * SECOND);
        assert_eq!(buckets(&limits), 0);
    }

    #[tokio::test]
    async fn more_keys_than_the_maximum_push_out_those_that_are_full_soonest() {
        let most = SHARDS * 10;
        let limits = MemoryRateLimits::with_keys_max(most);
        let keys = 3 * most as u64;
        let time = |key: u64| Duration::from_millis(key);
        for key in 0..keys {
            limits.take(key, RATE, time(key)).await.unwrap();
            assert!(buckets(&limits) <= most);
        }
        assert!(!is_refused(&limits, 0, time(keys)).await, "the oldest");
        assert!(is_refused(&limits, keys - 1, time(keys)).await);
        assert!(buckets(&limits) > most / 2);
    }
}
