//! The truth in one SQLite file: one machine, nothing else installed.
//!
//! One thread writes, in batches that share an fsync (`writer`); a few connections read (`readers`), each read in
//! its own snapshot of the write-ahead log. One process at a time has the file, by an advisory lock on it.
//!
//! Every statement stands in a list and its plan is tested (`statement`): none may walk a table that grows. For the
//! same reason the planner is never given statistics (`ANALYZE`, `PRAGMA optimize`): the plans that were tested are those
//! that run, whatever the tables hold.
//!
//! To add a noun: a file with its statements and its trait, and a line in `statement::ALL`.

mod accounts;
pub mod backup;
mod blocks;
mod bulk;
mod comments;
mod db;
mod devices;
mod failure;
mod feeds;
mod friends;
mod idempotency;
mod imports;
mod in_use;
mod likes;
mod migrations;
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
mod purge;
mod readers;
mod relations;
mod sessions;
mod statement;
mod stories;
mod takeover;
mod upkeep;
mod usage;
mod withdrawn;
mod writer;

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;

use crate::{PersonLimits, Store, StoreError, StoreResult};
use db::Db;
use open::{OpenFailed, Place};
pub use options::{SqliteFile, SqliteOptions};
use readers::Readers;
use writer::Writer;
pub use writer::WriterFigures;

/// With less room than this on its disk the store says that it is not well: an eighth of a GiB holds the write-ahead log
/// and some hours of posting.
const DISK_FREE_MIN: u64 = 128 << 20;

/// The store in one SQLite file.
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
    place: Mutex<Place>,
    person_limits: PersonLimits,
}

impl SqliteStore {
    /// Opens the database, makes or updates its schema, and starts the writer.
    ///
    /// # Errors
    /// With a source that names the file: it cannot be opened, another process has it, or it was made by a newer
    /// executable.
    pub fn open(options: &SqliteOptions) -> StoreResult<Arc<Self>> {
        Self::start(options).map_err(|error| StoreError::failed("start the store", error))
    }

    fn start(options: &SqliteOptions) -> Result<Arc<Self>, OpenFailed> {
        let place = Place::take(&options.file)?;
        let connection = place.connect_writer(options)?;
        migrations::migrate(&connection, options.now)
            .map_err(|error| OpenFailed::new(&place.path, with_causes(&error)))?;
        takeover::release_claims(&connection, options.now)
            .map_err(|error| OpenFailed::new(&place.path, error))?;
        if place.stays() {
            in_use::mark(&connection).map_err(|error| OpenFailed::new(&place.path, error))?;
        }
        let readers = (0..options.readers.max(1))
            .map(|_| place.connect_reader(options))
            .collect::<Result<_, _>>()?;
        let writer = Writer::start(
            connection,
            place.lock(),
            options.write_batch_max,
            options.writes_waiting_max,
        )
        .map_err(|error| OpenFailed::new(&place.path, error))?;
        let readers = Readers::new(readers, options.reads_waiting_max);
        Ok(Arc::new(Self {
            writer,
            readers,
            place: Mutex::new(place),
            person_limits: options.person_limits,
        }))
    }

    /// What the writer has done so far: jobs per batch is writes per fsync.
    pub fn writer_figures(&self) -> WriterFigures {
        self.writer.figures()
    }

    async fn write<T, F>(&self, context: &'static str, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Db<'_>) -> StoreResult<T> + Send + 'static,
    {
        self.writer.write(context, work).await
    }

    async fn read<T, F>(&self, context: &'static str, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Db<'_>) -> StoreResult<T> + Send + 'static,
    {
        self.readers.read(context, work).await
    }

    fn check_disk(&self) -> StoreResult<()> {
        let failed = |error: std::io::Error| StoreError::failed("look at the disk", error);
        let disk = rustix::fs::statvfs(self.place.lock().folder())
            .map_err(|error| failed(error.into()))?;
        if disk.f_bavail.saturating_mul(disk.f_frsize) < DISK_FREE_MIN {
            return Err(failed(std::io::ErrorKind::StorageFull.into()));
        }
        Ok(())
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn check(&self) -> StoreResult<()> {
        self.writer.check()?;
        self.check_disk()?;
        self.read("check the store", people::check).await
    }

    async fn close(&self) {
        self.readers.close().await;
        // The last connection that closes merges the log.
        self.writer.close().await;
        self.place.lock().release();
    }
}

/// An error and what caused it, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
