//! Values that a node reads once in a while for everybody.
//!
//! Requests for one value wait for the same read. A failed read is not kept: the next request in the queue reads again.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;
use sosik_store::StoreResult;
use tokio::sync::Mutex;

/// A value, and the monotonic time before its read. Locked during the read.
type Slot<V> = Arc<Mutex<Option<(Duration, V)>>>;

/// The most recently used values, up to a maximum number. No value is older than `age`.
pub(super) struct Recent<K, V> {
    slots: Cache<K, Slot<V>>,
    age: Duration,
}

impl<K: Eq + Hash + Clone, V: Clone> Recent<K, V> {
    pub(super) fn new(values_max: usize, age: Duration) -> Self {
        Self {
            slots: Cache::new(values_max),
            age,
        }
    }

    /// The value of this key. Calls `read` if there is none, or if it is too old at the monotonic time `now`.
    pub(super) async fn get(
        &self,
        key: &K,
        now: Duration,
        read: impl AsyncFnOnce() -> StoreResult<V>,
    ) -> StoreResult<V> {
        let mut slot = self.slot(key).lock_owned().await;
        if let Some((read_at, value)) = &*slot
            && now.saturating_sub(*read_at) < self.age
        {
            return Ok(value.clone());
        }
        let value = read().await?;
        *slot = Some((now, value.clone()));
        Ok(value)
    }

    fn slot(&self, key: &K) -> Slot<V> {
        let made = self
            .slots
            .get_or_insert_with::<_, std::convert::Infallible>(key, || Ok(Slot::default()));
        made.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use sosik_store::StoreError;

    use super::*;

    const AGE: Duration = Duration::from_secs(2);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[tokio::test]
    async fn a_value_is_read_again_when_it_is_too_old_and_not_before() {
        let recent = Recent::new(8, AGE);
        for (now, read, expected) in [(10, 1, 1), (11, 2, 1), (12, 3, 3), (13, 4, 3)] {
            let value = recent.get(&"key", seconds(now), async || Ok(read));
            assert_eq!(value.await.unwrap(), expected, "at {now} s");
        }
        let other = recent.get(&"other", seconds(13), async || Ok(5));
        assert_eq!(other.await.unwrap(), 5);
    }

    #[tokio::test]
    async fn many_who_ask_at_once_wait_for_one_read() {
        let recent = Arc::new(Recent::new(8, AGE));
        let (reads, begun) = (AtomicU32::new(0), tokio::sync::Semaphore::new(0));
        let ask = || {
            recent.get(&"key", seconds(10), async || {
                let _permit = begun.acquire().await;
                Ok(reads.fetch_add(1, Ordering::SeqCst))
            })
        };
        let asking = futures::future::join_all((0..50).map(|_| ask()));
        let (answers, ()) = tokio::join!(asking, async { begun.add_permits(1) });
        assert!(answers.into_iter().all(|answer| answer.unwrap() == 0));
        assert_eq!(reads.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_failed_read_is_not_kept() {
        let recent = Recent::new(8, AGE);
        let failed = recent.get(&"key", seconds(10), async || {
            Err::<u32, _>(StoreError::Busy)
        });
        assert!(failed.await.is_err());
        let again = recent.get(&"key", seconds(10), async || Ok(7));
        assert_eq!(again.await.unwrap(), 7);
    }
}
