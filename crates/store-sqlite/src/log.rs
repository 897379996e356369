//! The size of the write-ahead log.
//!
//! SQLite checkpoints pages from the log into the database while reads run, but it restarts the log only when no read
//! uses it. Under overlapping reads there is no such moment, and the log grows with every write. So when the log
//! exceeds its limit, reads pause until all of it is in the database: running reads finish first, and new ones wait. A
//! checkpoint before the pause copies as much as possible, so the pause lasts as long as the longest running read. The
//! next write begins at the start of the log and cuts the file to the limit (`journal_size_limit`).
//!
//! The file is never cut to nothing. A database that is in use and has no log is refused (`in_use`), so a kill at that
//! moment would leave a store that does not open.
//!
//! A reader outside of this pool is not paused: another process (a backup, an operator's shell), and the feeds by
//! definition, which have a pool of their own. The log grows until that read ends, and each further step retries the
//! checkpoint.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use rusqlite::Connection;

use super::open::BUSY_TIMEOUT;

/// Reads hold it shared. Emptying the log holds it exclusively.
pub(super) type Gate = Arc<RwLock<()>>;

/// The maximum wait for running reads to finish. A read is one page or one chunk and takes milliseconds. If one takes
/// longer, writes continue with a larger log.
const READS_END_MAX: Duration = Duration::from_secs(2);
/// If emptying fails, it is retried after the log has grown by this number of bytes.
const STEP_BYTES: u64 = 16 << 20;

/// How often the log was emptied, and its size.
#[derive(Debug, Default)]
pub(super) struct LogStats {
    pub(super) bytes: AtomicU64,
    pub(super) emptied: AtomicU64,
    pub(super) blocked: AtomicU64,
    pub(super) failed: AtomicU64,
}

/// The log of one database, for its writer.
pub(super) struct Log {
    file: PathBuf,
    gate: Gate,
    bytes_max: u64,
    /// The size above which the log is emptied.
    empty_at: u64,
    stats: Arc<LogStats>,
}

impl Log {
    pub(super) fn new(file: PathBuf, gate: Gate, bytes_max: u64) -> Self {
        Self {
            file,
            gate,
            bytes_max,
            empty_at: bytes_max,
            stats: Arc::default(),
        }
    }

    pub(super) fn stats(&self) -> Arc<LogStats> {
        Arc::clone(&self.stats)
    }

    /// Empties the log if it exceeds its limit. Call it after each batch of writes.
    pub(super) fn empty_if_large(&mut self, connection: &Connection) {
        let bytes = fs::metadata(&self.file).map_or(0, |file| file.len());
        self.stats.bytes.store(bytes, Ordering::Relaxed);
        if bytes <= self.bytes_max {
            // SQLite may have restarted the log after a failed attempt to empty it.
            self.empty_at = self.bytes_max;
        }
        if bytes <= self.empty_at {
            return;
        }
        self.empty_at = match self.empty(connection) {
            Ok(true) => {
                self.stats.emptied.fetch_add(1, Ordering::Relaxed);
                self.bytes_max
            }
            Ok(false) => {
                self.stats.blocked.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(
                    log_bytes = bytes,
                    "the write-ahead log could not be emptied, since a long read or another program uses it"
                );
                bytes + STEP_BYTES
            }
            Err(error) => {
                self.stats.failed.fetch_add(1, Ordering::Relaxed);
                tracing::error!(%error, log_bytes = bytes, "the write-ahead log could not be emptied");
                bytes + STEP_BYTES
            }
        };
    }

    /// Returns `false` if a read prevents it.
    fn empty(&self, connection: &Connection) -> rusqlite::Result<bool> {
        checkpoint(connection, "PASSIVE")?;
        let Some(_reads_pause) = self.gate.try_write_for(READS_END_MAX) else {
            return Ok(false);
        };
        // Do not wait for readers of other processes, because our own readers would wait, too.
        connection.busy_timeout(Duration::ZERO)?;
        let emptied = checkpoint(connection, "RESTART");
        connection.busy_timeout(BUSY_TIMEOUT)?;
        emptied
    }
}

/// Returns `false` if a reader blocks it.
fn checkpoint(connection: &Connection, kind: &str) -> rusqlite::Result<bool> {
    let sql = format!("PRAGMA wal_checkpoint({kind})");
    let is_busy: bool = connection.query_row(&sql, [], |row| row.get(0))?;
    Ok(!is_busy)
}
