//! Opens a database file: folders, locks, settings, and the errors of a file that does not open.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use sosik_feed::people::Language;
use sosik_feed::search::Query;
use sosik_feed::{PersonId, Timestamp};
use sosik_store::{NewPerson, People, Store, StoreError, TermPlace};
use sosik_store_sqlite::{SqliteOptions, SqliteStore};

fn open(path: &Path) -> Result<Arc<SqliteStore>, StoreError> {
    SqliteStore::open(&SqliteOptions::at(path, Timestamp::from_millis(1)))
}

fn refusal(path: &Path) -> String {
    let error = open(path).err().expect("it does not open");
    error.source().expect("it has a source").to_string()
}

async fn sign_up(store: &dyn Store) {
    let person = NewPerson {
        id: PersonId::from_u64(1),
        handle: "mina".to_owned(),
        skeleton: "mina".to_owned(),
        display_name: "미나".to_owned(),
        language: Language::Ko,
        password_hash: String::new(),
        search_terms: vec![],
        created_at: Timestamp::default(),
    };
    store.sign_up(person).await.expect("signs up");
}

#[tokio::test]
async fn missing_folders_are_made_and_what_was_written_is_there_when_it_opens_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("data/of/ours/sosik.db");
    let store = open(&path).expect("opens");
    sign_up(&*store).await;
    store.close().await;
    assert!(
        !fs::exists(path.with_file_name("sosik.db-wal")).expect("can look"),
        "closing writes the log back"
    );
    let store = open(&path).expect("opens again");
    let mina = store
        .person_by_handle("mina")
        .await
        .expect("reads")
        .expect("is there");
    assert_eq!(mina.display_name, "미나");
    store.close().await;
}

#[tokio::test]
async fn search_terms_of_an_older_version_are_replaced_when_it_opens() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sosik.db");
    let (term, to) = Query::parse("ㅁㄴ").expect("a query").range();
    let start = TermPlace {
        term,
        person: PersonId::default(),
    };
    let store = open(&path).expect("opens");
    sign_up(&*store).await;
    let found = store.people_by_term(&start, &to, 9).await.expect("reads");
    assert_eq!(found, [], "signed up with other terms");
    store.close().await;
    let earlier = rusqlite::Connection::open(&path).expect("opens");
    for sql in [
        "UPDATE search_index SET version = 0",
        "INSERT INTO search_terms VALUES ('old', 1)",
    ] {
        earlier.execute(sql, []).expect("changes");
    }
    drop(earlier);
    for _ in 0..2 {
        let store = open(&path).expect("opens again");
        let found = store.people_by_term(&start, &to, 9).await.expect("reads");
        let handles = found.iter().map(|row| row.person.handle.as_str());
        assert_eq!(handles.collect::<Vec<_>>(), ["mina"]);
        let one = [PersonId::from_u64(1)];
        let old = store.with_term_among(&one, "old", "ole").await;
        assert_eq!(old.expect("reads"), []);
        store.close().await;
    }
}

#[tokio::test]
async fn search_terms_of_a_newer_version_are_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sosik.db");
    open(&path).expect("opens").close().await;
    let newer = || rusqlite::Connection::open(&path).expect("opens");
    let sql = "UPDATE search_index SET version = 1000, filled = 5";
    newer().execute(sql, []).expect("changes");
    open(&path).expect("opens again").close().await;
    let kept = newer().query_row("SELECT version, filled FROM search_index", [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    });
    assert_eq!(kept.expect("a row"), (1000, 5));
}

#[tokio::test]
async fn a_database_belongs_to_one_process_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sosik.db");
    let store = open(&path).expect("opens");
    assert_eq!(
        refusal(&path),
        format!(
            "open {}: another process has it: stop that one, or give this one another store.url",
            path.display()
        )
    );
    store.close().await;
    open(&path)
        .expect("opens when the other is closed")
        .close()
        .await;
}

#[test]
fn what_cannot_be_opened_is_named_with_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sosik.db");
    fs::create_dir(&path).expect("a folder where the file should be");
    assert_eq!(
        refusal(&path),
        format!("open {}: is a directory", path.display())
    );

    let path = folder.path().join("text.db");
    fs::write(
        &path,
        "this is a text and no database, though it is long enough to be looked at",
    )
    .expect("a text");
    assert_eq!(
        refusal(&path),
        format!("open {}: file is not a database", path.display())
    );

    let below_a_file = path.join("sosik.db");
    assert_eq!(
        refusal(&below_a_file),
        format!("open {}: not a directory", path.display()),
        "the folder is named"
    );
}
