//! Leases on caches, and the log of changes, on PostgreSQL.

mod harness;

use std::sync::Arc;
use std::time::Duration;

use sosik_feed::{Change, PeerId, PersonId};
use sosik_store::suite::world::EmptyStore;
use sosik_store::{CacheLeases, Horizon, JoiningMember, RenewedLease, Store};
use sosik_store_postgres::PostgresStore;

async fn open() -> (Arc<dyn EmptyStore>, Arc<dyn CacheLeases>) {
    let store = harness::store().await;
    (Arc::clone(&store) as _, store)
}

sosik_store::cache_leases_suite!(open);

/// What a member gets that has missed these changes.
async fn missed(changes: &str) -> RenewedLease {
    let options = harness::options().await;
    let store = PostgresStore::open(&options).await.expect("a store opens");
    let peer = PeerId::from_u64(1);
    let member = JoiningMember {
        peer,
        hold: Duration::from_secs(3),
        alone: false,
        address: None,
    };
    assert!(store.join(member).await.expect("a member"));
    let none = Horizon::default();
    let first = store.renew(peer, &none, &none).await.expect("a renewal");
    let first = first.expect("a lease");
    harness::execute(
        harness::url(&options),
        &format!("INSERT INTO changes (kind, subject, detail, token) {changes}"),
    )
    .await;
    let renewed = store.renew(peer, &first.horizon, &none).await;
    store.close().await;
    renewed.expect("a renewal").expect("a lease")
}

#[tokio::test]
async fn a_member_that_missed_very_many_changes_gets_those_among_them_that_outdate_shared_copies() {
    let changes = "SELECT 1 + n % 3, n, 0, ''::bytea FROM generate_series(1, 9000) n UNION ALL SELECT 4, 7, 0, ''
        UNION ALL SELECT 5, 7, 0, decode(repeat('0a', 32), 'hex')";
    let renewed = missed(changes).await;
    let person = PersonId::from_u64(7);
    let ended = Change::SessionsEnded(person, vec![[10; 32]]);
    assert_eq!(
        renewed.changes,
        [Change::Everything, Change::CircleGrew(person), ended]
    );
    assert!(!renewed.all_copies);
}

#[tokio::test]
async fn every_shared_copy_may_be_outdated_after_very_many_changes_or_a_change_of_everything() {
    let grown = "SELECT 4, n, 0, '' FROM generate_series(1, 20001) n";
    let renewed = missed(grown).await;
    assert_eq!(renewed.changes, [Change::Everything]);
    assert!(renewed.all_copies);
    let everything = missed("SELECT 8, 0, 0, ''").await;
    assert_eq!(everything.changes, [Change::Everything]);
    assert!(everything.all_copies);
}

/// A member that renews its lease and never settles anything after its first renewal.
struct Unsettled {
    store: Arc<PostgresStore>,
    peer: PeerId,
    settled: Horizon,
    since: Horizon,
}

impl Unsettled {
    async fn join(store: &Arc<PostgresStore>, number: u64) -> (Self, RenewedLease) {
        let mut member = Self {
            store: Arc::clone(store),
            peer: PeerId::from_u64(number),
            settled: Horizon::default(),
            since: Horizon::default(),
        };
        let joining = JoiningMember {
            peer: member.peer,
            hold: Duration::from_secs(3),
            alone: false,
            address: None,
        };
        assert!(store.join(joining).await.expect("a member"));
        let first = member.renews().await;
        member.settled = member.since.clone();
        (member, first)
    }

    async fn renews(&mut self) -> RenewedLease {
        let renewed = self.store.renew(self.peer, &self.since, &self.settled);
        let renewed = renewed.await.expect("a renewal").expect("a lease");
        self.since = renewed.horizon.clone();
        renewed
    }
}

#[tokio::test]
async fn a_log_that_is_too_long_is_cut_and_only_a_member_that_joins_later_drops_every_copy() {
    let options = harness::options().await;
    let store = PostgresStore::open(&options).await.expect("a store opens");
    let (mut member, _) = Unsettled::join(&store, 1).await;
    member.renews().await;
    let log = async |changes: u32| {
        let insert = "INSERT INTO changes (kind, subject, detail, token)";
        let rows = format!("{insert} SELECT 4, n, 0, '' FROM generate_series(1, {changes}) n");
        harness::execute(harness::url(&options), &rows).await;
    };
    log(99_999).await;
    let missed = member.renews().await;
    assert_eq!(missed.changes, [Change::Everything]);
    let (heir, first) = Unsettled::join(&store, 2).await;
    assert!(first.all_copies, "too many for a renewal");
    store.leave(heir.peer).await.expect("a store");
    member.renews().await;
    assert_eq!(store.trim_changes(1_000).await.expect("a store"), 0);
    log(2).await;
    // Transactions of other tests on the same server delay it.
    let cut = async {
        let mut removed = 0;
        while removed == 0 {
            let renewed = member.renews().await;
            assert!(!renewed.all_copies && !renewed.changes.contains(&Change::Everything));
            removed = store.trim_changes(1_000).await.expect("a store");
        }
        removed
    };
    let removed = tokio::time::timeout(Duration::from_secs(60), cut).await;
    assert!(removed.expect("the log is never cut") >= 99_999);
    let renewed = member.renews().await;
    assert_eq!((renewed.changes, renewed.all_copies), (vec![], false));
    let (mut heir, first) = Unsettled::join(&store, 2).await;
    assert!(first.all_copies, "nobody knows which ones");
    // When the first member has settled its horizon, a member that joins needs the later changes only.
    let settled = async {
        loop {
            member.settled = member.since.clone();
            member.renews().await;
            heir.settled = heir.since.clone();
            heir.renews().await;
            let (next, first) = Unsettled::join(&store, 3).await;
            store.leave(next.peer).await.expect("a store");
            if !first.all_copies {
                return;
            }
        }
    };
    let settled = tokio::time::timeout(Duration::from_secs(60), settled).await;
    settled.expect("the cut is never settled");
    store.close().await;
}
