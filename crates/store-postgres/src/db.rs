//! Reads and writes: a connection of the right class, a transaction where one is needed, and retries.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sosik_store::{Committed, StoreError, StoreResult};

use super::failure::{is_conflict, is_lost, is_no_response, is_read_only, of_commit};
use super::options::{Pooler, PostgresOptions};
use super::pool::{self, Class, Pools};
use super::row::Answer;
use super::sql::Query;
use super::tx::Tx;

/// Maximum number of attempts at a transaction that conflicts with others, or whose connection is lost before COMMIT.
/// Rows are locked in a fixed order, so conflicts are rare, and a transaction that fails five times meets more than
/// conflicts.
const ATTEMPTS_MAX: u32 = 5;

/// The first pause before a retry. It doubles with every attempt.
const PAUSE: Duration = Duration::from_millis(2);

/// The database.
pub(crate) struct Db {
    pub(crate) pools: Pools,
    begin: [String; 2],
    pooler: Pooler,
    pub(crate) id_age_max: Option<Duration>,
    read_only: AtomicBool,
    pub(crate) stats: Stats,
}

/// What the database did.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    pub(crate) reads: AtomicU64,
    pub(crate) writes: AtomicU64,
}

/// The kind of a transaction.
#[derive(Debug, Clone, Copy)]
enum Mode {
    /// Each statement sees what was committed before it began. Rows that decide are locked.
    Write,
    /// All statements see the same state.
    Snapshot,
}

impl Db {
    /// Creates the pools. Connects to nothing yet.
    pub(crate) fn new(options: &PostgresOptions) -> StoreResult<Self> {
        let config = pool::config(options)
            .map_err(|error| StoreError::failed("read the address of the database", error))?;
        Ok(Self {
            pools: Pools::new(&config, options)?,
            begin: [
                begin(options, "BEGIN"),
                begin(options, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
            ],
            pooler: options.pooler,
            id_age_max: options.id_age_max,
            read_only: AtomicBool::new(false),
            stats: Stats::default(),
        })
    }

    /// Runs one statement that reads.
    pub(crate) async fn read(
        &self,
        class: Class,
        context: &'static str,
        query: Query,
    ) -> StoreResult<Answer> {
        self.stats.reads.fetch_add(1, Ordering::Relaxed);
        self.attempts(context, || self.single(class, query.clone()))
            .await
    }

    /// Reads with several statements that see the same state.
    pub(crate) async fn snapshot<T, W, F>(
        &self,
        class: Class,
        context: &'static str,
        work: W,
    ) -> StoreResult<T>
    where
        W: Fn(Tx) -> F,
        F: Future<Output = StoreResult<T>>,
    {
        self.stats.reads.fetch_add(1, Ordering::Relaxed);
        self.attempts(context, || async {
            work(self.begin(class, Mode::Snapshot).await?).await
        })
        .await
    }

    /// Runs one statement that writes. Returns its answer.
    pub(crate) async fn execute(
        &self,
        class: Class,
        context: &'static str,
        query: Query,
    ) -> StoreResult<Answer> {
        let answer = self.attempts(context, || async {
            match self.pooler {
                // A statement outside a transaction commits by itself. Without a connection nothing was sent.
                Pooler::None => {
                    let connection = self.pools.connection(class).await?;
                    connection.run(query.clone()).await.map_err(of_commit)
                }
                Pooler::PgBouncer => self.single(class, query.clone()).await,
            }
        });
        let answer = answer.await?;
        self.wrote();
        Ok(answer)
    }

    /// Writes in one transaction. `work` returns `Ok` to commit and `Err` to roll back. It runs again if the transaction
    /// conflicts with another one.
    pub(crate) async fn write<T, W, F>(
        &self,
        class: Class,
        context: &'static str,
        work: W,
    ) -> StoreResult<T>
    where
        W: Fn(Tx) -> F,
        F: Future<Output = StoreResult<T>>,
    {
        let committed = self.commit(class, context, work).await?;
        Ok(committed.value)
    }

    /// A write after which caches change.
    pub(crate) async fn commit<T, W, F>(
        &self,
        class: Class,
        context: &'static str,
        work: W,
    ) -> StoreResult<Committed<T>>
    where
        W: Fn(Tx) -> F,
        F: Future<Output = StoreResult<T>>,
    {
        let committed = self.attempts(context, || async {
            let tx = self.begin(class, Mode::Write).await?;
            let value = work(tx.clone()).await?;
            Ok(Committed::new(value, tx.commit().await?))
        });
        let committed = committed.await?;
        self.wrote();
        Ok(committed)
    }

    /// Why this node cannot write.
    pub(crate) fn unready(&self) -> Option<&'static str> {
        self.read_only.load(Ordering::Relaxed).then_some(
            "the database server is read-only: connect to the primary, or list all servers in store.url with \
             target_session_attrs=read-write",
        )
    }

    /// Records whether the server accepts writes. When it has just become read-only, new connections look for the
    /// primary.
    pub(crate) fn set_read_only(&self, read_only: bool) {
        if self.read_only.swap(read_only, Ordering::Relaxed) != read_only && read_only {
            tracing::error!("the database server became read-only");
            self.pools.reconnect();
        }
    }

    fn wrote(&self) {
        self.stats.writes.fetch_add(1, Ordering::Relaxed);
        self.set_read_only(false);
    }

    async fn begin(&self, class: Class, mode: Mode) -> StoreResult<Tx> {
        let begin = &self.begin[mode as usize];
        let connection = self.pools.connection(class).await?;
        Ok(Tx::new(connection, begin.clone()))
    }

    /// One statement. With PgBouncer it needs a transaction for its settings.
    async fn single(&self, class: Class, query: Query) -> StoreResult<Answer> {
        match self.pooler {
            Pooler::None => self.pools.connection(class).await?.run(query).await,
            Pooler::PgBouncer => {
                let [answer] = self.begin(class, Mode::Write).await?.last([query]).await?;
                Ok(answer)
            }
        }
    }

    async fn attempts<T, W, F>(&self, context: &'static str, attempt: W) -> StoreResult<T>
    where
        W: Fn() -> F,
        F: Future<Output = StoreResult<T>>,
    {
        let mut number = 1;
        loop {
            let error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            if is_read_only(&error) {
                self.set_read_only(true);
            }
            if number == ATTEMPTS_MAX || !is_worth_a_retry(&error) {
                return Err(busy_if_conflict(error).with_context(context));
            }
            pause(number).await;
            number += 1;
        }
    }
}

/// A lost connection is only reported as such before COMMIT was sent.
fn is_worth_a_retry(error: &StoreError) -> bool {
    is_conflict(error) || is_lost(error) && !is_no_response(error)
}

fn busy_if_conflict(error: StoreError) -> StoreError {
    if is_conflict(&error) {
        return StoreError::Busy;
    }
    error
}

/// Waits before a retry: a random part of a time that doubles. Two transactions that conflicted would conflict again
/// if both waited equally long.
#[expect(
    clippy::disallowed_methods,
    reason = "a retry waits for other transactions, which have no channel"
)]
async fn pause(attempt: u32) {
    let longest = PAUSE * 2_u32.pow(attempt);
    // A hasher with a random state is a sufficient source for jitter.
    let chance = RandomState::new().build_hasher().finish() % 1_000;
    let part = u32::try_from(chance).unwrap_or_default();
    tokio::time::sleep(longest * part / 1_000).await;
}

/// The statement that begins a transaction. PgBouncer shares sessions, so settings hold for one transaction there.
fn begin(options: &PostgresOptions, begin: &str) -> String {
    match options.pooler {
        Pooler::None => begin.to_owned(),
        Pooler::PgBouncer => format!(
            "{begin}; SET LOCAL statement_timeout = {}; SET LOCAL idle_in_transaction_session_timeout = {}",
            options.statement_max.as_millis(),
            options.idle_in_transaction_max.as_millis()
        ),
    }
}
