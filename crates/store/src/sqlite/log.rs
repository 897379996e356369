//! The size of the write-ahead log.
//!
//! SQLite copies pages from the log into the database while reads go on, but it begins the log anew only at a moment at which
//! no read uses it. Under reads that overlap without a gap there is no such moment, and the log grows for as long as there are
//! writes. So when it is larger than its limit, reads pause until it is emptied: those that run end first, those that come wait.
//! What can be copied is copied before the pause, so the pause is as long as the longest read that runs.
//!
//! A reader of another process (a backup, a person with a shell) is not paused. While it lasts the log grows, and emptying it is
//! tried again at each further step.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use rusqlite::Connection;

use super::open::BUSY_TIMEOUT;

/// Reads hold it shared, emptying the log holds it alone.
pub(super) type Gate = Arc<RwLock<()>>;

/// Reads that run may take so long until they are over. Each is one page or one chunk and takes milliseconds; when one takes
/// longer, writing goes on with a larger log.
const READS_END_MAX: Duration = Duration::from_secs(2);
/// After emptying failed, it is tried again when the log has grown by this.
const STEP_BYTES: u64 = 16 << 20;

/// How often the log was emptied, and how large it is.
#[derive(Debug, Default)]
pub(super) struct LogFigures {
    pub(super) bytes: AtomicU64,
    pub(super) emptied: AtomicU64,
    pub(super) blocked: AtomicU64,
    pub(super) failed: AtomicU64,
}

/// The log of one database, as its writer sees it.
pub(super) struct Log {
    file: PathBuf,
    gate: Gate,
    bytes_max: u64,
    /// It is emptied when it is larger than this.
    empty_at: u64,
    figures: Arc<LogFigures>,
}

impl Log {
    pub(super) fn new(file: PathBuf, gate: Gate, bytes_max: u64) -> Self {
        Self {
            file,
            gate,
            bytes_max,
            empty_at: bytes_max,
            figures: Arc::default(),
        }
    }

    pub(super) fn figures(&self) -> Arc<LogFigures> {
        Arc::clone(&self.figures)
    }

    /// After each batch of writes.
    pub(super) fn tend(&mut self, connection: &Connection) {
        let bytes = fs::metadata(&self.file).map_or(0, |file| file.len());
        self.figures.bytes.store(bytes, Ordering::Relaxed);
        if bytes <= self.bytes_max {
            // SQLite may have begun it anew by itself after it could not be emptied.
            self.empty_at = self.bytes_max;
        }
        if bytes <= self.empty_at {
            return;
        }
        self.empty_at = match self.empty(connection) {
            Ok(true) => {
                self.figures.emptied.fetch_add(1, Ordering::Relaxed);
                self.figures.bytes.store(0, Ordering::Relaxed);
                self.bytes_max
            }
            Ok(false) => {
                self.figures.blocked.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(
                    log_bytes = bytes,
                    "the write-ahead log could not be emptied, since a long read or another program uses it"
                );
                bytes + STEP_BYTES
            }
            Err(error) => {
                self.figures.failed.fetch_add(1, Ordering::Relaxed);
                tracing::error!(%error, log_bytes = bytes, "the write-ahead log could not be emptied");
                bytes + STEP_BYTES
            }
        };
    }

    /// Answers `false` when a read is in the way.
    fn empty(&self, connection: &Connection) -> rusqlite::Result<bool> {
        checkpoint(connection, "PASSIVE")?;
        let Some(_reads_pause) = self.gate.try_write_for(READS_END_MAX) else {
            return Ok(false);
        };
        // Readers of other processes are not waited for: ours would wait too.
        connection.busy_timeout(Duration::ZERO)?;
        let emptied = checkpoint(connection, "TRUNCATE");
        connection.busy_timeout(BUSY_TIMEOUT)?;
        emptied
    }
}

/// Answers `false` when it was blocked.
fn checkpoint(connection: &Connection, kind: &str) -> rusqlite::Result<bool> {
    let sql = format!("PRAGMA wal_checkpoint({kind})");
    let is_busy: bool = connection.query_row(&sql, [], |row| row.get(0))?;
    Ok(!is_busy)
}
