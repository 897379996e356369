//! What an operator may choose about the SQLite engine.

use std::path::{Path, PathBuf};

use sosik_feed::Timestamp;

use crate::PersonLimits;

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqliteFile {
    /// A file that stays. Missing folders are made. Beside it stand `-wal` and `-shm`.
    At(PathBuf),
    /// A file in a folder of its own that goes away with the store. It is not synced to the disk: for tests and trials.
    Temporary,
}

/// Options of [`SqliteStore::open`](super::SqliteStore::open).
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Where the database is.
    pub file: SqliteFile,
    /// Connections that read at the same time. Each keeps a page cache of its own.
    pub readers: usize,
    /// Reads that wait for a connection; beyond it they are answered with `Busy`.
    pub reads_waiting_max: usize,
    /// Writes in one transaction at most. More of them share an fsync, but one waits for all.
    pub write_batch_max: usize,
    /// Writes that wait; beyond it they are answered with `Busy`.
    pub writes_waiting_max: usize,
    /// Page cache of all connections together, in MiB.
    pub cache_mib: u32,
    /// How much of the file each connection maps into memory, in MiB. It is shared with the system's file cache.
    pub mmap_mib: u32,
    /// Limits on what one person may store and trigger.
    pub person_limits: PersonLimits,
    /// The write-ahead log is emptied when it is larger than this, in MiB; reads pause for that.
    pub wal_mib_max: u32,
    /// When it is opened: stands beside the migrations that opening applies.
    pub now: Timestamp,
}

impl SqliteOptions {
    /// A file that stays, with the defaults of the configuration.
    pub fn at(path: impl AsRef<Path>, now: Timestamp) -> Self {
        Self {
            file: SqliteFile::At(path.as_ref().to_owned()),
            now,
            ..Self::temporary()
        }
    }

    /// A file that goes away with the store.
    pub fn temporary() -> Self {
        Self {
            file: SqliteFile::Temporary,
            readers: 4,
            // At 50 µs a read, four readers work this off in half a second: nobody waits longer for a page.
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
