//! Counts what the clients of one network hold at the same time.
//!
//! A fixed table of counters, indexed by a seeded hash of the network. Acquire and release are one atomic operation
//! each, without a lock or an allocation, and the table has a fixed size. Two networks may share a counter. That is
//! rare with [`SLOTS`] counters, and the seed keeps clients from choosing the pair. A stronger hash would not help: a
//! client with thousands of networks finds a pair by trying.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::quality::FixedState;

/// Counters of a table: 128 KiB, and one chance in 16,384 to share one with a given network.
const SLOTS: usize = 16_384;

/// Amounts held by network, each at most `max`.
#[derive(Debug)]
pub(crate) struct Networks {
    held: Box<[AtomicU64]>,
    hasher: FixedState,
    max: u64,
}

/// An amount that one network holds. Dropping it releases the amount.
#[derive(Debug)]
pub(crate) struct NetworkShare {
    networks: Arc<Networks>,
    slot: usize,
    amount: u64,
}

impl Networks {
    /// A table in which no network holds anything.
    pub(crate) fn new(max: u64) -> Arc<Self> {
        Arc::new(Self {
            held: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
            hasher: FixedState::with_seed(RandomState::new().hash_one(max)),
            max,
        })
    }

    /// Takes an amount for the network of this key. The last one taken may exceed the maximum, so that an amount larger
    /// than the maximum can be taken by a network that holds nothing.
    ///
    /// Returns `None` if the network holds the maximum already.
    pub(crate) fn take(self: &Arc<Self>, network: u64, amount: u64) -> Option<NetworkShare> {
        let (taken, fits) = self.add(network, amount);
        fits.then_some(taken)
    }

    /// Acquires an amount without a limit, and returns whether the network held less than the maximum before.
    pub(crate) fn add(self: &Arc<Self>, network: u64, amount: u64) -> (NetworkShare, bool) {
        let slot = self.slot(network);
        let before = self.held[slot].fetch_add(amount, Ordering::AcqRel);
        let taken = NetworkShare {
            networks: Arc::clone(self),
            slot,
            amount,
        };
        (taken, before < self.max)
    }

    /// Whether the network holds the maximum.
    pub(crate) fn is_full(&self, network: u64) -> bool {
        self.held[self.slot(network)].load(Ordering::Acquire) >= self.max
    }

    fn slot(&self, network: u64) -> usize {
        let hash = self.hasher.hash_one(network) % SLOTS as u64;
        usize::try_from(hash).unwrap_or_default()
    }
}

impl Drop for NetworkShare {
    fn drop(&mut self) {
        self.networks.held[self.slot].fetch_sub(self.amount, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_at_most_its_maximum_and_what_is_dropped_is_free_again() {
        let networks = Networks::new(2);
        let first = networks.take(7, 1);
        let second = networks.take(7, 1);
        assert!(first.is_some() && second.is_some());
        assert!(networks.take(7, 1).is_none());
        assert!(networks.take(7, 1).is_none(), "a refusal takes nothing");
        assert!(networks.take(8, 1).is_some(), "another network has its own");
        drop(first);
        assert!(networks.take(7, 1).is_some());
    }

    #[test]
    fn one_amount_beyond_the_maximum_is_taken_by_a_network_that_holds_nothing() {
        let networks = Networks::new(10);
        let large = networks.take(7, 100);
        assert!(large.is_some());
        assert!(networks.take(7, 1).is_none());
        drop(large);
        assert!(networks.take(7, 1).is_some());
    }
}
