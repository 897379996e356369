//! A disk that fails under the writer. The limit on the size of files applies to the whole process, so this test has
//! its own program.

use std::error::Error;
use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sosik_feed::people::Language;
use sosik_feed::{PersonId, Timestamp};
use sosik_store::{Accounts, Maintenance, NewPerson, People, Store, StoreResult};
use sosik_store_sqlite::{SqliteOptions, SqliteStore};
use tokio::signal::unix::{SignalKind, signal};

/// The signal of a write beyond the limit. A process that handles it gets the error instead.
const SIGXFSZ: i32 = 25;

/// Smaller than the log after one write.
const FILE_BYTES_MAX: u64 = 8_192;

async fn sign_up(store: &SqliteStore, number: u64) -> StoreResult<()> {
    let person = NewPerson {
        id: PersonId::from_u64(number),
        handle: format!("p{number}"),
        skeleton: format!("p{number}"),
        display_name: "x".repeat(100_000),
        language: Language::Ko,
        password_hash: String::new(),
        search_terms: vec![],
        created_at: Timestamp::default(),
    };
    store.sign_up(person).await.map(|_made| ())
}

/// Limits the size of the files that this process writes. `None` removes the limit.
fn limit(bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    let limit = Rlimit {
        current: bytes.or(maximum),
        maximum,
    };
    setrlimit(Resource::Fsize, limit).expect("sets the limit");
}

#[tokio::test]
async fn after_an_io_error_the_connection_is_replaced_and_while_that_fails_the_node_is_not_ready() {
    let _heeded = signal(SignalKind::from_raw(SIGXFSZ)).expect("listens");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sosik.db");
    let store = SqliteStore::open(&SqliteOptions::at(&path, Timestamp::from_millis(1)));
    let store = store.expect("opens");
    sign_up(&store, 1).await.expect("writes");
    assert_eq!(store.stats().reopened, 0);

    // The commit fails, and a new connection takes over.
    limit(Some(FILE_BYTES_MAX));
    let lost = sign_up(&store, 2).await.expect_err("the disk fails");
    let source = lost.source().expect("what the engine said");
    assert_eq!(source.to_string(), path.display().to_string());
    limit(None);
    assert_eq!(store.stats().reopened, 1);
    assert_eq!(store.unready(), None);
    sign_up(&store, 3).await.expect("writes again");
    store.check().await.expect("is well");

    // The file is gone, too, so there is nothing to open.
    let away = path.with_file_name("away.db");
    limit(Some(FILE_BYTES_MAX));
    fs::rename(&path, &away).expect("renames");
    sign_up(&store, 4).await.expect_err("the disk fails");
    limit(None);
    assert!(store.unready().is_some_and(|why| why.contains("disk")));
    store.check().await.expect_err("is not well");
    sign_up(&store, 5)
        .await
        .expect_err("there is no connection");
    let readers = store.person_by_handle("p3").await.expect("reads go on");
    assert!(readers.is_some());

    fs::rename(&away, &path).expect("renames");
    sign_up(&store, 6).await.expect("writes again");
    assert_eq!((store.unready(), store.stats().reopened), (None, 2));
    assert_eq!(store.people_count().await.expect("counts"), 3);
    store.close().await;
}
