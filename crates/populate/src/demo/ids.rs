//! Ids with a past timestamp and the node number reserved for imports.

use foldhash::HashMap;
use sosik_feed::id::{EPOCH, SEQUENCES, node_of_imports};
use sosik_feed::{Timestamp, UnownedId};

/// Generates ids for past times. No id is returned twice.
pub(super) struct PastIds {
    node: u16,
    next: HashMap<u64, u16>,
}

impl PastIds {
    /// A generator for the import node of this region. The store must not contain ids of that node.
    pub(super) fn new(region: u16) -> Self {
        Self {
            node: node_of_imports(region),
            next: HashMap::default(),
        }
    }

    /// Returns an id for this millisecond, or for the first later one that has a free sequence number.
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
