//! Ids of the past: under the node number of imports, at the time that is told.

use rustc_hash::FxHashMap;
use sosik_feed::id::{EPOCH, SEQUENCES, node_of_imports};
use sosik_feed::{Timestamp, UnownedId};

/// Hands out ids of past moments, each once.
pub(super) struct PastIds {
    node: u16,
    next: FxHashMap<u64, u16>,
}

impl PastIds {
    /// Ids of this region's imports. Only for a store in which there are none yet.
    pub(super) fn new(region: u16) -> Self {
        Self {
            node: node_of_imports(region),
            next: FxHashMap::default(),
        }
    }

    /// An id of this moment, or of the first one after it that has room.
    pub(super) fn at(&mut self, at: Timestamp) -> UnownedId {
        let mut millis = at.as_millis().saturating_sub(EPOCH.as_millis());
        loop {
            let next = self.next.entry(millis).or_default();
            if *next < SEQUENCES {
                *next += 1;
                return UnownedId::from_fields(millis, self.node, *next - 1);
            }
            millis += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_of_one_moment_differ_also_when_it_is_full() {
        let mut ids = PastIds::new(0);
        let at = Timestamp::from_millis(EPOCH.as_millis() + 5);
        let made: HashSet<_> = (0..200).map(|_| ids.at(at).lowest()).collect();
        assert_eq!(made.len(), 200);
        assert!(made.iter().all(|id| (5..9).contains(&id.millis())));
    }
}
