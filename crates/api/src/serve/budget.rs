//! Limits on the unwritten bytes of responses, for a connection, a network and the process.
//!
//! A response holds its bytes from its creation until the last of them is written or dropped. Requests wait for room of
//! their connection, and are shed while the process has none. A client that reads a response too slowly is
//! disconnected, so that its room is released.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use tokio::sync::OwnedSemaphorePermit;

use super::connection::Connection;
use super::networks::{NetworkShare, Networks};
use crate::settings::Connections;

/// Minimum rate at which clients read responses, in bytes a second. The slowest phones are ten times as fast.
const RATE_MIN: u64 = 1_024;

/// The minimum rate while more than half of the room is in use, because slow clients then cause others to be rejected.
const RATE_MIN_WHEN_FULL: u64 = 16 * 1_024;

/// The share of all room that one network may hold: half.
const NETWORK_PART: usize = 2;

/// Unwritten bytes of responses of one listener.
#[derive(Debug)]
pub(super) struct ResponseBudget {
    held: AtomicUsize,
    max: usize,
    networks: Arc<Networks>,
}

/// A permit of a connection to handle one more request.
pub(crate) type RequestPermit = OwnedSemaphorePermit;

/// The room that one response holds until it is written.
#[derive(Debug)]
pub(crate) struct HeldResponse {
    connection: Arc<Connection>,
    bytes: usize,
    _network: NetworkShare,
    _permit: Option<RequestPermit>,
    /// Bytes that were passed to the protocol library and not written yet.
    in_transit: AtomicUsize,
    written: AtomicU64,
    marked_at: AtomicU32,
    marked_written: AtomicU64,
}

/// Too many bytes wait to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BudgetExceeded;

impl ResponseBudget {
    pub(super) fn new(limits: &Connections) -> Self {
        Self {
            held: AtomicUsize::new(0),
            max: limits.answer_bytes_max,
            networks: Networks::new((limits.answer_bytes_max / NETWORK_PART) as u64),
        }
    }

    /// Whether there is room for a further request of a network.
    pub(super) fn has_capacity(&self, network: u64) -> bool {
        self.held() < self.max && !self.networks.is_full(network)
    }

    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Acquire)
    }

    /// The current minimum rate at which clients must read answers.
    pub(super) fn rate_min(&self) -> u64 {
        match self.held() > self.max / 2 {
            true => RATE_MIN_WHEN_FULL,
            false => RATE_MIN,
        }
    }

    /// Counts a response of a connection. Returns whether there was room for it.
    pub(super) fn hold(
        &self,
        connection: &Arc<Connection>,
        network: u64,
        bytes: usize,
        permit: Option<RequestPermit>,
    ) -> (Arc<HeldResponse>, bool) {
        let before = self.held.fetch_add(bytes, Ordering::AcqRel);
        let connection_has = connection.take_bytes(bytes);
        let (taken, network_has) = self.networks.add(network, bytes as u64);
        let held = HeldResponse {
            connection: Arc::clone(connection),
            bytes,
            _network: taken,
            _permit: permit,
            in_transit: AtomicUsize::new(0),
            written: AtomicU64::new(0),
            marked_at: AtomicU32::new(connection.now()),
            marked_written: AtomicU64::new(0),
        };
        let fits = before + bytes <= self.max && connection_has && network_has;
        (Arc::new(held), fits)
    }

    pub(super) fn release(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::AcqRel);
    }
}

impl HeldResponse {
    pub(super) fn handed_over(&self, bytes: usize) {
        self.in_transit.fetch_add(bytes, Ordering::AcqRel);
    }

    pub(super) fn wrote(&self, bytes: usize) {
        self.in_transit.fetch_sub(bytes, Ordering::AcqRel);
        self.written.fetch_add(bytes as u64, Ordering::AcqRel);
    }

    pub(super) fn dropped(&self, bytes: usize) {
        self.in_transit.fetch_sub(bytes, Ordering::AcqRel);
    }

    /// Whether bytes waited during the last `span` seconds and the client read fewer than `bytes_min` of them.
    pub(super) fn is_stalled(&self, now: u32, span: u32, bytes_min: u64) -> bool {
        let written = self.written.load(Ordering::Acquire);
        let since = now.saturating_sub(self.marked_at.load(Ordering::Relaxed));
        let waits = self.in_transit.load(Ordering::Acquire) > 0;
        if waits && since < span {
            return false;
        }
        let before = self.marked_written.swap(written, Ordering::Relaxed);
        self.marked_at.store(now, Ordering::Relaxed);
        waits && written - before < bytes_min
    }
}

impl Drop for HeldResponse {
    fn drop(&mut self) {
        self.connection.release(self, self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::connection::Registry;

    const MIB: usize = 1 << 20;

    fn registry() -> Arc<Registry> {
        Arc::new(Registry::new(Connections {
            answer_bytes_max: 8 * MIB,
            answer_bytes_per_connection_max: 2 * MIB,
            ..Connections::default()
        }))
    }

    fn connection(registry: &Arc<Registry>, last: u8) -> Arc<Connection> {
        registry.open(([127, 0, 0, last], 9).into())
    }

    #[tokio::test]
    async fn an_answer_that_has_to_be_given_is_held_beyond_all_room() {
        let registry = registry();
        let connection = connection(&registry, 1);
        let held = connection.hold_unlimited(1, 9 * MIB, None);
        assert!(!connection.has_capacity(1));
        drop(held);
        assert!(connection.has_capacity(1));
    }

    #[tokio::test]
    async fn a_connection_holds_its_bytes_and_one_answer_beyond() {
        let registry = registry();
        let connection = connection(&registry, 1);
        let first = connection.hold(1, MIB, None).unwrap();
        let second = connection.hold(1, MIB, None).unwrap();
        assert!(connection.hold(1, MIB, None).is_err());
        assert!(!connection.has_capacity(1));
        drop((first, second));
        assert!(connection.has_capacity(1));
        assert_eq!(registry.budget().held(), 0);
    }

    #[tokio::test]
    async fn a_network_holds_half_and_all_together_no_more_than_all() {
        let registry = registry();
        let mut held = Vec::new();
        for (last, network) in [(1, 7), (2, 7), (3, 8), (4, 8)] {
            let connection = connection(&registry, last);
            for _ in 0..2 {
                held.push(connection.hold(network, MIB, None).unwrap());
            }
            if network == 7 && last == 2 {
                let more = self::connection(&registry, 9);
                assert!(
                    more.hold(7, MIB, None).is_err(),
                    "half is held by network 7"
                );
            }
        }
        let more = connection(&registry, 10);
        assert!(more.hold(9, MIB, None).is_err(), "all is held");
        assert!(!more.has_capacity(9));
        held.pop();
        assert!(more.hold(9, MIB, None).is_ok());
    }

    #[tokio::test]
    async fn an_answer_is_stalled_when_too_little_of_it_is_taken_for_the_whole_span() {
        let registry = registry();
        let held = connection(&registry, 1).hold(1, MIB, None).unwrap();
        assert!(
            !held.is_stalled(40, 30, 1_000),
            "nothing waits for the client"
        );
        held.handed_over(16_384);
        assert!(!held.is_stalled(69, 30, 1_000), "not the whole span");
        held.wrote(1_000);
        assert!(!held.is_stalled(70, 30, 1_000), "enough was taken");
        held.wrote(999);
        assert!(held.is_stalled(100, 30, 1_000));
    }
}
