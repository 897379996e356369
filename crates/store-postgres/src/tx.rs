//! Transactions whose statements are pipelined: those of a batch are sent together, and their responses are awaited
//! together. BEGIN is sent with the first batch, and [`Tx::last`] sends COMMIT with the last one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use sosik_store::{CommitPosition, StoreError, StoreResult};

use super::connection::{Connection, End, PIPELINE_MAX};
use super::failure::of_commit;
use super::row::{Answer, Column, Row};
use super::sql::Query;

/// A transaction. Dropping it without a commit rolls it back.
///
/// A handle: clones are the same transaction. Statements of concurrent calls are pipelined too, but only those of one
/// [`Tx::batch`] have a guaranteed order.
#[derive(Clone)]
pub(crate) struct Tx(Arc<State>);

struct State {
    connection: Connection,
    begin: String,
    begun: AtomicBool,
    guard: Mutex<Option<Query>>,
    committed: Mutex<Option<CommitPosition>>,
}

impl Tx {
    /// A transaction that begins with its first statement.
    pub(crate) fn new(connection: Connection, begin: String) -> Self {
        Self(Arc::new(State {
            connection,
            begin,
            begun: AtomicBool::new(false),
            guard: Mutex::new(None),
            committed: Mutex::new(None),
        }))
    }

    /// Sends this statement directly before COMMIT. If it fails, nothing is committed.
    pub(crate) fn guard(&self, query: Query) {
        *self.0.guard.lock() = Some(query);
    }

    /// Sends statements in this order without waiting in between. Returns their answers.
    pub(crate) async fn batch<const N: usize>(
        &self,
        queries: [Query; N],
    ) -> StoreResult<[Answer; N]> {
        array(self.send(&queries, End::Open).await?)
    }

    /// [`Tx::batch`] for a number of statements that is only known now.
    pub(crate) async fn each(&self, queries: Vec<Query>) -> StoreResult<Vec<Answer>> {
        let mut answers = Vec::with_capacity(queries.len());
        for chunk in queries.chunks(PIPELINE_MAX) {
            answers.extend(self.send(chunk, End::Open).await?);
        }
        Ok(answers)
    }

    /// The last statements, sent together with COMMIT. They commit whatever they find, so their answers must not decide
    /// whether to commit.
    pub(crate) async fn last<const N: usize>(
        &self,
        queries: [Query; N],
    ) -> StoreResult<[Answer; N]> {
        array(self.send(&queries, End::Commit).await.map_err(of_commit)?)
    }

    /// [`Tx::last`] for a number of statements that is only known now.
    pub(crate) async fn last_each(&self, mut queries: Vec<Query>) -> StoreResult<Vec<Answer>> {
        let together = queries.split_off(queries.len().saturating_sub(PIPELINE_MAX));
        let mut answers = self.each(queries).await?;
        let last = self.send(&together, End::Commit).await;
        answers.extend(last.map_err(of_commit)?);
        Ok(answers)
    }

    /// Runs one statement.
    pub(crate) async fn run(&self, query: Query) -> StoreResult<Answer> {
        let [answer] = self.batch([query]).await?;
        Ok(answer)
    }

    /// All rows of a statement.
    pub(crate) async fn rows<T>(
        &self,
        query: Query,
        map: impl FnMut(&Row) -> StoreResult<T>,
    ) -> StoreResult<Vec<T>> {
        self.run(query).await?.rows(map)
    }

    /// The first row of a statement, if there is one.
    pub(crate) async fn row<T>(
        &self,
        query: Query,
        map: impl FnOnce(&Row) -> StoreResult<T>,
    ) -> StoreResult<Option<T>> {
        self.run(query).await?.row(map)
    }

    /// The first column of the first row, if there is one.
    pub(crate) async fn first<T: Column>(&self, query: Query) -> StoreResult<Option<T>> {
        self.run(query).await?.first()
    }

    /// The first column of all rows.
    pub(crate) async fn column<T: Column>(&self, query: Query) -> StoreResult<Vec<T>> {
        self.run(query).await?.column()
    }

    /// Runs a statement. Returns the number of rows it changed.
    pub(crate) async fn execute(&self, query: Query) -> StoreResult<u64> {
        Ok(self.run(query).await?.affected)
    }

    /// Runs a statement on one row. Returns whether it changed the row.
    pub(crate) async fn changes(&self, query: Query) -> StoreResult<bool> {
        Ok(self.run(query).await?.changed())
    }

    /// Whether a statement finds a row.
    pub(crate) async fn exists(&self, query: Query) -> StoreResult<bool> {
        Ok(self.run(query).await?.exists())
    }

    /// The number in the first row of a statement; 0 if there is no row.
    pub(crate) async fn number(&self, query: Query) -> StoreResult<i64> {
        self.run(query).await?.number()
    }

    /// Commits, unless [`Tx::last`] has done so. Returns the position of the commit.
    pub(crate) async fn commit(&self) -> StoreResult<CommitPosition> {
        if self.committed().is_none() && self.0.begun.load(Ordering::Acquire) {
            self.send(&[], End::Commit).await.map_err(of_commit)?;
        }
        Ok(self.committed().unwrap_or(CommitPosition::START))
    }

    fn committed(&self) -> Option<CommitPosition> {
        *self.0.committed.lock()
    }

    /// Runs the statements of a text that has no values.
    pub(crate) async fn plain(&self, sql: &str) -> StoreResult<()> {
        self.batch([]).await.map(|[]| ())?;
        self.0.connection.plain(sql).await
    }

    async fn send(&self, queries: &[Query], end: End) -> StoreResult<Vec<Answer>> {
        let State {
            connection, begin, ..
        } = &*self.0;
        if self.committed().is_some() {
            return Err(StoreError::failed(
                "use the database",
                "the transaction has ended",
            ));
        }
        let guard: Vec<Query> = match end {
            End::Open => Vec::new(),
            End::Commit => self.0.guard.lock().iter().cloned().collect(),
        };
        let mut statements = connection.prepare(queries).await?;
        statements.extend(connection.prepare(&guard).await?);
        let begins = !self.0.begun.swap(true, Ordering::AcqRel);
        let begin = begins.then_some(begin.as_str());
        let (mut answers, committed) = connection.pipeline(begin, &statements, end).await?;
        answers.truncate(queries.len());
        if let Some(position) = committed {
            *self.0.committed.lock() = Some(position);
        }
        Ok(answers)
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if self.begun.load(Ordering::Acquire) && self.committed.lock().is_none() {
            self.connection.roll_back();
        }
    }
}

/// The answers to a fixed number of statements.
pub(crate) fn array<const N: usize>(answers: Vec<Answer>) -> StoreResult<[Answer; N]> {
    let wrong_number = |answers: Vec<Answer>| {
        let numbers = format!("{} answers to {N} statements", answers.len());
        StoreError::failed("use the database", numbers)
    };
    answers.try_into().map_err(wrong_number)
}
