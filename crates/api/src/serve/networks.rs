//! Counts what the clients of one network hold at the same time.
//!
//! A client belongs to two networks (see [`ClientNetworks`]), because a customer of a provider may own as little as one
//! address and as much as 65,536 networks of the smaller kind. Whatever clients share is bounded for both, so that
//! neither takes all of it.
//!
//! For each kind of network there is a fixed table of counters, indexed by a seeded hash of the network. Acquire and
//! release are one atomic operation for each table, without a lock or an allocation, and the tables have a fixed size.
//! Two networks may share a counter. That is rare with [`SLOTS`] counters, and the seed keeps clients from choosing the
//! pair. A stronger hash would not help: a client with thousands of networks finds a pair by trying.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::quality::RandomState;

use crate::extract::ClientNetworks;

/// Counters of a table: 128 KiB, and one chance in 16,384 to share one with a given network.
const SLOTS: usize = 16_384;

/// Amounts held by network.
#[derive(Debug)]
pub(crate) struct NetworkShares {
    narrow: ShareTable,
    wide: ShareTable,
}

/// Amounts held by key.
#[derive(Debug)]
pub(super) struct ShareTable {
    held: Box<[AtomicU64]>,
    max: u64,
    hasher: RandomState,
}

/// An amount that the networks of one client hold. Dropping it releases the amount.
#[derive(Debug)]
pub(crate) struct NetworkShare {
    shares: Arc<NetworkShares>,
    narrow: usize,
    wide: usize,
    amount: u64,
}

impl NetworkShares {
    /// Shares of `total`: half for a narrow network and three quarters for a wide one, so that others can always
    /// proceed.
    pub(crate) fn of(total: u64) -> Arc<Self> {
        Self::with_narrow_max((total / 2).max(1), total)
    }

    /// Shares of `total`: `narrow_max` for a narrow network, and three quarters for a wide one, but no less than for a
    /// narrow one.
    pub(crate) fn with_narrow_max(narrow_max: u64, total: u64) -> Arc<Self> {
        let wide_max = (total.saturating_mul(3) / 4).max(narrow_max);
        Arc::new(Self {
            narrow: ShareTable::new(narrow_max),
            wide: ShareTable::new(wide_max),
        })
    }

    /// Takes an amount for the networks of a client. The last one taken may exceed the maximum, so that an amount
    /// larger than the maximum can be taken by a network that holds nothing.
    ///
    /// Returns `None` if a network of the client holds its maximum already.
    pub(crate) fn take(
        self: &Arc<Self>,
        client: ClientNetworks,
        amount: u64,
    ) -> Option<NetworkShare> {
        let (taken, fits) = self.add(client, amount);
        fits.then_some(taken)
    }

    /// Acquires an amount without a limit, and returns whether both networks held less than their maximum before.
    pub(crate) fn add(
        self: &Arc<Self>,
        client: ClientNetworks,
        amount: u64,
    ) -> (NetworkShare, bool) {
        let (narrow, wide) = self.slots(client);
        let narrow_fits = self.narrow.add(narrow, amount);
        let wide_fits = self.wide.add(wide, amount);
        let taken = NetworkShare {
            shares: Arc::clone(self),
            narrow,
            wide,
            amount,
        };
        (taken, narrow_fits && wide_fits)
    }

    /// Whether a network of the client holds its maximum.
    pub(crate) fn is_full(&self, client: ClientNetworks) -> bool {
        let (narrow, wide) = self.slots(client);
        self.narrow.is_full(narrow) || self.wide.is_full(wide)
    }

    fn slots(&self, client: ClientNetworks) -> (usize, usize) {
        (self.narrow.slot(client.narrow), self.wide.slot(client.wide))
    }
}

impl ShareTable {
    /// A table in which each key holds at most `max`.
    pub(super) fn new(max: u64) -> Self {
        Self {
            held: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
            max,
            hasher: RandomState::default(),
        }
    }

    /// The counter of a key.
    pub(super) fn slot(&self, key: u64) -> usize {
        let hash = self.hasher.hash_one(key) % SLOTS as u64;
        usize::try_from(hash).unwrap_or_default()
    }

    /// Adds an amount, and returns whether less than the maximum was held before.
    pub(super) fn add(&self, slot: usize, amount: u64) -> bool {
        self.held[slot].fetch_add(amount, Ordering::AcqRel) < self.max
    }

    fn is_full(&self, slot: usize) -> bool {
        self.held[slot].load(Ordering::Acquire) >= self.max
    }

    pub(super) fn release(&self, slot: usize, amount: u64) {
        self.held[slot].fetch_sub(amount, Ordering::AcqRel);
    }
}

impl Drop for NetworkShare {
    fn drop(&mut self) {
        self.shares.narrow.release(self.narrow, self.amount);
        self.shares.wide.release(self.wide, self.amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client in one of many narrow networks of one wide network.
    fn client(narrow: u64) -> ClientNetworks {
        ClientNetworks { narrow, wide: 1 }
    }

    #[test]
    fn a_network_holds_at_most_its_maximum_and_what_is_dropped_is_free_again() {
        let shares = NetworkShares::of(4);
        let first = shares.take(client(7), 1);
        let second = shares.take(client(7), 1);
        assert!(first.is_some() && second.is_some());
        assert!(shares.take(client(7), 1).is_none());
        assert!(
            shares.take(client(7), 1).is_none(),
            "a refusal takes nothing"
        );
        assert!(
            shares.take(client(8), 1).is_some(),
            "another network has its own"
        );
        drop(first);
        assert!(shares.take(client(7), 1).is_some());
    }

    #[test]
    fn all_narrow_networks_of_one_wide_network_hold_three_quarters() {
        let shares = NetworkShares::of(8);
        let held: Vec<_> = (0..8).map_while(|n| shares.take(client(n), 1)).collect();
        assert_eq!(held.len(), 6);
        assert!(shares.is_full(client(9)));
        let elsewhere = ClientNetworks { narrow: 9, wide: 2 };
        assert!(!shares.is_full(elsewhere));
        assert!(shares.take(elsewhere, 1).is_some());
        drop(held);
        assert!(shares.take(client(9), 1).is_some());
    }

    #[test]
    fn one_amount_beyond_the_maximum_is_taken_by_a_network_that_holds_nothing() {
        let shares = NetworkShares::of(20);
        let large = shares.take(client(7), 100);
        assert!(large.is_some());
        assert!(shares.take(client(7), 1).is_none());
        drop(large);
        assert!(shares.take(client(7), 1).is_some());
    }
}
