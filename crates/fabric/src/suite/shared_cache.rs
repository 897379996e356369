//! The behaviour of every engine of [`SharedCache`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::unique;
use crate::shared_cache::{LookUp, SharedCache, SharedKey, Ticket, VALUE_BYTES_MAX};

type Cache = Arc<dyn SharedCache>;

/// Changes of the behaviour that writes and reads at the same time.
const CHANGES: u64 = 300;

fn key() -> SharedKey {
    let mut hash = [0; 32];
    // The first bytes select the server in a cluster, as those of a real hash do.
    let number = unique();
    hash[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    hash[8..16].copy_from_slice(&number.to_be_bytes());
    SharedKey::Session(hash)
}

async fn ticket(cache: &Cache, key: SharedKey) -> Ticket {
    match cache.look_up(key).await.unwrap() {
        LookUp::Miss(Some(ticket)) => ticket,
        other => panic!("{other:?} instead of a ticket"),
    }
}

async fn fill(cache: &Cache, key: SharedKey, value: &[u8]) {
    let ticket = ticket(cache, key).await;
    assert!(cache.fill(ticket, value).await.unwrap());
}

async fn finds(cache: &Cache, key: SharedKey, value: &[u8]) -> bool {
    cache.look_up(key).await.unwrap() == LookUp::Hit(value.to_vec())
}

pub async fn a_value_that_was_filled_is_found(cache: Cache) {
    let (one, other) = (key(), key());
    let all_bytes: Vec<u8> = (0..=255).collect();
    fill(&cache, one, &all_bytes).await;
    fill(&cache, other, b"").await;
    assert!(finds(&cache, one, &all_bytes).await);
    assert!(finds(&cache, other, b"").await, "an empty value is a value");
}

pub async fn of_many_look_ups_at_once_one_gets_the_ticket(cache: Cache) {
    let key = key();
    let look_ups = (0..20).map(|_| {
        let cache = Arc::clone(&cache);
        tokio::spawn(async move { cache.look_up(key).await.unwrap() })
    });
    let mut tickets = 0;
    for look_up in look_ups.collect::<Vec<_>>() {
        match look_up.await.unwrap() {
            LookUp::Miss(ticket) => tickets += usize::from(ticket.is_some()),
            LookUp::Hit(value) => panic!("{value:?} was never filled"),
        }
    }
    assert_eq!(tickets, 1);
}

pub async fn a_drop_revokes_the_ticket_of_a_fill_in_progress(cache: Cache) {
    let key = key();
    let before = ticket(&cache, key).await;
    cache.drop_entry(key).await.unwrap();
    assert!(!cache.fill(before, b"outdated").await.unwrap());
    let after = ticket(&cache, key).await;
    assert_ne!(before, after);
    assert!(!cache.fill(before, b"outdated").await.unwrap());
    assert!(cache.fill(after, b"new").await.unwrap());
    assert!(finds(&cache, key, b"new").await);
}

pub async fn a_dropped_value_is_not_found_and_can_be_filled_again(cache: Cache) {
    let (dropped, other) = (key(), key());
    fill(&cache, dropped, b"old").await;
    fill(&cache, other, b"other").await;
    cache.drop_entry(dropped).await.unwrap();
    cache.drop_entry(key()).await.unwrap();
    fill(&cache, dropped, b"new").await;
    assert!(finds(&cache, dropped, b"new").await);
    assert!(finds(&cache, other, b"other").await);
}

pub async fn a_ticket_fills_once(cache: Cache) {
    let key = key();
    let ticket = ticket(&cache, key).await;
    assert!(cache.fill(ticket, b"first").await.unwrap());
    assert!(!cache.fill(ticket, b"second").await.unwrap());
    assert!(finds(&cache, key, b"first").await);
}

pub async fn a_value_that_is_too_large_is_not_stored(cache: Cache) {
    let (large, largest) = (key(), key());
    let bytes = vec![7; VALUE_BYTES_MAX + 1];
    let refused = ticket(&cache, large).await;
    assert!(!cache.fill(refused, &bytes).await.unwrap());
    fill(&cache, largest, &bytes[1..]).await;
    assert!(finds(&cache, largest, &bytes[1..]).await);
}

pub async fn dropping_all_entries_revokes_every_ticket(cache: Cache) {
    let (filled, filling) = (key(), key());
    fill(&cache, filled, b"old").await;
    let before = ticket(&cache, filling).await;
    cache.drop_all_entries().await.unwrap();
    assert!(!cache.fill(before, b"outdated").await.unwrap());
    fill(&cache, filled, b"new").await;
    assert!(finds(&cache, filled, b"new").await);
}

/// A writer changes a value of a store, drops the entry, and acknowledges the change. Readers fill the entry from the
/// store.
pub async fn a_reader_never_finds_a_value_older_than_the_last_confirmed_drop(cache: Cache) {
    let key = key();
    let store = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
    let readers = (0..4).map(|_| {
        let (cache, store) = (Arc::clone(&cache), Arc::clone(&store));
        tokio::spawn(async move {
            let (latest, acknowledged) = &*store;
            while acknowledged.load(Ordering::SeqCst) < CHANGES {
                let at_least = acknowledged.load(Ordering::SeqCst);
                match cache.look_up(key).await.unwrap() {
                    LookUp::Hit(value) => {
                        let value = u64::from_be_bytes(value.try_into().unwrap());
                        assert!(value >= at_least, "{value} after {at_least}");
                    }
                    LookUp::Miss(Some(ticket)) => {
                        let loaded = latest.load(Ordering::SeqCst);
                        tokio::task::yield_now().await;
                        cache.fill(ticket, &loaded.to_be_bytes()).await.unwrap();
                    }
                    LookUp::Miss(None) => tokio::task::yield_now().await,
                }
            }
        })
    });
    let readers: Vec<_> = readers.collect();
    for value in 1..=CHANGES {
        store.0.store(value, Ordering::SeqCst);
        cache.drop_entry(key).await.unwrap();
        store.1.store(value, Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
    for reader in readers {
        reader.await.unwrap();
    }
}
