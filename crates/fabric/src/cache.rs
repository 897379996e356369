//! A cache that never serves a value that was outdated before the request began.
//!
//! The danger of every look-aside cache: a slow loader reads the old value, a writer changes the store and drops the
//! cached value, and then the loader inserts the old value, which stays. Here every key belongs to one of a fixed
//! number of stamps. A loader takes the stamp before it reads the store, and its value is kept only if the stamp is
//! unchanged. A writer advances the stamp and drops the value in one step, after the commit and before its response. So
//! a request that begins after the response never sees the old value (promise: private at read).
//!
//! If two keys share a stamp, a change of one prevents the other's value from being kept. It never causes a wrong
//! value.

use std::hash::{BuildHasher, Hash};

use parking_lot::Mutex;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::hash::IdHash;

/// Number of stamps. Two keys that change at the same time rarely share one; 64 KiB of locks.
const STAMPS: usize = 4096;

/// The stamp that a loader takes before it reads the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp(u64);

/// Values by key, within a maximum weight; see the module.
pub struct StampedCache<K, V, W> {
    values: Cache<K, V, W, IdHash>,
    hash: IdHash,
    stamps: Box<[Mutex<u64>]>,
}

impl<K, V, W> StampedCache<K, V, W>
where
    K: Eq + Hash + Clone,
    V: Clone,
    W: Weighter<K, V> + Clone,
{
    /// A cache for `weight`, in the unit of the weighter, and about `entries` values.
    pub fn new(entries: usize, weight: u64, weighter: W) -> Self {
        let hash = IdHash::default();
        let values = Cache::with(
            entries,
            weight,
            weighter,
            hash.clone(),
            quick_cache::sync::DefaultLifecycle::default(),
        );
        Self {
            values,
            hash,
            stamps: (0..STAMPS).map(|_| Mutex::new(0)).collect(),
        }
    }

    /// The cached value.
    pub fn get(&self, key: &K) -> Option<V> {
        self.values.get(key)
    }

    /// The stamp of a key. Call it before loading.
    pub fn stamp(&self, key: &K) -> Stamp {
        Stamp(*self.lock(key).lock())
    }

    /// Keeps a loaded value unless the key has changed since `stamp`. The loader may use its value in both cases: the
    /// request began before the change was acknowledged.
    pub fn insert_unless_stale(&self, key: K, value: V, stamp: Stamp) {
        let now = self.lock(&key).lock();
        if *now == stamp.0 {
            self.values.insert(key, value);
        }
    }

    /// The key has changed in the store: drops the value and invalidates loads in flight.
    pub fn invalidate(&self, key: &K) {
        let mut now = self.lock(key).lock();
        *now += 1;
        self.values.remove(key);
    }

    /// A part of the value has changed in the store: updates a cached value in place and invalidates loads in flight.
    /// Changes arrive in any order, so `update` must ignore a change that is older than the value.
    pub fn update_in_place(&self, key: &K, update: impl FnOnce(&V)) {
        let mut now = self.lock(key).lock();
        *now += 1;
        if let Some(value) = self.values.peek(key) {
            update(&value);
        }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Hits and misses since the start.
    pub fn hits_and_misses(&self) -> (u64, u64) {
        (self.values.hits(), self.values.misses())
    }

    /// Drops all values.
    pub fn clear(&self) {
        for stamp in &self.stamps {
            *stamp.lock() += 1;
        }
        self.values.clear();
    }

    #[expect(clippy::cast_possible_truncation, reason = "only the low bits matter")]
    fn lock(&self, key: &K) -> &Mutex<u64> {
        &self.stamps[self.hash.hash_one(key) as usize % STAMPS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quick_cache::UnitWeighter;

    fn cache() -> StampedCache<u64, &'static str, UnitWeighter> {
        StampedCache::new(100, 100, UnitWeighter)
    }

    #[test]
    fn a_value_loaded_before_a_change_is_not_kept_after_it() {
        let cache = cache();
        let stamp = cache.stamp(&1);
        cache.invalidate(&1);
        cache.insert_unless_stale(1, "old", stamp);
        assert_eq!(cache.get(&1), None);
        cache.insert_unless_stale(1, "new", cache.stamp(&1));
        assert_eq!(cache.get(&1), Some("new"));
    }

    #[test]
    fn ids_that_differ_in_their_time_only_have_all_the_room() {
        let (keys, weight) = (10_000_u64, 10_000);
        let cache = StampedCache::new(10_000, weight, UnitWeighter);
        for key in (0..keys).map(|milliseconds| milliseconds << 22) {
            cache.insert_unless_stale(key, "kept", cache.stamp(&key));
        }
        // Some shards fill up before others by chance; a tenth is more than that takes.
        assert!(
            cache.len() > 9_000,
            "only {} of {keys} are kept",
            cache.len()
        );
    }

    #[test]
    fn mending_outdates_a_load_under_way() {
        let cache = cache();
        let stamp = cache.stamp(&1);
        let mut mended = false;
        cache.update_in_place(&1, |_| mended = true);
        cache.insert_unless_stale(1, "old", stamp);
        assert!(!mended, "there was nothing to mend");
        assert_eq!(cache.get(&1), None);
    }

    #[test]
    fn readers_never_see_a_value_older_than_the_last_acknowledged_change() {
        use std::sync::atomic::{AtomicU64, Ordering};
        let cache = StampedCache::<u64, u64, UnitWeighter>::new(10, 10, UnitWeighter);
        let (store, acknowledged) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for value in 1..=20_000 {
                    store.store(value, Ordering::SeqCst);
                    cache.invalidate(&7);
                    acknowledged.store(value, Ordering::SeqCst);
                }
            });
            for _ in 0..3 {
                scope.spawn(|| {
                    while acknowledged.load(Ordering::SeqCst) < 20_000 {
                        let at_least = acknowledged.load(Ordering::SeqCst);
                        let value = cache.get(&7).unwrap_or_else(|| {
                            let stamp = cache.stamp(&7);
                            let loaded = store.load(Ordering::SeqCst);
                            cache.insert_unless_stale(7, loaded, stamp);
                            loaded
                        });
                        assert!(
                            value >= at_least,
                            "{value} was served after {at_least} was acknowledged"
                        );
                    }
                });
            }
        });
    }
}
