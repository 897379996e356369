//! Readers: bounded, each with its own snapshot.

use std::sync::Arc;
use std::sync::mpsc as blocking;

use sosik_feed::PersonId;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, yield_now};

use crate::statement::Sql;
use crate::{SqliteOptions, SqliteStore};
use sosik_store::*;

const PEOPLE: Sql = Sql::listed("PEOPLE", "SELECT count(*) FROM people");

fn store(readers: usize, reads_waiting_max: usize) -> Arc<SqliteStore> {
    SqliteStore::open(&SqliteOptions {
        readers,
        reads_waiting_max,
        ..SqliteOptions::temporary()
    })
    .unwrap()
}

async fn sign_up(store: &SqliteStore, number: u64) {
    let person = NewPerson {
        id: PersonId::from_u64(number),
        handle: format!("p{number}"),
        skeleton: format!("p{number}"),
        display_name: String::new(),
        language: sosik_feed::people::Language::En,
        password_hash: String::new(),
        search_terms: vec![],
        created_at: sosik_feed::Timestamp::default(),
    };
    assert_eq!(store.sign_up(person).await.unwrap(), SignUp::Created);
}

/// A read that counts people, waits until it is released, and counts again.
struct Held {
    go: blocking::Sender<()>,
    counts: JoinHandle<StoreResult<(i64, i64)>>,
}

impl Held {
    async fn begin(store: &Arc<SqliteStore>) -> Self {
        let (go, wait) = blocking::channel();
        let (begun, has_begun) = oneshot::channel();
        let store = Arc::clone(store);
        let counts = tokio::spawn(async move {
            let work = move |db: &super::Db<'_>| {
                let first = db.number(PEOPLE, [])?;
                begun.send(()).unwrap();
                wait.recv().unwrap();
                Ok((first, db.number(PEOPLE, [])?))
            };
            store.read("count twice", work).await
        });
        has_begun.await.unwrap();
        Self { go, counts }
    }

    async fn end(self) -> (i64, i64) {
        self.go.send(()).unwrap();
        self.counts.await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn a_read_sees_one_state_and_the_next_one_what_was_written_meanwhile() {
    let store = store(2, 10);
    sign_up(&store, 1).await;
    let held = Held::begin(&store).await;
    sign_up(&store, 2).await;
    assert_eq!(
        store
            .read("count", |db| db.number(PEOPLE, []))
            .await
            .unwrap(),
        2
    );
    assert_eq!(held.end().await, (1, 1));
}

#[tokio::test]
async fn reads_beyond_those_that_may_wait_are_refused_at_once() {
    let store = store(1, 1);
    let held = Held::begin(&store).await;
    let waiting = Arc::clone(&store);
    let waiting = tokio::spawn(async move { waiting.people_count().await });
    while store.readers.queue_permits.available_permits() > 0 {
        yield_now().await;
    }
    assert!(matches!(store.people_count().await, Err(StoreError::Busy)));
    held.end().await;
    assert_eq!(waiting.await.unwrap().unwrap(), 0);
    assert_eq!(store.people_count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_read_that_panics_gives_its_connection_back() {
    let store = store(1, 1);
    for _ in 0..3 {
        let read = store.read("read and panic", |db| -> StoreResult<()> {
            db.number(PEOPLE, [])?;
            panic!("on purpose");
        });
        assert_eq!(read.await.unwrap_err().to_string(), "read and panic");
    }
    sign_up(&store, 1).await;
    assert_eq!(store.people_count().await.unwrap(), 1);
}

#[tokio::test]
async fn a_reader_cannot_write() {
    const WRITE: Sql = Sql::listed("WRITE", "UPDATE people SET revision = 7");
    let store = store(1, 1);
    assert!(
        store
            .read("write by mistake", |db| db.execute(WRITE, []))
            .await
            .is_err()
    );
    assert_eq!(store.people_count().await.unwrap(), 0);
}

#[tokio::test]
async fn a_connection_that_was_lost_is_opened_again() {
    let store = store(2, 1);
    sign_up(&store, 1).await;
    store.readers.idle.lock().clear();
    for _ in 0..3 {
        assert_eq!(store.people_count().await.unwrap(), 1);
    }
    assert_eq!(
        store.readers.idle.lock().len(),
        1,
        "no more than are needed"
    );
}
