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
