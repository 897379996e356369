//! A mark in the database file: its newest writes are in the write-ahead log next to it.
//!
//! A store writes to its log first, and the pages are copied into the database file later. So a copy of the file alone,
//! made while a server runs, lacks the newest writes or is empty, and SQLite opens it without an error. Therefore the
//! file is marked when it is opened, and the mark is removed when the file is closed and the log is merged. A marked
//! file is rejected if it has no log, or if its log is too short to contain a write. After a kill the log exists, and
//! everything in it is recovered.
//!
//! The mark is `user_version` in the header of the file. A checkpoint copies it into the file immediately. Otherwise it
//! would be in the log like everything else.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

/// The newest writes may be in the log.
const IN_USE: i32 = 1;
/// All writes are in the file.
const CLOSED: i32 = 0;
/// Size of the header of a log, in bytes. A shorter log contains no write.
const LOG_HEADER_BYTES: u64 = 32;

/// Sets the mark, durably.
pub(super) fn mark(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "user_version", IN_USE)?;
    let is_busy = connection.query_row("PRAGMA wal_checkpoint(FULL)", [], |row| row.get(0))?;
    if is_busy {
        // A backup is running. The next checkpoint copies the mark.
        tracing::warn!(
            "another program reads the database; a copy of its file alone is not detected for now"
        );
    }
    Ok(())
}

/// Removes the mark and closes the last connection to the file, which merges the log. If that fails the log stays, and
/// the next start recovers it.
pub(super) fn close(connection: Connection) {
    let closed = unmark(&connection).and_then(|()| keep_log(&connection, false));
    if let Err(error) = closed {
        tracing::error!(%error, "the database could not be closed; its log stays and is recovered at the next start");
    }
    drop(connection);
}

/// Sets whether the log stays when the last connection closes. It must stay while the mark is set: a connection that
/// closes after a failure would otherwise remove the log and leave the mark.
pub(super) fn keep_log(connection: &Connection, keep: bool) -> rusqlite::Result<()> {
    let stays = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    connection.set_db_config(stays, keep).map(|_is_kept| ())
}

/// Removes the mark of a self-contained copy.
pub(super) fn unmark(copy: &Connection) -> rusqlite::Result<()> {
    copy.pragma_update(None, "user_version", CLOSED)
}

/// Whether the mark is set.
pub(super) fn is_marked(connection: &Connection) -> rusqlite::Result<bool> {
    let mark: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    Ok(mark == IN_USE)
}

/// The path of a database's log. SQLite resolves symbolic links first, even dangling ones.
pub(super) fn log_of(path: &Path) -> PathBuf {
    let real = fs::canonicalize(path)
        .or_else(|_missing| fs::read_link(path).map(|target| path.with_file_name(target)))
        .unwrap_or_else(|_no_link| path.to_owned());
    let mut name = real.into_os_string();
    name.push("-wal");
    PathBuf::from(name)
}

/// Whether there is a log that can contain writes.
pub(super) fn has_log(path: &Path) -> bool {
    fs::metadata(log_of(path)).is_ok_and(|log| log.len() >= LOG_HEADER_BYTES)
}

/// The error message for a log whose database is missing or empty; `None` if there is no such log. SQLite would remove
/// the log.
pub(super) fn lone_log(path: &Path) -> Option<String> {
    // The log is checked first, because a process that creates a database now writes the file before the log.
    let is_alone = has_log(path) && is_missing_or_empty(path);
    is_alone.then(|| {
        format!(
            "the database is missing or empty, but its write-ahead log {} is there and holds writes: put the database \
             file back, or move the log away to begin with an empty store",
            log_of(path).display()
        )
    })
}

fn is_missing_or_empty(path: &Path) -> bool {
    match fs::metadata(path) {
        Ok(file) => file.len() == 0,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Whether the database lacks its log. Reads only the file and changes nothing.
pub(super) fn lacks_log(path: &Path) -> bool {
    if has_log(path) {
        return false;
    }
    let Some(url) = immutable_url(path) else {
        return false;
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // Opening the store reports a file that is not a database.
    Connection::open_with_flags(url, flags)
        .and_then(|connection| is_marked(&connection))
        .unwrap_or(false)
}

/// The file as a URL for SQLite with the promise not to change it; `None` if the path is not valid text.
fn immutable_url(path: &Path) -> Option<String> {
    let mut url = String::from("file:");
    for byte in path.to_str()?.bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02x}"));
        }
    }
    url.push_str("?immutable=1");
    Some(url)
}

/// The error message for a database that lacks its log.
pub(super) fn advice(path: &Path) -> String {
    format!(
        "it was copied while a server used it, without its write-ahead log {}, in which the newest writes are: \
         copy that file too while the server is stopped, or use `sosik backup`. If the log is lost for good, \
         `sosik restore --without-log {} --to NEW_FILE` makes a store of what is there",
        log_of(path).display(),
        path.display()
    )
}
