//! The store in one SQLite file, for one machine, without further software.
//!
//! One thread writes, in batches that share an fsync (`writer`). A few connections read (`readers`), each read in its
//! own snapshot of the write-ahead log. An advisory lock gives the file to one process at a time.
//!
//! Every statement is in a list, and its plan is tested (`statement`). No statement may scan or sort a table that
//! grows. For the same reason the planner never gets statistics (`ANALYZE`, `PRAGMA optimize`): the tested plans are
//! those that run, whatever the tables contain.
//!
//! To add a noun, add a file with its statements and its trait, and a line in `statement::ALL`.

mod accounts;
mod avatars;
pub mod backup;
mod blocks;
mod bulk;
mod closures;
mod comment_likes;
mod comments;
mod counts;
mod cursor_keys;
mod db;
mod devices;
mod export;
mod failure;
mod feeds;
mod friends;
mod hidden;
mod idempotency;
mod imports;
mod in_use;
mod invitations;
mod likes;
mod log;
mod maintenance;
mod media;
mod migrations;
mod moved;
mod nodes;
mod notifications;
mod notify;
mod open;
mod options;
mod orders;
mod people;
#[cfg(test)]
mod plans;
mod posts;
mod previews;
mod privacy;
pub mod private;
mod purge;
mod readers;
mod relations;
mod saved;
mod sessions;
mod statement;
mod stories;
mod stranger_mentions;
mod suggestions;
mod tags;
mod takeover;
mod threads;
mod uploads;
mod withdrawn;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;

use db::Db;
pub use export::Export;
use log::{Gate, Log, LogStats};
use open::{DatabaseLock, OpenFailed};
pub use options::{SqliteFile, SqliteOptions};
use readers::Readers;
use sosik_store::{
    CommitPosition, Committed, PersonLimits, Store, StoreError, StoreResult, StoreStats,
};
use writer::Writer;
pub use writer::WriterStats;

/// The store reports an error when less than this is free on its disk. An eighth of a GiB is enough for the write-ahead
/// log and some hours of posts.
const DISK_FREE_MIN: u64 = 128 << 20;

/// Maximum number of feeds by definition that wait for their single connection. `sosik verify` compares as many readers
/// at once as the machine has cores.
const CHECKS_WAITING_MAX: usize = 256;

/// The store in one SQLite file.
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
    log_stats: Arc<LogStats>,
    /// For feeds by definition, which take longer than other reads.
    checker: Readers,
    lock: Mutex<DatabaseLock>,
    person_limits: PersonLimits,
}

impl SqliteStore {
    /// Opens the database, creates or updates its schema, and starts the writer.
    ///
    /// # Errors
    /// The source names the file: it cannot be opened, another process has it, or a newer executable created it.
    pub fn open(options: &SqliteOptions) -> StoreResult<Arc<Self>> {
        Self::start(options).map_err(|error| StoreError::failed("start the store", error))
    }

    fn start(options: &SqliteOptions) -> Result<Arc<Self>, OpenFailed> {
        let (lock, connection) = Self::prepare(options)?;
        let moved = moved::is_marked(&connection);
        if moved.map_err(|error| OpenFailed::new(&lock.path, error))? {
            let advice = moved::advice(&lock.path);
            let failed = OpenFailed::new(&lock.path, advice);
            in_use::close(connection);
            return Err(failed);
        }
        let connector = lock.connector();
        let connect_reader: readers::Connect = {
            let (connector, options) = (connector.clone(), options.clone());
            Arc::new(move || connector.connect_reader(&options))
        };
        let gate = Gate::default();
        let readers = Readers::open(
            options.readers.max(1),
            options.reads_waiting_max,
            Gate::clone(&gate),
            Arc::clone(&connect_reader),
        )?;
        // A separate gate: a check takes longer than other reads, and they must not wait for it when the log is
        // emptied.
        let checker = Readers::open(1, CHECKS_WAITING_MAX, Gate::default(), connect_reader)?;
        let bytes_max = u64::from(options.wal_mib_max) << 20;
        let log = Log::new(in_use::log_of(&lock.path), gate, bytes_max);
        let log_stats = log.stats();
        let of_writer = options.clone();
        let writer = Writer::start(writer::Parts {
            connection,
            connect: Box::new(move || connector.connect_writer(&of_writer)),
            log: Some(log),
            lock: lock.file_lock(),
            batch_max: options.write_batch_max,
            waiting_max: options.writes_waiting_max,
        })
        .map_err(|error| OpenFailed::new(&lock.path, error))?;
        Ok(Arc::new(Self {
            writer,
            readers,
            log_stats,
            checker,
            lock: Mutex::new(lock),
            person_limits: options.person_limits,
        }))
    }

    /// Takes the file, brings it up to date, and opens the connection that writes.
    fn prepare(
        options: &SqliteOptions,
    ) -> Result<(DatabaseLock, rusqlite::Connection), OpenFailed> {
        let lock = DatabaseLock::acquire(&options.file)?;
        let connection = lock.connector().connect_writer(options)?;
        migrations::migrate(&connection, options.now)
            .map_err(|error| OpenFailed::new(&lock.path, with_causes(&error)))?;
        maintenance::update_terms(&connection)
            .map_err(|error| OpenFailed::new(&lock.path, with_causes(&error)))?;
        takeover::release_claims(&connection, options.now)
            .map_err(|error| OpenFailed::new(&lock.path, error))?;
        if lock.is_persistent() {
            in_use::mark(&connection).map_err(|error| OpenFailed::new(&lock.path, error))?;
        }
        Ok((lock, connection))
    }

    /// Statistics of the writer. Jobs per batch are writes per fsync.
    pub fn writer_stats(&self) -> WriterStats {
        self.writer.stats()
    }

    async fn write<T, F>(&self, context: &'static str, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Db<'_>) -> StoreResult<T> + Send + 'static,
    {
        let written = self.writer.write(context, work).await;
        written.map_err(|error| self.name_file(error))
    }

    /// A write after which caches change. There is one copy of the data, so its position says nothing.
    async fn commit<T, F>(&self, context: &'static str, work: F) -> StoreResult<Committed<T>>
    where
        T: Send + 'static,
        F: FnOnce(&Db<'_>) -> StoreResult<T> + Send + 'static,
    {
        let value = self.write(context, work).await?;
        Ok(Committed::new(value, CommitPosition::START))
    }

    async fn read<T, F>(&self, context: &'static str, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Db<'_>) -> StoreResult<T> + Send + 'static,
    {
        let read = self.readers.read(context, work).await;
        read.map_err(|error| self.name_file(error))
    }

    /// SQLite's own messages, such as "disk I/O error", do not name the file.
    fn name_file(&self, error: StoreError) -> StoreError {
        failure::of_file(&self.lock.lock().path, error)
    }

    /// Free space on the disk for this account, in bytes.
    fn disk_free(&self) -> std::io::Result<u64> {
        let disk = rustix::fs::statvfs(self.lock.lock().folder())?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    fn check_disk(&self) -> StoreResult<()> {
        let failed = |error: std::io::Error| {
            let folder = self.lock.lock().folder().display().to_string();
            StoreError::failed("look at the disk", format!("{folder}: {error}"))
        };
        match self.disk_free() {
            Ok(free) if free < DISK_FREE_MIN => Err(failed(std::io::ErrorKind::StorageFull.into())),
            Ok(_enough) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn check(&self) -> StoreResult<()> {
        self.writer.check()?;
        self.check_disk()?;
        self.read("check the store", people::check).await
    }

    fn unready(&self) -> Option<&'static str> {
        (!self.writer.is_connected()).then_some(
            "the disk of the store failed and its file could not be opened again: look at the log and at the disk",
        )
    }

    fn stats(&self) -> StoreStats {
        let WriterStats { batches, jobs } = self.writer.stats();
        let log = &self.log_stats;
        let number = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        StoreStats {
            log_bytes: number(&log.bytes),
            log_emptied: number(&log.emptied),
            log_blocked: number(&log.blocked),
            log_failed: number(&log.failed),
            writes_waiting: self.writer.waiting() as u64,
            write_batches: batches,
            writes: jobs,
            reads: self.readers.started(),
            reopened: self.writer.reopened(),
            disk_free_bytes: self.disk_free().ok(),
        }
    }

    async fn close(&self) {
        self.readers.close().await;
        self.checker.close().await;
        // The last connection to close merges the log.
        self.writer.close().await;
        self.lock.lock().release();
    }
}

/// An error and its causes, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
