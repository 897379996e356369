//! The operator's options of the SQLite engine.

use std::path::{Path, PathBuf};

use sosik_feed::Timestamp;
use sosik_store::PersonLimits;

/// The location of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqliteFile {
    /// A persistent file. Missing folders are created. `-wal` and `-shm` are next to it.
    At(PathBuf),
    /// A file in its own folder, which is removed with the store. It is not synced to the disk. For tests and trials.
    Temporary,
}

/// Options of [`SqliteStore::open`](super::SqliteStore::open).
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// The location of the database.
    pub file: SqliteFile,
    /// Number of connections for reads. Each has its own page cache.
    pub readers: usize,
    /// Maximum number of reads that wait for a connection. Further ones get `Busy`.
    pub reads_waiting_max: usize,
    /// Maximum number of writes in one transaction. More writes share an fsync, but each waits for all.
    pub write_batch_max: usize,
    /// Maximum number of writes that wait. Further ones get `Busy`.
    pub writes_waiting_max: usize,
    /// Page cache of all connections together, in MiB.
    pub cache_mib: u32,
    /// Part of the file that each connection maps into memory, in MiB. It is shared with the system's file cache.
    pub mmap_mib: u32,
    /// Limits on what one person may store and trigger.
    pub person_limits: PersonLimits,
    /// The write-ahead log is emptied when it is larger than this, in MiB; reads pause for that.
    pub wal_mib_max: u32,
    /// The current time, recorded with the migrations that opening applies.
    pub now: Timestamp,
}

impl SqliteOptions {
    /// A persistent file with the defaults of the configuration.
    pub fn at(path: impl AsRef<Path>, now: Timestamp) -> Self {
        Self {
            file: SqliteFile::At(path.as_ref().to_owned()),
            now,
            ..Self::temporary()
        }
    }

    /// A file that is removed with the store.
    pub fn temporary() -> Self {
        Self {
            file: SqliteFile::Temporary,
            readers: 4,
            // At 50 µs for each read, four readers process these in half a second; no page waits longer.
            reads_waiting_max: 32_768,
            write_batch_max: 256,
            writes_waiting_max: 8_192,
            cache_mib: 64,
            mmap_mib: 256,
            person_limits: PersonLimits::default(),
            wal_mib_max: 64,
            now: Timestamp::default(),
        }
    }
}
