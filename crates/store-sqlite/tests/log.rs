//! The write-ahead log under reads without a gap, and the writer when the disk fails.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use sosik_feed::people::Language;
use sosik_feed::{PersonId, Timestamp};
use sosik_store::{Accounts, Maintenance, NewPerson, People, Store, StoreResult};
use sosik_store_sqlite::{SqliteOptions, SqliteStore};
use tokio::task::JoinHandle;

/// Bytes of a display name: large, so that the log grows fast.
const NAME_BYTES: usize = 100_000;
const WAL_MIB_MAX: u32 = 2;
const MIB: u64 = 1 << 20;

fn open(path: &Path) -> Arc<SqliteStore> {
    let mut options = SqliteOptions::at(path, Timestamp::from_millis(1));
    options.wal_mib_max = WAL_MIB_MAX;
    SqliteStore::open(&options).expect("opens")
}

async fn sign_up(store: &SqliteStore, number: u64) -> StoreResult<()> {
    let person = NewPerson {
        id: PersonId::from_u64(number),
        handle: format!("p{number}"),
        skeleton: format!("p{number}"),
        display_name: "x".repeat(NAME_BYTES),
        language: Language::Ko,
        password_hash: String::new(),
        search_terms: vec![],
        created_at: Timestamp::default(),
    };
    store.sign_up(person).await.map(|_made| ())
}

/// A task that reads large profiles without a pause.
fn reader(store: &Arc<SqliteStore>, ended: &Arc<AtomicBool>) -> JoinHandle<u64> {
    let (store, ended) = (Arc::clone(store), Arc::clone(ended));
    tokio::spawn(async move {
        let everybody: Vec<_> = (1..=500).map(PersonId::from_u64).collect();
        let mut reads = 0;
        while !ended.load(Ordering::SeqCst) {
            store
                .people(&everybody, sosik_feed::CommitPosition::LATEST)
                .await
                .expect("reads");
            reads += 1;
        }
        reads
    })
}

fn log_bytes(path: &Path) -> u64 {
    fs::metadata(path.with_file_name("sosik.db-wal")).map_or(0, |file| file.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_bounded_under_reads_that_never_leave_a_gap() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sosik.db");
    let store = open(&path);
    sign_up(&store, 1).await.expect("writes");
    let ended = Arc::new(AtomicBool::new(false));
    // One reader for each connection, and as many that wait.
    let readers: Vec<_> = (0..8).map(|_| reader(&store, &ended)).collect();
    let mut largest = 0;
    for number in 2..=300 {
        sign_up(&store, number).await.expect("writes");
        largest = largest.max(log_bytes(&path));
    }
    ended.store(true, Ordering::SeqCst);
    for reader in readers {
        assert!(reader.await.expect("ends") > 0, "each of them has read");
    }
    // 30 MiB were written. The log exceeds the limit by at most one batch before it is checked.
    let most = u64::from(WAL_MIB_MAX) * MIB + MIB;
    assert!(largest <= most, "{largest} bytes");
    let stats = store.stats();
    assert!(stats.log_emptied >= 5, "{stats:?}");
    assert_eq!((stats.log_blocked, stats.log_failed), (0, 0));
    assert_eq!(stats.writes, 300);
    assert!(stats.write_batches > 0 && stats.disk_free_bytes.is_some());
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_just_after_the_log_was_emptied_leaves_a_store_that_opens() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sosik.db");
    let store = open(&path);
    let mut people = 0;
    while log_bytes(&path) <= u64::from(WAL_MIB_MAX) * MIB && store.stats().log_emptied == 0 {
        people += 1;
        sign_up(&store, people).await.expect("writes");
    }
    // The writer empties the log after it has responded.
    while store.stats().log_emptied == 0 {
        tokio::task::yield_now().await;
    }
    let killed = folder.path().join("killed/sosik.db");
    fs::create_dir(folder.path().join("killed")).expect("a folder");
    for name in ["sosik.db", "sosik.db-wal"] {
        fs::copy(path.with_file_name(name), killed.with_file_name(name)).expect("copies");
    }
    let again = open(&killed);
    assert_eq!(again.people_count().await.expect("counts"), people);
    again.close().await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_another_process_is_not_waited_for_and_the_log_shrinks_after_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sosik.db");
    let store = open(&path);
    sign_up(&store, 1).await.expect("writes");
    let other = Connection::open(&path).expect("opens");
    other
        .execute_batch("BEGIN; SELECT count(*) FROM people;")
        .expect("reads");
    for number in 2..=60 {
        sign_up(&store, number).await.expect("writes");
    }
    let stats = store.stats();
    assert!(stats.log_blocked > 0, "{stats:?}");
    assert!(log_bytes(&path) > u64::from(WAL_MIB_MAX) * MIB);
    // The writer checks the log after it has responded.
    while store.stats().log_bytes != log_bytes(&path) {
        tokio::task::yield_now().await;
    }
    other.execute_batch("COMMIT").expect("ends");
    for number in 61..=300 {
        sign_up(&store, number).await.expect("writes");
    }
    // Emptied by us, or by SQLite, which finds a moment without reads here.
    assert!(log_bytes(&path) <= u64::from(WAL_MIB_MAX) * MIB + MIB);
    drop(other);
    store.close().await;
}
