//! A cache that never serves a value that was outdated before the request began.
//!
//! The danger of every look-aside cache: a slow loader reads the old value, a writer changes the store and drops the
//! cached value, and then the loader inserts the old value, which stays. Here every key belongs to one of a fixed
//! number of stamps. A loader takes the stamp before it reads the store, and its value is kept only if the stamp is
//! unchanged. A writer advances the stamp and drops the value in one step, after the commit and before its response. So
//! a request that begins after the response never sees the old value (promise: private at read).
//!
//! The store may have copies that lag behind. So a writer passes the position of its commit, the stamp keeps the
//! largest position, and the loader requires a copy that has it ([`Stamp::at_least`]). Otherwise a loader that starts
//! after the change could read the old value from a lagging copy, and the cache would keep it.
//!
//! With several nodes, a change may be committed on another node. A node serves from its caches only while its
//! [`CacheGate`] is open, that is while it holds a lease.
//!
//! If two keys share a stamp, a change of one prevents the other's value from being kept. It never causes a wrong
//! value.

use std::hash::{BuildHasher, Hash};

use parking_lot::Mutex;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sosik_feed::CommitPosition;

use crate::cache_gate::CacheGate;
use crate::hash::IdHash;

/// Number of stamps. Two keys that change at the same time rarely share one; 96 KiB of locks.
const STAMPS: usize = 4096;

/// The stamp that a loader takes before it reads the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stamp {
    /// Number of changes so far.
    changes: u64,
    at: CommitPosition,
}

impl Stamp {
    /// The position that the loader's copy of the store must have.
    #[must_use]
    pub const fn at_least(self) -> CommitPosition {
        self.at
    }

    fn advance(&mut self, at: CommitPosition) {
        self.changes += 1;
        self.at = self.at.max(at);
    }
}

/// Values by key, within a maximum weight; see the module.
pub struct StampedCache<K, V, W> {
    values: Cache<K, V, W, IdHash>,
    hash: IdHash,
    stamps: Box<[Mutex<Stamp>]>,
    gate: CacheGate,
}

impl<K, V, W> StampedCache<K, V, W>
where
    K: Eq + Hash + Clone,
    V: Clone,
    W: Weighter<K, V> + Clone,
{
    /// A cache for `weight`, in the unit of the weighter, and about `entries` values. It serves while the gate is open.
    pub fn new(entries: usize, weight: u64, weighter: W, gate: CacheGate) -> Self {
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
            stamps: (0..STAMPS).map(|_| Mutex::default()).collect(),
            gate,
        }
    }

    /// The cached value. `None` while the gate is closed.
    pub fn get(&self, key: &K) -> Option<V> {
        match self.gate.is_open() {
            true => self.values.get(key),
            false => None,
        }
    }

    /// The cached values of several keys, in their order. The gate is checked once, before the first look-up.
    pub fn get_all<'a>(
        &'a self,
        keys: impl Iterator<Item = &'a K> + 'a,
    ) -> impl Iterator<Item = Option<V>> + 'a {
        let open = self.gate.is_open();
        keys.map(move |key| match open {
            true => self.values.get(key),
            false => None,
        })
    }

    /// The stamp of a key. Call this before loading, and load from a copy that has its position.
    pub fn stamp(&self, key: &K) -> Stamp {
        *self.lock(key).lock()
    }

    /// Keeps a loaded value unless the key has changed since `stamp`. The loader may use its value in both cases: the
    /// request began before the change was acknowledged.
    pub fn insert_unless_stale(&self, key: K, value: V, stamp: Stamp) {
        let now = self.lock(&key).lock();
        if now.changes == stamp.changes {
            self.values.insert(key, value);
        }
    }

    /// The key has changed in the store at this position: drops the value and invalidates loads in flight.
    pub fn invalidate(&self, key: &K, at: CommitPosition) {
        let mut now = self.lock(key).lock();
        now.advance(at);
        self.values.remove(key);
    }

    /// A part of the value has changed in the store at this position: updates a cached value in place and invalidates
    /// loads in flight. Changes arrive in any order, so `update` must ignore a change that is older than the value.
    pub fn update_in_place(&self, key: &K, at: CommitPosition, update: impl FnOnce(&V)) {
        let mut now = self.lock(key).lock();
        now.advance(at);
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

    /// Drops all values after an unknown change. Loaders then require the latest copy.
    pub fn clear(&self) {
        for stamp in &self.stamps {
            stamp.lock().advance(CommitPosition::LATEST);
        }
        self.values.clear();
    }

    #[expect(clippy::cast_possible_truncation, reason = "only the low bits matter")]
    fn lock(&self, key: &K) -> &Mutex<Stamp> {
        &self.stamps[self.hash.hash_one(key) as usize % STAMPS]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quick_cache::UnitWeighter;

    fn cache() -> StampedCache<u64, &'static str, UnitWeighter> {
        StampedCache::new(100, 100, UnitWeighter, CacheGate::open())
    }

    #[test]
    fn a_value_loaded_before_a_change_is_not_kept_after_it() {
        let cache = cache();
        let stamp = cache.stamp(&1);
        cache.invalidate(&1, CommitPosition::START);
        cache.insert_unless_stale(1, "old", stamp);
        assert_eq!(cache.get(&1), None);
        cache.insert_unless_stale(1, "new", cache.stamp(&1));
        assert_eq!(cache.get(&1), Some("new"));
    }

    #[test]
    fn ids_that_differ_in_their_time_only_have_all_the_room() {
        let (keys, weight) = (10_000_u64, 10_000);
        let cache = StampedCache::new(10_000, weight, UnitWeighter, CacheGate::open());
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
    fn an_update_in_place_invalidates_a_load_in_flight() {
        let cache = cache();
        let stamp = cache.stamp(&1);
        let mut updated = false;
        cache.update_in_place(&1, CommitPosition::START, |_| updated = true);
        cache.insert_unless_stale(1, "old", stamp);
        assert!(!updated, "there was nothing to update");
        assert_eq!(cache.get(&1), None);
    }

    #[test]
    fn a_closed_gate_serves_nothing_and_loads_are_kept_for_later() {
        let gate = CacheGate::closed(std::sync::Arc::new(|| std::time::Duration::from_secs(1)));
        let cache = StampedCache::new(100, 100, UnitWeighter, gate.clone());
        cache.insert_unless_stale(1, "kept", cache.stamp(&1));
        assert_eq!(cache.get(&1), None);
        assert_eq!(cache.get_all([&1].into_iter()).collect::<Vec<_>>(), [None]);
        gate.open_until(std::time::Duration::from_secs(2));
        assert_eq!(cache.get(&1), Some("kept"));
        assert_eq!(
            cache.get_all([&1, &2].into_iter()).collect::<Vec<_>>(),
            [Some("kept"), None]
        );
    }

    /// A store with a copy that lags behind: `(position, value)` of each.
    struct Copies {
        latest: (u64, &'static str),
        lagging: (u64, &'static str),
    }

    impl Copies {
        /// The copy that has the position, preferably the one that lags.
        fn read(&self, at_least: CommitPosition) -> &'static str {
            match self.lagging.0 >= at_least.number() {
                true => self.lagging.1,
                false => self.latest.1,
            }
        }
    }

    #[test]
    fn a_copy_that_lags_behind_an_acknowledged_change_fills_nothing() {
        let cache = cache();
        let mut store = Copies {
            latest: (1, "old"),
            lagging: (1, "old"),
        };
        let fill = |store: &Copies| {
            let stamp = cache.stamp(&1);
            cache.insert_unless_stale(1, store.read(stamp.at_least()), stamp);
            cache.get(&1)
        };
        assert_eq!(fill(&store), Some("old"));
        store.latest = (2, "new");
        cache.invalidate(&1, CommitPosition::new(2));
        assert_eq!(fill(&store), Some("new"), "the copy still says \"old\"");
        cache.invalidate(&1, CommitPosition::START);
        assert_eq!(fill(&store), Some("new"), "positions never sink");
        store.latest = (3, "newer");
        cache.clear();
        assert_eq!(fill(&store), Some("newer"), "after an unknown change");
        store.lagging = store.latest;
        cache.update_in_place(&1, CommitPosition::new(3), |_| {});
        assert_eq!(fill(&store), Some("newer"));
    }

    #[test]
    fn readers_never_see_a_value_older_than_the_last_acknowledged_change() {
        use std::sync::atomic::{AtomicU64, Ordering};
        let cache =
            StampedCache::<u64, u64, UnitWeighter>::new(10, 10, UnitWeighter, CacheGate::open());
        let (store, acknowledged) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for value in 1..=20_000 {
                    store.store(value, Ordering::SeqCst);
                    cache.invalidate(&7, CommitPosition::START);
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
