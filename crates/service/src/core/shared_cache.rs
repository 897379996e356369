//! The cache that nodes share, in front of the store. Failures of it are misses.
//!
//! An entry is never served after an acknowledged change outdated it. The rule is that of timelines: such a change is in
//! the log of the store, every node distrusts the entry from the time at which it applies the change until it has dropped
//! the entry, and a node without a lease uses no entry (`cache_lease::settling`).

use sosik_fabric::{LookUp, SharedKey, Ticket};

use super::Core;
use super::invalidations::{PendingInvalidation, SharedCopy};

impl Core {
    /// Looks up an entry. After a miss with a ticket, read the latest copy of the store and call
    /// [`fill_shared`](Self::fill_shared).
    pub(crate) async fn look_up_shared(&self, key: SharedKey) -> LookUp {
        let Some(cache) = &self.engines.shared_cache else {
            return LookUp::Miss(None);
        };
        if !self.allows_copy(SharedCopy::Entry(key)) {
            count(key, "distrusted");
            return LookUp::Miss(None);
        }
        let found = self.fabric_result("look_up", cache.look_up(key).await);
        let outcome = match found {
            Some(LookUp::Hit(_)) => "hit",
            Some(LookUp::Miss(_)) => "miss",
            None => "failed",
        };
        count(key, outcome);
        found.unwrap_or(LookUp::Miss(None))
    }

    /// Fills an entry with a value that was read after the ticket was taken.
    pub(crate) async fn fill_shared(&self, ticket: Ticket, value: &[u8]) {
        if let Some(cache) = &self.engines.shared_cache {
            // Without it, the next node fills the entry.
            let _filled = self.fabric_result("fill", cache.fill(ticket, value).await);
        }
    }

    /// Distrusts an entry until it is dropped. `None` if nodes share no cache.
    pub(super) fn distrust_entry(&self, key: SharedKey) -> Option<PendingInvalidation> {
        let cache = self.engines.shared_cache.as_ref();
        cache.map(|_| self.invalidations.begin(SharedCopy::Entry(key)))
    }

    /// Drops an entry. Returns whether it is dropped.
    pub(super) async fn drop_entry(&self, key: SharedKey) -> bool {
        let Some(cache) = &self.engines.shared_cache else {
            return true;
        };
        let answer = cache.drop_entry(key).await;
        self.fabric_result("drop_entry", answer).is_some()
    }

    /// Drops all entries. Returns whether they are dropped.
    pub(super) async fn drop_all_entries(&self) -> bool {
        let Some(cache) = &self.engines.shared_cache else {
            return true;
        };
        let answer = cache.drop_all_entries().await;
        self.fabric_result("drop_all_entries", answer).is_some()
    }
}

fn count(key: SharedKey, outcome: &'static str) {
    metrics::counter!("sosik_shared_cache_look_ups_total", "kind" => key.kind(), "outcome" => outcome)
        .increment(1);
}
