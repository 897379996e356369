//! Limits on the unwritten bytes of responses, for a connection, a network and the process.
//!
//! A response holds its bytes from its creation until the last of them is written or dropped. Requests are shed while
//! their connection, their network or the process has no room. A client that reads a response too slowly is
//! disconnected, so that its room is released.
//!
//! Responses to requests without an account take at most half of the room, so that clients without an account cannot
//! cause the requests of people with one to be shed. One person takes a part only, from any number of networks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};

use sosik_feed::PersonId;
use tokio::sync::OwnedSemaphorePermit;

use super::connection::Connection;
use super::networks::{NetworkShare, NetworkShares, ShareTable};
use crate::extract::ClientNetworks;
use crate::settings::Connections;

/// Minimum rate at which clients read responses, in bytes a second. The slowest phones are ten times as fast.
const RATE_MIN: u64 = 1_024;

/// The minimum rate while more than half of the room is in use, because slow clients then cause others to be rejected.
const RATE_MIN_WHEN_FULL: u64 = 16 * 1_024;

/// The part of the room that one person takes: an eighth. It is 32 MiB by default, as much as four connections may hold.
/// Sign-ups are rate limited by network, so nobody has many accounts at once.
const PERSON_PART: usize = 8;

/// Unwritten bytes of responses of one listener.
#[derive(Debug)]
pub(super) struct ResponseBudget {
    /// Bytes of responses to people with an account.
    signed_in: AtomicUsize,
    anonymous: AtomicUsize,
    max: usize,
    anonymous_max: usize,
    networks: Arc<NetworkShares>,
    people: ShareTable,
}

/// A response that needs room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// The client.
    pub(crate) networks: ClientNetworks,
    /// The person of the request, if it had a session.
    pub(crate) person: Option<PersonId>,
    /// The memory that the response occupies.
    pub(crate) bytes: usize,
}

/// A permit of a connection to handle one more request.
pub(crate) type RequestPermit = OwnedSemaphorePermit;

/// The room that one response holds until it is written.
#[derive(Debug)]
pub(crate) struct HeldResponse {
    connection: Arc<Connection>,
    room: Room,
    _network: NetworkShare,
    permit: Option<RequestPermit>,
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
            signed_in: AtomicUsize::new(0),
            anonymous: AtomicUsize::new(0),
            max: limits.answer_bytes_max,
            anonymous_max: limits.answer_bytes_max / 2,
            networks: NetworkShares::of(limits.answer_bytes_max as u64),
            people: ShareTable::new((limits.answer_bytes_max / PERSON_PART).max(1) as u64),
        }
    }

    /// Whether there is room for a further request of a client.
    pub(super) fn has_capacity(&self, client: ClientNetworks) -> bool {
        let anonymous = self.anonymous.load(Ordering::Acquire);
        let signed_in = self.signed_in.load(Ordering::Acquire);
        signed_in + anonymous.min(self.anonymous_max) < self.max && !self.networks.is_full(client)
    }

    pub(super) fn held(&self) -> usize {
        self.signed_in.load(Ordering::Acquire) + self.anonymous.load(Ordering::Acquire)
    }

    /// The current minimum rate at which clients must read responses.
    pub(super) fn rate_min(&self) -> u64 {
        match self.held() > self.max / 2 {
            true => RATE_MIN_WHEN_FULL,
            false => RATE_MIN,
        }
    }

    /// Counts a response of a connection. Returns whether there was room for it.
    pub(super) fn hold(&self, connection: &Arc<Connection>, room: Room) -> (HeldResponse, bool) {
        let process_has = self.take(room);
        let connection_has = connection.take_bytes(room.bytes);
        let (taken, network_has) = self.networks.add(room.networks, room.bytes as u64);
        let held = HeldResponse {
            connection: Arc::clone(connection),
            room,
            _network: taken,
            permit: None,
            in_transit: AtomicUsize::new(0),
            written: AtomicU64::new(0),
            marked_at: AtomicU32::new(connection.now()),
            marked_written: AtomicU64::new(0),
        };
        (held, process_has && connection_has && network_has)
    }

    /// Counts bytes. What is held without an account beyond its half does not count for people with one.
    fn take(&self, room: Room) -> bool {
        if let Some(person) = room.person {
            let slot = self.people.slot(person.as_u64());
            let person_has = self.people.add(slot, room.bytes as u64);
            let before = self.signed_in.fetch_add(room.bytes, Ordering::AcqRel);
            let anonymous = self.anonymous.load(Ordering::Acquire);
            let after = before + room.bytes + anonymous.min(self.anonymous_max);
            return person_has && after <= self.max;
        }
        let before = self.anonymous.fetch_add(room.bytes, Ordering::AcqRel);
        let signed_in = self.signed_in.load(Ordering::Acquire);
        let after = before + room.bytes;
        after <= self.anonymous_max && signed_in + after <= self.max
    }

    pub(super) fn release(&self, room: Room) {
        let Some(person) = room.person else {
            self.anonymous.fetch_sub(room.bytes, Ordering::AcqRel);
            return;
        };
        let slot = self.people.slot(person.as_u64());
        self.people.release(slot, room.bytes as u64);
        self.signed_in.fetch_sub(room.bytes, Ordering::AcqRel);
    }
}

impl HeldResponse {
    /// Keeps a permit of the connection until the response is written.
    pub(super) fn with_permit(mut self, permit: Option<RequestPermit>) -> Self {
        self.permit = permit;
        self
    }

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
        self.connection.release(self, self.room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::connection::{OpenConnection, Registry};

    const MIB: usize = 1 << 20;

    fn registry() -> Arc<Registry> {
        Arc::new(Registry::new(Connections {
            answer_bytes_max: 8 * MIB,
            answer_bytes_per_connection_max: 2 * MIB,
            ..Connections::default()
        }))
    }

    fn connection(registry: &Arc<Registry>, last: u8) -> OpenConnection {
        registry.open(([127, 0, 0, last], 9).into())
    }

    /// Room for a response to another person each time, in one of many networks.
    fn room(network: u64, bytes: usize) -> Room {
        static PEOPLE: AtomicU64 = AtomicU64::new(1);
        let person = PersonId::from_u64(PEOPLE.fetch_add(1, Ordering::Relaxed));
        Room {
            person: Some(person),
            ..anonymous(network, bytes)
        }
    }

    fn anonymous(network: u64, bytes: usize) -> Room {
        let networks = ClientNetworks {
            narrow: network,
            wide: network,
        };
        Room {
            networks,
            person: None,
            bytes,
        }
    }

    #[tokio::test]
    async fn an_answer_that_has_to_be_given_is_held_beyond_all_room() {
        let registry = registry();
        let connection = connection(&registry, 1);
        let held = connection.hold_unlimited(room(1, 9 * MIB), None);
        assert!(!connection.has_capacity(room(1, 0).networks));
        drop(held);
        assert!(connection.has_capacity(room(1, 0).networks));
    }

    #[tokio::test]
    async fn a_connection_holds_its_bytes_and_one_answer_beyond() {
        let registry = registry();
        let connection = connection(&registry, 1);
        let first = connection.hold(room(1, MIB), &mut None).unwrap();
        let second = connection.hold(room(1, MIB), &mut None).unwrap();
        assert!(connection.hold(room(1, MIB), &mut None).is_none());
        assert!(!connection.has_capacity(room(1, 0).networks));
        drop((first, second));
        assert!(connection.has_capacity(room(1, 0).networks));
        assert_eq!(registry.budget().held(), 0);
    }

    #[tokio::test]
    async fn a_permit_stays_with_a_request_whose_answer_has_no_room() {
        let registry = registry();
        let connection = connection(&registry, 1);
        let networks = room(1, 0).networks;
        let mut permit = connection.acquire_permit(networks).await.unwrap();
        assert!(connection.hold(room(1, 9 * MIB), &mut permit).is_none());
        assert!(permit.is_some(), "the refusal keeps it");
        let held = connection.hold(room(1, MIB), &mut permit);
        assert!(held.is_some() && permit.is_none());
    }

    #[tokio::test]
    async fn a_network_holds_half_and_all_together_no_more_than_all() {
        let registry = registry();
        let mut held = Vec::new();
        for (last, network) in [(1, 7), (2, 7), (3, 8), (4, 8)] {
            let connection = connection(&registry, last);
            for _ in 0..2 {
                held.push(connection.hold(room(network, MIB), &mut None).unwrap());
            }
            if network == 7 && last == 2 {
                let more = self::connection(&registry, 9);
                assert!(
                    more.hold(room(7, MIB), &mut None).is_none(),
                    "half is held by network 7"
                );
            }
        }
        let more = connection(&registry, 10);
        assert!(more.hold(room(9, MIB), &mut None).is_none(), "all is held");
        assert!(!more.has_capacity(room(9, 0).networks));
        held.pop();
        assert!(more.hold(room(9, MIB), &mut None).is_some());
    }

    #[tokio::test]
    async fn answers_without_an_account_take_at_most_half_of_the_room() {
        let registry = registry();
        let hold = |network: u64, what: fn(u64, usize) -> Room| {
            let connection = connection(&registry, u8::try_from(network).unwrap());
            connection.hold(what(network, MIB), &mut None)
        };
        let mut held: Vec<_> = (1..=8).map_while(|n| hold(n, anonymous)).collect();
        assert_eq!(held.len(), 4);
        // Refusals are given in any case. They count for nobody else.
        for network in 20..30 {
            let connection = connection(&registry, network);
            held.push(connection.hold_unlimited(anonymous(network.into(), MIB), None));
        }
        let people: Vec<_> = (11..=18).map_while(|n| hold(n, room)).collect();
        assert_eq!(people.len(), 4);
    }

    #[tokio::test]
    async fn a_person_takes_an_eighth_of_the_room_from_any_number_of_networks() {
        let registry = registry();
        let hold = |network: u8, person: u64| {
            let person = Some(PersonId::from_u64(person));
            let room = Room {
                person,
                ..anonymous(network.into(), MIB / 2)
            };
            connection(&registry, network).hold(room, &mut None)
        };
        let held: Vec<_> = (1..=16).filter_map(|network| hold(network, 1)).collect();
        assert_eq!(held.len(), 2);
        assert!(hold(17, 2).is_some(), "another person has room");
        drop(held);
        assert!(hold(18, 1).is_some(), "the person has room again");
    }

    #[tokio::test]
    async fn an_answer_is_stalled_when_too_little_of_it_is_taken_for_the_whole_span() {
        let registry = registry();
        let held = connection(&registry, 1).hold(room(1, MIB), &mut None);
        let held = held.unwrap();
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
