//! The nodes that hold the streams of each reader.
//!
//! A node whose readers are unknown, because it is new or because an announcement was lost, gets every wake-up. So a
//! lost announcement costs messages and never a wake-up.

use foldhash::HashMap;
use sosik_fabric::PeerId;
use sosik_feed::PersonId;

/// Nodes whose readers are indexed: the bits of a mask. Further nodes get every wake-up.
const INDEXED_MAX: usize = 64;

/// The nodes that hold the streams of each reader. 16 bytes for each reader, and the free space of the map.
#[derive(Default)]
pub(super) struct Directory {
    /// A bit for each indexed node.
    holders: HashMap<PersonId, u64>,
    /// The other nodes. `None` if the readers of the node are unknown.
    nodes: HashMap<PeerId, Option<usize>>,
    used: u64,
}

impl Directory {
    /// Adds a node whose readers are unknown. Keeps what is known of it.
    pub(super) fn add(&mut self, node: PeerId) {
        self.nodes.entry(node).or_default();
    }

    /// Removes a node.
    pub(super) fn remove(&mut self, node: PeerId) {
        self.doubt(node);
        self.nodes.remove(&node);
    }

    /// The readers of the node are no longer known.
    pub(super) fn doubt(&mut self, node: PeerId) {
        let Some(slot) = self.nodes.insert(node, None).flatten() else {
            return;
        };
        self.used &= !(1 << slot);
        self.holders.retain(|_, mask| {
            *mask &= !(1 << slot);
            *mask != 0
        });
    }

    /// The readers of no node are known any more.
    pub(super) fn doubt_all(&mut self) {
        self.holders = HashMap::default();
        self.used = 0;
        self.nodes.values_mut().for_each(|slot| *slot = None);
    }

    /// The complete list of the readers of a node.
    pub(super) fn replace(&mut self, node: PeerId, readers: &[PersonId]) {
        self.doubt(node);
        let slot = (!self.used).trailing_zeros() as usize;
        if slot < INDEXED_MAX {
            self.used |= 1 << slot;
            self.nodes.insert(node, Some(slot));
            self.join(node, readers);
        }
    }

    /// Readers that were added to a node. Changes nothing while its other readers are unknown.
    pub(super) fn join(&mut self, node: PeerId, readers: &[PersonId]) {
        if let Some(slot) = self.slot(node) {
            for reader in readers {
                *self.holders.entry(*reader).or_default() |= 1 << slot;
            }
        }
    }

    /// Readers that a node no longer holds.
    pub(super) fn leave(&mut self, node: PeerId, readers: &[PersonId]) {
        let Some(slot) = self.slot(node) else {
            return;
        };
        for reader in readers {
            if let Some(mask) = self.holders.get_mut(reader) {
                *mask &= !(1 << slot);
                if *mask == 0 {
                    self.holders.remove(reader);
                }
            }
        }
    }

    /// The nodes to which a wake-up goes, each with the people that it may hold.
    pub(super) fn route(&self, people: &[PersonId]) -> Vec<(PeerId, Vec<PersonId>)> {
        let mut by_slot: [Vec<PersonId>; INDEXED_MAX] = std::array::from_fn(|_| Vec::new());
        if !self.holders.is_empty() {
            for person in people {
                let mask = self.holders.get(person).copied().unwrap_or_default();
                bits(mask).for_each(|slot| by_slot[slot].push(*person));
            }
        }
        let routed = self.nodes.iter().map(|(node, slot)| match slot {
            Some(slot) => (*node, std::mem::take(&mut by_slot[*slot])),
            None => (*node, people.to_vec()),
        });
        routed.filter(|(_, people)| !people.is_empty()).collect()
    }

    fn slot(&self, node: PeerId) -> Option<usize> {
        self.nodes.get(&node).copied().flatten()
    }
}

/// The positions of the bits, ascending.
fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = mask.trailing_zeros() as usize;
        mask &= mask.wrapping_sub(1);
        (bit < INDEXED_MAX).then_some(bit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: PeerId = PeerId::from_u64(1);
    const TWO: PeerId = PeerId::from_u64(2);

    fn people(numbers: &[u64]) -> Vec<PersonId> {
        numbers.iter().copied().map(PersonId::from_u64).collect()
    }

    fn routed(directory: &Directory, numbers: &[u64]) -> Vec<(PeerId, Vec<PersonId>)> {
        let mut routed = directory.route(&people(numbers));
        routed.sort();
        routed
    }

    #[test]
    fn a_wake_up_goes_only_to_the_nodes_that_hold_the_reader() {
        let mut directory = Directory::default();
        directory.replace(ONE, &people(&[1, 2]));
        directory.replace(TWO, &people(&[2]));
        assert_eq!(
            routed(&directory, &[1, 2, 3]),
            [(ONE, people(&[1, 2])), (TWO, people(&[2]))]
        );
        directory.leave(ONE, &people(&[2]));
        directory.join(TWO, &people(&[3]));
        assert_eq!(routed(&directory, &[2, 3]), [(TWO, people(&[2, 3]))]);
        assert_eq!(routed(&directory, &[4]), []);
    }

    #[test]
    fn a_node_whose_readers_are_unknown_gets_everything() {
        let mut directory = Directory::default();
        directory.add(ONE);
        directory.join(ONE, &people(&[1]));
        assert_eq!(routed(&directory, &[9]), [(ONE, people(&[9]))]);
        directory.replace(ONE, &people(&[1]));
        assert_eq!(routed(&directory, &[9]), []);
        directory.doubt(ONE);
        assert_eq!(routed(&directory, &[9]), [(ONE, people(&[9]))]);
        directory.replace(ONE, &[]);
        directory.doubt_all();
        assert_eq!(routed(&directory, &[9]), [(ONE, people(&[9]))]);
    }

    #[test]
    fn a_node_that_left_gets_nothing_and_occupies_nothing() {
        let mut directory = Directory::default();
        for node in (1..=200).map(PeerId::from_u64) {
            directory.replace(node, &people(&[1]));
            directory.remove(node);
        }
        assert_eq!(routed(&directory, &[1]), []);
        assert!(directory.holders.is_empty() && directory.used == 0);
    }

    #[test]
    fn more_nodes_than_are_indexed_all_get_their_wake_ups() {
        let mut directory = Directory::default();
        let nodes = 1..=INDEXED_MAX as u64 + 1;
        for node in nodes.clone() {
            directory.replace(PeerId::from_u64(node), &people(&[node]));
        }
        let last = PeerId::from_u64(*nodes.end());
        assert_eq!(
            routed(&directory, &[5]),
            [(PeerId::from_u64(5), people(&[5])), (last, people(&[5])),]
        );
    }
}
