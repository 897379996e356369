//! Copies of a database: the file without its log is rejected, a backup is complete, and a killed store opens.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sosik_feed::people::Language;
use sosik_feed::{PersonId, Timestamp};
use sosik_store::{Maintenance, NewPerson, Store, StoreError};
use sosik_store_sqlite::{SqliteOptions, SqliteStore, backup, private};

fn open(path: &Path) -> Result<Arc<SqliteStore>, StoreError> {
    SqliteStore::open(&SqliteOptions::at(path, Timestamp::from_millis(1)))
}

#[track_caller]
fn check_refused(path: &Path) {
    // A rejected start leaves nothing that would make the second attempt succeed.
    for attempt in ["first", "second"] {
        let error = open(path).err().expect("it does not open");
        let told = error.source().expect("it has a source").to_string();
        for part in [
            "without its write-ahead log",
            "sosik backup",
            "--without-log",
        ] {
            assert!(told.contains(part), "{attempt}: {told}");
        }
    }
}

async fn sign_up(store: &dyn Store, number: u64) {
    let person = NewPerson {
        id: PersonId::from_u64(number),
        handle: format!("p{number}"),
        skeleton: format!("p{number}"),
        display_name: String::new(),
        language: Language::Ko,
        password_hash: String::new(),
        search_terms: vec![],
        created_at: Timestamp::default(),
    };
    store.sign_up(person).await.expect("signs up");
}

async fn people(path: &Path) -> u64 {
    let store = open(path).expect("opens");
    let count = store.people_count().await.expect("counts");
    store.close().await;
    count
}

/// Copies the files of a store that is in use, as a killed process leaves them.
fn copy(folder: &Path, suffixes: &[&str]) -> PathBuf {
    let to = folder.join(format!("copy{}", suffixes.len()));
    fs::create_dir_all(&to).expect("a folder");
    for suffix in suffixes {
        let name = format!("sosik.db{suffix}");
        fs::copy(folder.join(&name), to.join(&name)).expect("copies");
    }
    to.join("sosik.db")
}

#[tokio::test]
async fn the_file_of_a_running_store_alone_is_refused_and_with_its_log_it_opens() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sosik.db");
    for number in 1..=3 {
        let store = open(&path).expect("opens");
        sign_up(&*store, number).await;
        check_refused(&copy(folder.path(), &[""]));
        assert_eq!(people(&copy(folder.path(), &["", "-wal"])).await, number);
        store.close().await;
    }
    let closed = copy(folder.path(), &[""]);
    assert_eq!(people(&closed).await, 3, "a closed one is self-contained");
}

#[tokio::test]
async fn a_log_that_is_too_short_for_a_write_counts_as_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sosik.db");
    let store = open(&path).expect("opens");
    sign_up(&*store, 1).await;
    let killed = copy(folder.path(), &["", "-wal"]);
    let log = killed.with_file_name("sosik.db-wal");
    let whole = fs::read(&log).expect("reads");
    for length in [0, 31] {
        fs::write(&log, &whole[..length]).expect("writes");
        check_refused(&killed);
    }
    fs::write(&log, whole).expect("writes");
    assert_eq!(people(&killed).await, 1, "nothing was changed");
    store.close().await;
}

#[tokio::test]
async fn a_log_without_its_database_is_kept_and_the_store_does_not_open() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sosik.db");
    let store = open(&path).expect("opens");
    sign_up(&*store, 1).await;
    let killed = copy(folder.path(), &["", "-wal"]);
    store.close().await;
    let linked = folder.path().join("linked.db");
    std::os::unix::fs::symlink(&killed, &linked).expect("links");
    let database = fs::read(&killed).expect("reads");
    let to = folder.path().join("backup.db");
    private::create_file(&to).expect("a file");
    for is_there in [false, true] {
        fs::remove_file(&killed).expect("removes");
        if is_there {
            fs::write(&killed, "").expect("writes");
        }
        for path in [&killed, &linked] {
            let error = open(path).err().expect("it does not open");
            let told = error.source().expect("it has a source").to_string();
            assert!(told.contains("copy2/sosik.db-wal"), "{told}");
            assert!(told.contains("put the database file back"), "{told}");
            let error = backup::back_up(path, &to, |_done, _all| {}).expect_err("no database");
            assert!(error.to_string().contains("sosik.db-wal"), "{error}");
            assert_eq!(killed.exists(), is_there, "no file is made");
        }
        fs::write(&killed, &database).expect("writes");
    }
    assert_eq!(people(&killed).await, 1, "the log is as it was");
}

#[tokio::test]
async fn a_store_that_was_dropped_without_closing_opens_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sosik.db");
    let store = open(&path).expect("opens");
    sign_up(&*store, 1).await;
    drop(store);
    // The writer ends asynchronously and has the lock until then.
    let again = loop {
        match open(&path) {
            Ok(store) => break store,
            Err(error) => {
                let told = error.source().expect("it has a source").to_string();
                assert!(told.contains("another process has it"), "{told}");
                tokio::task::yield_now().await;
            }
        }
    };
    assert_eq!(again.people_count().await.expect("counts"), 1);
    again.close().await;
}

#[tokio::test]
async fn a_backup_of_a_store_in_use_is_one_file_with_everything_acknowledged() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sosik.db");
    let store = open(&path).expect("opens");
    for number in 1..=500 {
        sign_up(&*store, number).await;
    }
    let to = folder.path().join("backup.db");
    private::create_file(&to).expect("a file");
    backup::back_up(&path, &to, |_done, _all| {}).expect("backs up");
    sign_up(&*store, 501).await;
    backup::check_copy(&to, false).expect("is whole");
    for suffix in ["-wal", "-shm", "-journal"] {
        assert!(!folder.path().join(format!("backup.db{suffix}")).exists());
    }
    assert_eq!(people(&to).await, 500);
    store.close().await;
    assert_eq!(people(&path).await, 501, "the store itself is as it was");
}

#[tokio::test]
async fn a_backup_of_a_killed_store_leaves_its_log_to_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sosik.db");
    let store = open(&path).expect("opens");
    sign_up(&*store, 1).await;
    let killed = copy(folder.path(), &["", "-wal"]);
    let to = folder.path().join("backup.db");
    private::create_file(&to).expect("a file");
    backup::back_up(&killed, &to, |_done, _all| {}).expect("backs up");
    assert_eq!(people(&to).await, 1);
    assert_eq!(people(&killed).await, 1);
    store.close().await;
}

#[tokio::test]
async fn a_damaged_copy_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sosik.db");
    let store = open(&path).expect("opens");
    for number in 1..=500 {
        sign_up(&*store, number).await;
    }
    store.close().await;
    let mut bytes = fs::read(&path).expect("reads");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8_192].fill(0xaa);
    fs::write(&path, bytes).expect("writes");
    let found = backup::check_copy(&path, false).expect_err("is damaged");
    assert!(found.to_string().contains("sosik.db"), "{found}");
}
