//! The single writer: a thread that runs all waiting jobs in one transaction and responds after its fsync (group
//! commit).
//!
//! While one batch waits for the disk the next one accumulates, so the batch size follows the load and a single write
//! waits only for its own fsync. Refused: a timer that delays a write to collect more. It slows down an idle server.
//!
//! Every job runs in its own savepoint, or alone in its transaction: a job that fails or panics is rolled back alone. A
//! job gets its response only after its transaction has committed. If the commit fails, all jobs get the error.
//!
//! After an I/O error the state of the file on disk and in the caches is unknown, so the connection is replaced by a
//! new one, which reads the file again. Without a connection, writes fail and the node is not ready.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use rusqlite::{Connection, ffi};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};

use super::db::Db;
use super::failure::{actionable, is_disk_failure};
use super::in_use;
use super::log::Log;
use super::open::OpenFailed;
use sosik_store::{StoreError, StoreResult};

/// Statistics of the writer. Jobs per batch are jobs per fsync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WriterStats {
    /// Transactions, also those that failed or were rolled back.
    pub batches: u64,
    /// Writes in these transactions.
    pub jobs: u64,
}

#[derive(Default)]
struct Counters {
    batches: AtomicU64,
    jobs: AtomicU64,
    /// Number of connections that replaced one after an I/O error.
    reopened: AtomicU64,
    /// There is no connection: the disk failed, and the file could not be opened again.
    is_disconnected: AtomicBool,
}

/// Opens the connection, at the start and after an I/O error.
pub(super) type Connect = Box<dyn FnMut() -> Result<Connection, OpenFailed> + Send>;

/// The handle of the writer thread.
pub(super) struct Writer {
    sender: mpsc::Sender<Message>,
    counters: Arc<Counters>,
    ended: watch::Receiver<bool>,
}

enum Message {
    Work(Box<dyn Job>),
    Close,
}

impl Writer {
    /// Starts the thread. At most `batch_max` jobs share a transaction, at most `waiting_max` wait. The lock of the
    /// file is held until the connection is closed, even if the store is dropped without being closed.
    pub(super) fn start(parts: Parts) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel(parts.waiting_max);
        let (ending, ended) = watch::channel(false);
        let counters = Arc::<Counters>::default();
        let mut slot = Slot {
            connection: Some(parts.connection),
            connect: parts.connect,
            log: parts.log,
            counters: Arc::clone(&counters),
        };
        let lock = parts.lock;
        thread::Builder::new()
            .name("sosik-writer".to_owned())
            .spawn(move || {
                write_until_closed(&mut slot, receiver, parts.batch_max);
                slot.close();
                drop(lock);
                let _nobody_waits = ending.send(true);
            })?;
        Ok(Self {
            sender,
            counters,
            ended,
        })
    }

    /// Runs the work in the next transaction and returns when it is durable.
    pub(super) async fn write<T, F>(&self, context: &'static str, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Db<'_>) -> StoreResult<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(PendingWrite {
            context,
            work: Some(work),
            outcome: None,
            reply,
        });
        self.sender
            .try_send(Message::Work(job))
            .map_err(|refused| match refused {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Closed(_) => StoreError::Closed,
            })?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Whether there is a connection for writes.
    pub(super) fn is_connected(&self) -> bool {
        !self.counters.is_disconnected.load(Ordering::Relaxed)
    }

    /// Number of connections that replaced one after an I/O error.
    pub(super) fn reopened(&self) -> u64 {
        self.counters.reopened.load(Ordering::Relaxed)
    }

    /// Number of waiting writes.
    pub(super) fn waiting(&self) -> usize {
        self.sender.max_capacity() - self.sender.capacity()
    }

    /// Succeeds if there is space for another write and a connection for it.
    pub(super) fn check(&self) -> StoreResult<()> {
        if self.sender.is_closed() {
            Err(StoreError::Closed)
        } else if !self.is_connected() {
            Err(StoreError::failed("write to the database", NO_CONNECTION))
        } else if self.sender.capacity() == 0 {
            Err(StoreError::Busy)
        } else {
            Ok(())
        }
    }

    /// Finishes the accepted jobs, then ends.
    pub(super) async fn close(&self) {
        // An error means that the thread has ended or is about to end.
        let _ended = self.sender.send(Message::Close).await;
        let mut ended = self.ended.clone();
        let _ended = ended.wait_for(|ended| *ended).await;
    }

    pub(super) fn stats(&self) -> WriterStats {
        let jobs = self.counters.jobs.load(Ordering::Relaxed);
        WriterStats {
            batches: self.counters.batches.load(Ordering::Relaxed),
            jobs,
        }
    }
}

/// The parts of a writer.
pub(super) struct Parts {
    /// The first connection.
    pub(super) connection: Connection,
    /// Opens another connection after an I/O error.
    pub(super) connect: Connect,
    /// Limits the size of the write-ahead log; `None` for a database without one.
    pub(super) log: Option<Log>,
    /// The lock of the file.
    pub(super) lock: Option<Arc<File>>,
    /// Maximum number of jobs in one transaction.
    pub(super) batch_max: usize,
    /// Maximum number of waiting jobs.
    pub(super) waiting_max: usize,
}

const NO_CONNECTION: &str =
    "the disk failed and the file could not be opened again; the log of the server says why";

/// The connection, and its replacement after an I/O error.
struct Slot {
    connection: Option<Connection>,
    connect: Connect,
    log: Option<Log>,
    counters: Arc<Counters>,
}

impl Slot {
    /// The connection. Opens it again if there is none.
    fn connection(&mut self) -> Option<&Connection> {
        if self.connection.is_none() {
            self.reopen();
        }
        self.connection.as_ref()
    }

    fn reopen(&mut self) {
        match (self.connect)() {
            Ok(connection) => {
                tracing::warn!("the database is opened again after the disk failed");
                self.connection = Some(connection);
                self.counters.reopened.fetch_add(1, Ordering::Relaxed);
                self.counters
                    .is_disconnected
                    .store(false, Ordering::Relaxed);
            }
            Err(error) => {
                if !self.counters.is_disconnected.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "nothing can be written: the database could not be opened again after the \
                        disk failed; each write tries it anew");
                }
            }
        }
    }

    /// Replaces the connection after a batch with an I/O error.
    fn replace(&mut self) {
        self.connection = None;
        self.reopen();
    }

    fn empty_large_log(&mut self) {
        if let (Some(connection), Some(log)) = (&self.connection, &mut self.log) {
            log.empty_if_large(connection);
        }
    }

    fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            in_use::close(connection);
        }
    }
}

/// A waiting write. It runs once and responds once.
trait Job: Send {
    /// Runs the work; `false` if it must be rolled back.
    fn run(&mut self, db: &Db<'_>) -> bool;
    /// Whether an I/O error occurred in the work.
    fn disk_failed(&self) -> bool;
    /// Responds to the caller. `lost` is the error of the transaction, if it failed.
    fn answer(self: Box<Self>, lost: Option<StoreError>);
}

struct PendingWrite<F, T> {
    context: &'static str,
    work: Option<F>,
    outcome: Option<StoreResult<T>>,
    reply: oneshot::Sender<StoreResult<T>>,
}

impl<F, T> Job for PendingWrite<F, T>
where
    T: Send,
    F: FnOnce(&Db<'_>) -> StoreResult<T> + Send,
{
    fn run(&mut self, db: &Db<'_>) -> bool {
        // The caller is gone (timeout or disconnect), so skipping the job is the cheapest way to shed load.
        let Some(work) = self.work.take().filter(|_| !self.reply.is_closed()) else {
            return false;
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| work(db)));
        let outcome =
            outcome.unwrap_or_else(|_| Err(StoreError::failed(self.context, "the write panicked")));
        let keep = outcome.is_ok();
        self.outcome = Some(outcome.map_err(|error| error.with_context(self.context)));
        keep
    }

    fn disk_failed(&self) -> bool {
        let Some(Err(StoreError::Failed { source, .. })) = &self.outcome else {
            return false;
        };
        source
            .downcast_ref::<rusqlite::Error>()
            .is_some_and(is_disk_failure)
    }

    fn answer(self: Box<Self>, lost: Option<StoreError>) {
        let outcome = match (lost, self.outcome) {
            // A job's own error is more specific than that of its batch.
            (_, Some(Err(own))) => Err(own),
            (Some(lost), _) => Err(lost.with_context(self.context)),
            (None, Some(kept)) => kept,
            (None, None) => Err(StoreError::Closed),
        };
        let _nobody_waits = self.reply.send(outcome);
    }
}

fn write_until_closed(slot: &mut Slot, mut receiver: mpsc::Receiver<Message>, batch_max: usize) {
    let mut messages = Vec::with_capacity(batch_max);
    while receiver.blocking_recv_many(&mut messages, batch_max) > 0 {
        let mut jobs = Vec::with_capacity(messages.len());
        for message in messages.drain(..) {
            match message {
                Message::Work(job) => jobs.push(job),
                // Messages that are in the channel are still received; new ones are rejected.
                Message::Close => receiver.close(),
            }
        }
        if !jobs.is_empty() {
            commit_batch(slot, jobs);
        }
    }
}

fn commit_batch(slot: &mut Slot, mut jobs: Vec<Box<dyn Job>>) {
    let counters = Arc::clone(&slot.counters);
    let Some(connection) = slot.connection() else {
        let lost = || StoreError::failed("write to the database", NO_CONNECTION);
        return jobs.into_iter().for_each(|job| job.answer(Some(lost())));
    };
    let lost = run_all(connection, &mut jobs).err().map(|error| {
        tracing::error!(jobs = jobs.len(), error = %error, "a batch of writes was lost");
        if !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::error!(error = %error, "a lost batch could not be rolled back");
        }
        Arc::new(error)
    });
    let disk_failed =
        lost.as_deref().is_some_and(is_disk_failure) || jobs.iter().any(|job| job.disk_failed());
    counters.batches.fetch_add(1, Ordering::Relaxed);
    counters
        .jobs
        .fetch_add(jobs.len() as u64, Ordering::Relaxed);
    if disk_failed {
        slot.replace();
    }
    for job in jobs {
        job.answer(lost.as_ref().map(batch_error));
    }
    slot.empty_large_log();
}

/// The error of a batch, as each of its jobs gets it.
fn batch_error(lost: &Arc<rusqlite::Error>) -> StoreError {
    actionable(lost).unwrap_or_else(|| StoreError::failed("commit", Arc::clone(lost)))
}

fn disk_full() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_FULL), None)
}

fn run_all(connection: &Connection, jobs: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    let step = |sql: &'static str| connection.prepare_cached(sql)?.execute([]);
    step("BEGIN IMMEDIATE")?;
    // A single job has the transaction to itself. Inside a savepoint, SQLite scans all of its changes at the end of
    // every statement, which would take most of the time of a bulk import.
    if let [lone] = jobs {
        if !lone.run(&Db::new(connection)) {
            // After a full disk the transaction has been rolled back already.
            return if connection.is_autocommit() {
                Ok(())
            } else {
                step("ROLLBACK").map(|_rows| ())
            };
        }
        return step("COMMIT").map(|_rows| ());
    }
    for job in jobs {
        step("SAVEPOINT job")?;
        if !job.run(&Db::new(connection)) {
            // A full disk rolls the whole transaction back, and with it the other jobs.
            if connection.is_autocommit() {
                return Err(disk_full());
            }
            step("ROLLBACK TO job")?;
        }
        step("RELEASE job")?;
    }
    step("COMMIT")?;
    Ok(())
}

#[cfg(test)]
mod tests;
