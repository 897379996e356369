//! A cache that never serves what was already changed when the request began.
//!
//! The danger of every look-aside cache: a slow loader reads the old value, a writer changes the store and drops the
//! cached value, and then the loader puts the old value in, where it stays. Here every key belongs to one of a fixed
//! number of stamps. A loader notes the stamp before it reads the store, and its value is kept only if the stamp is
//! still the same; a writer moves the stamp on and drops the value in one step, after the commit and before it
//! answers. So whoever asks after the answer never sees the old value (promise: private at read).
//!
//! Keys that share a stamp disturb each other only by a value that is not kept, never by a wrong one.

use std::hash::{BuildHasher, Hash};

use parking_lot::Mutex;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::hash::IdHash;

/// How many stamps there are. Enough that two keys under change rarely share one; 64 KiB of locks.
const STAMPS: usize = 4096;

/// What a loader notes before it reads the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp(u64);

/// Values by key, within a weight; see the module.
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
    /// Room for `weight`, in the unit of the weighter; about `entries` of them.
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

    /// The value, when it is there.
    pub fn get(&self, key: &K) -> Option<V> {
        self.values.get(key)
    }

    /// To be noted before loading.
    pub fn stamp(&self, key: &K) -> Stamp {
        Stamp(*self.lock(key).lock())
    }

    /// Keeps a loaded value unless the key was changed since `stamp`. The loader may use its value either way: the
    /// request began before the change was acknowledged.
    pub fn keep(&self, key: K, value: V, stamp: Stamp) {
        let now = self.lock(&key).lock();
        if *now == stamp.0 {
            self.values.insert(key, value);
        }
    }

    /// The key has changed in the store: drops the value and outdates loads under way.
    pub fn drop_changed(&self, key: &K) {
        let mut now = self.lock(key).lock();
        *now += 1;
        self.values.remove(key);
    }

    /// A part of the value has changed in the store: mends the value in place, if it is there, and outdates loads
    /// under way. `mend` must know an older change from a newer one, since changes come here in any order.
    pub fn mend_changed(&self, key: &K, mend: impl FnOnce(&V)) {
        let mut now = self.lock(key).lock();
        *now += 1;
        if let Some(value) = self.values.peek(key) {
            mend(&value);
        }
    }

    /// How many values are there.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// No value is there.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// How many were found and not found since the start.
    pub fn hits_and_misses(&self) -> (u64, u64) {
        (self.values.hits(), self.values.misses())
    }

    /// Drops everything.
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
        cache.drop_changed(&1);
        cache.keep(1, "old", stamp);
        assert_eq!(cache.get(&1), None);
        cache.keep(1, "new", cache.stamp(&1));
        assert_eq!(cache.get(&1), Some("new"));
    }

    #[test]
    fn ids_that_differ_in_their_time_only_have_all_the_room() {
        let (keys, weight) = (10_000_u64, 10_000);
        let cache = StampedCache::new(10_000, weight, UnitWeighter);
        for key in (0..keys).map(|milliseconds| milliseconds << 22) {
            cache.keep(key, "kept", cache.stamp(&key));
        }
        // Parts fill up before others by chance; a tenth is more than that takes.
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
        cache.mend_changed(&1, |_| mended = true);
        cache.keep(1, "old", stamp);
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
                    cache.drop_changed(&7);
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
                            cache.keep(7, loaded, stamp);
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
