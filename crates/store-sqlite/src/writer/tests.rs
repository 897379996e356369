//! The writer when it is full, and when jobs fail, panic, are abandoned or meet a closed writer.

use std::sync::mpsc as blocking;

use tokio::task::{JoinHandle, yield_now};

use super::*;
use crate::statement::Sql;

const INSERT: Sql = Sql::listed(
    "INSERT",
    "INSERT INTO numbers (number, twin) VALUES (?1, ?2)",
);
const FILL: Sql = Sql::listed("FILL", "INSERT INTO bytes VALUES (zeroblob(1000000))");
const COUNT: Sql = Sql::listed("COUNT", "SELECT count(*) FROM numbers");
const NO_SUCH_TWIN: i64 = 99;

fn writer(batch_max: usize, waiting_max: usize) -> Arc<Writer> {
    let connection = Connection::open_in_memory().unwrap();
    // The commit detects a missing twin, not the insert.
    let schema = "CREATE TABLE numbers (number INTEGER PRIMARY KEY,
        twin INTEGER REFERENCES numbers (number) DEFERRABLE INITIALLY DEFERRED);
        CREATE TABLE bytes (bytes BLOB);
        PRAGMA max_page_count = 100";
    connection.execute_batch(schema).unwrap();
    let parts = Parts {
        connection,
        connect: Box::new(|| unreachable!("the disk does not fail here")),
        log: None,
        lock: None,
        batch_max,
        waiting_max,
    };
    Arc::new(Writer::start(parts).unwrap())
}

fn insert(writer: &Arc<Writer>, number: i64, twin: Option<i64>) -> JoinHandle<StoreResult<()>> {
    let writer = Arc::clone(writer);
    tokio::spawn(async move {
        writer
            .write("insert a number", move |db| {
                db.execute(INSERT, (number, twin)).map(|_| ())
            })
            .await
    })
}

async fn count(writer: &Writer) -> i64 {
    writer
        .write("count", |db| db.number(COUNT, []))
        .await
        .unwrap()
}

/// A job that occupies the writer until it is released, so that the following jobs wait together.
struct Held {
    go: blocking::Sender<()>,
    job: JoinHandle<StoreResult<()>>,
}

impl Held {
    async fn begin(writer: &Arc<Writer>) -> Self {
        let (go, wait) = blocking::channel();
        let (begun, has_begun) = oneshot::channel();
        let writer = Arc::clone(writer);
        let job = tokio::spawn(async move {
            let work = move |_db: &Db<'_>| {
                begun.send(()).unwrap();
                wait.recv().unwrap();
                Ok(())
            };
            writer.write("hold the writer", work).await
        });
        has_begun.await.unwrap();
        Self { go, job }
    }

    async fn end(self) {
        self.go.send(()).unwrap();
        self.job.await.unwrap().unwrap();
    }
}

async fn until_waiting(writer: &Writer, jobs: usize) {
    while writer.sender.max_capacity() - writer.sender.capacity() < jobs {
        yield_now().await;
    }
}

#[tokio::test]
async fn jobs_that_wait_share_a_transaction_up_to_the_largest_batch() {
    let writer = writer(32, 100);
    let held = Held::begin(&writer).await;
    let jobs: Vec<_> = (0..64)
        .map(|number| insert(&writer, number, None))
        .collect();
    until_waiting(&writer, 64).await;
    held.end().await;
    for job in jobs {
        job.await.unwrap().unwrap();
    }
    assert_eq!(
        writer.stats(),
        WriterStats {
            batches: 3,
            jobs: 65
        }
    );
    assert_eq!(count(&writer).await, 64);
}

#[tokio::test]
async fn a_job_that_fails_or_panics_is_undone_alone() {
    let writer = writer(32, 100);
    let held = Held::begin(&writer).await;
    let good = insert(&writer, 1, None);
    until_waiting(&writer, 1).await;
    let bad = Arc::clone(&writer);
    let fails = tokio::spawn(async move {
        let work = |db: &Db<'_>| {
            db.execute(INSERT, (2, None::<i64>))?;
            db.execute(INSERT, (1, None::<i64>)).map(|_| ())
        };
        bad.write("insert twice", work).await
    });
    until_waiting(&writer, 2).await;
    let bad = Arc::clone(&writer);
    let panics = tokio::spawn(async move {
        let work = |db: &Db<'_>| -> StoreResult<()> {
            db.execute(INSERT, (3, None::<i64>))?;
            panic!("on purpose");
        };
        bad.write("insert and panic", work).await
    });
    until_waiting(&writer, 3).await;
    let also_good = insert(&writer, 4, None);
    until_waiting(&writer, 4).await;
    held.end().await;
    good.await.unwrap().unwrap();
    also_good.await.unwrap().unwrap();
    assert_eq!(
        fails.await.unwrap().unwrap_err().to_string(),
        "insert twice"
    );
    assert_eq!(
        panics.await.unwrap().unwrap_err().to_string(),
        "insert and panic"
    );
    assert_eq!(writer.stats().batches, 2, "all four were one batch");
    assert_eq!(count(&writer).await, 2, "one and four");
}

#[tokio::test]
async fn when_the_commit_fails_nobody_is_told_that_it_was_done() {
    let writer = writer(32, 100);
    let held = Held::begin(&writer).await;
    let jobs = [
        insert(&writer, 1, None),
        insert(&writer, 2, Some(NO_SUCH_TWIN)),
        insert(&writer, 3, None),
    ];
    until_waiting(&writer, 3).await;
    held.end().await;
    for job in jobs {
        assert!(job.await.unwrap().is_err());
    }
    assert_eq!(count(&writer).await, 0);
    insert(&writer, 1, None).await.unwrap().unwrap();
    assert_eq!(count(&writer).await, 1, "the next batch is as good as any");
}

#[tokio::test]
async fn a_disk_that_is_full_in_the_middle_of_a_batch_is_the_error_of_all_its_jobs() {
    let writer = writer(32, 100);
    let held = Held::begin(&writer).await;
    let first = insert(&writer, 1, None);
    until_waiting(&writer, 1).await;
    let filling = Arc::clone(&writer);
    let full = tokio::spawn(async move {
        let work = |db: &Db<'_>| db.execute(FILL, []).map(|_| ());
        filling.write("fill the disk", work).await
    });
    until_waiting(&writer, 2).await;
    let last = insert(&writer, 2, None);
    until_waiting(&writer, 3).await;
    held.end().await;
    for job in [first, full, last] {
        assert!(matches!(job.await.unwrap(), Err(StoreError::Full)));
    }
    assert_eq!(count(&writer).await, 0);
    insert(&writer, 3, None).await.unwrap().unwrap();
}

#[tokio::test]
async fn more_than_may_wait_is_refused_at_once() {
    let writer = writer(32, 2);
    let held = Held::begin(&writer).await;
    let jobs = [insert(&writer, 1, None), insert(&writer, 2, None)];
    until_waiting(&writer, 2).await;
    assert!(matches!(writer.check(), Err(StoreError::Busy)));
    assert!(matches!(
        insert(&writer, 3, None).await.unwrap(),
        Err(StoreError::Busy)
    ));
    held.end().await;
    for job in jobs {
        job.await.unwrap().unwrap();
    }
    writer.check().unwrap();
    assert_eq!(count(&writer).await, 2);
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_done() {
    let writer = writer(32, 100);
    let held = Held::begin(&writer).await;
    let given_up = insert(&writer, 1, None);
    until_waiting(&writer, 1).await;
    given_up.abort();
    assert!(given_up.await.unwrap_err().is_cancelled());
    held.end().await;
    assert_eq!(count(&writer).await, 0);
}

#[tokio::test]
async fn closing_finishes_what_was_accepted_and_accepts_nothing_more() {
    let writer = writer(2, 100);
    let held = Held::begin(&writer).await;
    let jobs: Vec<_> = (0..5).map(|number| insert(&writer, number, None)).collect();
    until_waiting(&writer, 5).await;
    let closing = Arc::clone(&writer);
    let closing = tokio::spawn(async move { closing.close().await });
    until_waiting(&writer, 6).await;
    held.end().await;
    closing.await.unwrap();
    for job in jobs {
        job.await.unwrap().unwrap();
    }
    assert!(matches!(
        insert(&writer, 9, None).await.unwrap(),
        Err(StoreError::Closed)
    ));
}

#[tokio::test]
async fn a_job_alone_in_its_batch_that_fails_or_panics_is_undone_too() {
    let writer = writer(32, 100);
    insert(&writer, 1, None).await.unwrap().unwrap();
    let fails = |db: &Db<'_>| {
        db.execute(INSERT, (2, None::<i64>))?;
        db.execute(INSERT, (1, None::<i64>)).map(|_| ())
    };
    let failed = writer.write("insert twice", fails).await.unwrap_err();
    assert_eq!(failed.to_string(), "insert twice");
    let panics = |db: &Db<'_>| -> StoreResult<()> {
        db.execute(INSERT, (3, None::<i64>))?;
        panic!("on purpose");
    };
    let panicked = writer.write("insert and panic", panics).await.unwrap_err();
    assert_eq!(panicked.to_string(), "insert and panic");
    insert(&writer, 4, None).await.unwrap().unwrap();
    assert_eq!(writer.stats().batches, 4, "each was alone");
    assert_eq!(count(&writer).await, 2, "one and four");
}
