//! Copies of a database: made while a server uses it, and checked before they are used.
//!
//! A backup is one self-contained file. SQLite's backup interface makes it inside one read transaction, so it contains
//! the writes up to one moment. Meanwhile the log of the database grows, because pages that the copy may still read
//! cannot be removed from it.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest, Sha256};

use sosik_store::engine::migrations::hexadecimal;

use super::{in_use, migrations, moved, open, with_causes};

/// Pages copied between two progress reports: 16 MiB.
const STEP_PAGES: i32 = 4_096;
/// Bytes of one read while a checksum is computed.
const READ_BYTES: usize = 1 << 20;

/// The error of a copy. Names the file.
#[derive(Debug)]
pub struct CopyFailed {
    doing: &'static str,
    path: PathBuf,
    reason: String,
}

impl CopyFailed {
    fn new(doing: &'static str, path: &Path, reason: impl fmt::Display) -> Self {
        Self {
            doing,
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for CopyFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.doing, self.path.display(), self.reason)
    }
}

impl std::error::Error for CopyFailed {}

/// Copies a database into an empty file and syncs it to the disk. A server may be using the database. `progress` gets
/// the number of bytes copied and the total.
///
/// # Errors
/// If there is no database, it lacks its log, the log lacks its database, or one of the files cannot be read or
/// written.
pub fn back_up(from: &Path, to: &Path, progress: impl FnMut(u64, u64)) -> Result<(), CopyFailed> {
    let unreadable = |reason: &dyn fmt::Display| CopyFailed::new("back up", from, reason);
    if let Some(advice) = in_use::lone_log(from) {
        return Err(unreadable(&advice));
    }
    if !from.exists() {
        return Err(unreadable(&"there is no such file: set store.url"));
    }
    if in_use::lacks_log(from) {
        return Err(unreadable(&in_use::advice(from)));
    }
    let source = open_file(from).map_err(|error| unreadable(&error))?;
    let mut copy = open_file(to).map_err(|error| CopyFailed::new("write", to, error))?;
    copied(&source, &mut copy, progress)
        .map_err(|error| CopyFailed::new("copy the database to", to, error))?;
    drop(copy);
    let synced = File::open(to).and_then(|file| file.sync_all());
    synced.map_err(|error| CopyFailed::new("write", to, error))
}

fn open_file(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(open::BUSY_TIMEOUT)?;
    Ok(connection)
}

fn copied(
    source: &Connection,
    copy: &mut Connection,
    mut progress: impl FnMut(u64, u64),
) -> rusqlite::Result<()> {
    source.pragma_update(None, "query_only", true)?;
    // The log belongs to the server, or to the next one after a kill.
    if in_use::is_marked(source)? {
        in_use::keep_log(source, true)?;
    }
    let page_bytes: u32 = source.pragma_query_value(None, "page_size", |row| row.get(0))?;
    // One transaction, so that a concurrent write does not restart the copy.
    let snapshot = source.unchecked_transaction()?;
    snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |_row| Ok(()))?;
    {
        let backup = Backup::new(source, copy)?;
        loop {
            let step = backup.step(STEP_PAGES)?;
            let pages = backup.progress();
            let bytes = |pages: i32| u64::from(pages.unsigned_abs()) * u64::from(page_bytes);
            progress(
                bytes(pages.pagecount - pages.remaining),
                bytes(pages.pagecount),
            );
            if step == StepResult::Done {
                break;
            }
        }
    }
    drop(snapshot);
    // One self-contained file.
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    moved::unmark(copy)?;
    in_use::unmark(copy)
}

/// Checks that a copy is intact and has a schema version that this executable supports. `without_log` accepts a copy of
/// a running store without its log, and makes it usable.
///
/// # Errors
/// If the copy is damaged, lacks its log, or has an unsupported version.
pub fn check_copy(path: &Path, without_log: bool) -> Result<(), CopyFailed> {
    let failed = |reason: &dyn fmt::Display| CopyFailed::new("check", path, reason);
    if in_use::lacks_log(path) && !without_log {
        return Err(failed(&in_use::advice(path)));
    }
    let copy = open_file(path).map_err(|error| failed(&error))?;
    migrations::check(&copy).map_err(|error| failed(&with_causes(&error)))?;
    let found: String = copy
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| failed(&error))?;
    if found != "ok" {
        return Err(failed(&format!("it is damaged: {found}")));
    }
    let settled = copy
        .pragma_update(None, "journal_mode", "DELETE")
        .and_then(|()| moved::unmark(&copy))
        .and_then(|()| in_use::unmark(&copy));
    settled.map_err(|error| failed(&error))
}

/// Locks a database whose log is lost. No server can start on it while the result exists.
///
/// # Errors
/// If the file cannot be read, another process uses it, or its log exists.
pub fn lock_without_log(path: &Path) -> Result<File, CopyFailed> {
    let failed = |reason: &dyn fmt::Display| CopyFailed::new("restore", path, reason);
    let file = File::open(path).map_err(|error| failed(&error))?;
    file.try_lock_shared().map_err(|error| match error {
        TryLockError::WouldBlock => {
            failed(&"another process uses it, with its log: use `sosik backup`")
        }
        TryLockError::Error(error) => failed(&error),
    })?;
    if in_use::has_log(path) {
        return Err(failed(&format!(
            "its write-ahead log {} is there, with the newest writes: start a server on the two files, or use \
             `sosik backup`. To leave these writes out, move the log away",
            in_use::log_of(path).display()
        )));
    }
    Ok(file)
}

/// SHA-256 of a file, in hexadecimal digits, as `sha256sum` prints it.
///
/// # Errors
/// If the file cannot be read.
pub fn checksum(path: &Path) -> Result<String, CopyFailed> {
    let failed = |error: io::Error| CopyFailed::new("read", path, error);
    let mut file = File::open(path).map_err(failed)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; READ_BYTES]);
    loop {
        let count = file.read(&mut buffer).map_err(failed)?;
        if count == 0 {
            return Ok(hexadecimal(&hash.finalize()));
        }
        hash.update(&buffer[..count]);
    }
}
