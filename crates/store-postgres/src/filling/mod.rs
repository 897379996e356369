//! Filling an empty database with all rows of another store.
//!
//! Every table is filled by binary COPY from pages of the source, in the order of a key, in transactions that record the
//! key of their last row (`target`). [`MOVES`] says which rows become which; no table has code of its own.

mod copy;
mod moves;
mod target;

use std::sync::Arc;
use std::time::Duration;

use sosik_feed::Timestamp;
use sosik_store::engine::transfer::RowSource;
use sosik_store::{StoreError, StoreResult};
use tokio_postgres::Client;

pub use self::moves::{MOVES, Move, NOT_FILLED};
use self::target::{Filled, Progress};
use super::failure::NoResponse;
use super::open;
use super::options::PostgresOptions;

/// How long one statement of a filling may take. The longest ones count or analyse a whole table: minutes, with the rows
/// of a million people.
const STATEMENT_MAX: Duration = Duration::from_secs(900);

/// How long one step may take: a statement, or a transaction of rows, which takes seconds. The server ends a statement
/// first if it still responds.
const STEP_MAX: Duration = STATEMENT_MAX.saturating_add(Duration::from_secs(60));

/// The reason why a database is not filled. Says what to do.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(
        "the target is not empty, it has rows in {0}: create a new database. (A node that was started on it once leaves \
         rows, too.)"
    )]
    NotEmpty(String),
    #[error(
        "an earlier run has moved this source, and the target has rows. If it is the database of that run, all rows are \
         there: run `sosik verify` and start the nodes on it. Otherwise create a new database"
    )]
    AlreadyMoved,
    #[error(
        "the target is half filled from another store, or from this one before a server or an import used it again: \
         name the store that the migration began with, or create a new database and start over"
    )]
    OtherSource,
    #[error(
        "the target is half filled by another version of this executable: continue with that one, or create a new \
         database and start over"
    )]
    OtherVersion,
    #[error("another process fills the target: wait for it, or end it")]
    Twice,
    #[error(
        "table {table} has {found} rows and the source has {expected}: something else wrote to the target. Create a new \
         database and start over"
    )]
    Differs {
        table: &'static str,
        found: u64,
        expected: u64,
    },
}

impl From<Refused> for StoreError {
    fn from(refused: Refused) -> Self {
        Self::failed("fill the target", refused)
    }
}

/// A table, and the number of its rows.
#[derive(Debug, Clone, Copy)]
pub struct FilledTable {
    /// Its name.
    pub name: &'static str,
    /// All of its rows.
    pub rows: u64,
}

/// The number of rows that a filling from this source inserts. Blocks while it counts.
///
/// # Errors
/// The source cannot be read.
pub fn rows_of(source: &dyn RowSource) -> StoreResult<Vec<FilledTable>> {
    let count = |of: &Move| {
        Ok(FilledTable {
            name: of.to,
            rows: source.count(of.from)?,
        })
    };
    MOVES.iter().map(count).collect()
}

/// A database that is being filled.
pub struct Filling {
    client: Client,
    source: Arc<dyn RowSource>,
    tables: Vec<FilledTable>,
    filled: Filled,
}

impl Filling {
    /// Creates the schema of an empty database, or finds how far an earlier filling from the same source came.
    ///
    /// From now on no node starts on the database, until [`Self::run`] has succeeded.
    ///
    /// # Errors
    /// The database has rows, was half filled from another source, is being filled by another process, or cannot be used
    /// by a node. Nothing was changed, except that the schema may be new.
    pub async fn begin(options: &PostgresOptions, source: Arc<dyn RowSource>) -> StoreResult<Self> {
        let options = PostgresOptions {
            statement_max: STATEMENT_MAX,
            ..options.clone()
        };
        open::prepare_to_fill(&options).await?;
        let counted = count(&source).await?;
        let mut client = target::connect(&options).await?;
        let begin = target::begin(&mut client, &counted, options.now);
        let filled = within("begin to fill the target", begin).await?;
        let tables = counted.tables;
        Ok(Self {
            client,
            source,
            tables,
            filled,
        })
    }

    /// All tables with the number of their rows when the filling is complete.
    #[must_use]
    pub fn tables(&self) -> &[FilledTable] {
        &self.tables
    }

    /// The number of rows that are there.
    #[must_use]
    pub fn rows_filled(&self) -> u64 {
        self.filled.tables.values().map(|table| table.rows).sum()
    }

    /// The time at which the filling began, maybe in an earlier process.
    #[must_use]
    pub const fn begun_at(&self) -> Timestamp {
        self.filled.begun_at
    }

    /// Copies the rows that are missing, with about `rows` of them in each transaction, compares the numbers of rows of
    /// all tables, marks the source as moved, and makes the database ready for nodes. `copied` gets the number of rows of each transaction.
    ///
    /// # Errors
    /// One of the stores fails, and the filling can be continued; or the numbers differ.
    pub async fn run(mut self, rows: u64, copied: &(dyn Fn(u64) + Sync)) -> StoreResult<()> {
        for of in MOVES {
            let progress = self.filled.tables.remove(of.to).unwrap_or_default();
            if !progress.complete {
                self.fill(of, progress, rows, copied).await?;
            }
        }
        self.compare().await?;
        within("analyze the tables", target::analyze(&self.client)).await?;
        // Before nodes may start on the target: from then on a server on the source would lose what it accepts.
        let source = Arc::clone(&self.source);
        read_source(move || source.mark_moved()).await?;
        within("end the filling", target::end(&self.client)).await
    }

    async fn fill(
        &mut self,
        of: &'static Move,
        progress: Progress,
        rows: u64,
        copied: &(dyn Fn(u64) + Sync),
    ) -> StoreResult<()> {
        let table = copy::Target::read(&self.client, of).await?;
        let mut pages = table.pages(Arc::clone(&self.source), progress.place);
        while let Some(first) = pages.next().await? {
            let copy = table.copy(&mut self.client, first, &mut pages, rows);
            let copy = within("copy rows", copy).await;
            let number = copy.map_err(|error| error.with_context(of.to))?;
            copied(number);
        }
        target::complete(&self.client, of.to).await
    }

    /// Compares the number of rows of each table with that of the source.
    async fn compare(&self) -> StoreResult<()> {
        for FilledTable { name, rows } in self.tables.iter().copied() {
            let found = within("count rows", target::count(&self.client, name)).await?;
            if found != rows {
                return Err(Refused::Differs {
                    table: name,
                    found,
                    expected: rows,
                }
                .into());
            }
        }
        Ok(())
    }
}

/// The identity and the size of a source.
struct Counted {
    tables: Vec<FilledTable>,
    identity: String,
    moved: bool,
}

async fn count(source: &Arc<dyn RowSource>) -> StoreResult<Counted> {
    let source = Arc::clone(source);
    let count = move || {
        Ok(Counted {
            tables: rows_of(&*source)?,
            identity: source.identity()?,
            moved: source.is_moved()?,
        })
    };
    read_source(count).await
}

/// Uses the source, which blocks.
async fn read_source<T: Send + 'static>(
    work: impl FnOnce() -> StoreResult<T> + Send + 'static,
) -> StoreResult<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::failed("read the source", error))?
}

/// A step of the filling. A server that is stopped or unreachable ends it with an error, and the filling can be continued.
async fn within<T>(
    context: &'static str,
    step: impl Future<Output = StoreResult<T>>,
) -> StoreResult<T> {
    match tokio::time::timeout(STEP_MAX, step).await {
        Ok(done) => done,
        Err(_elapsed) => Err(StoreError::failed(context, NoResponse(STEP_MAX))),
    }
}
