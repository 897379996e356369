//! Opens a database: the folder, the lock, the connections and their settings.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::SqliteFile;
use super::in_use;
use super::options::SqliteOptions;
use super::statement;
use crate::private;

/// How long SQLite waits for a lock. There is no other writer, so only a backup or a person with a shell holds one.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Pages in the write-ahead log before a checkpoint copies them into the database: 16 MiB. A larger number avoids
/// repeated writes of the same page; a smaller one makes checkpoints shorter and the start after a crash faster.
const CHECKPOINT_PAGES: u32 = 4_000;
/// Statements that are cached and not listed: begin, commit, savepoints.
const STATEMENTS_UNLISTED: usize = 8;

/// The reason why a database did not open. Names the file and the remedy.
#[derive(Debug)]
pub(super) struct OpenFailed {
    path: PathBuf,
    reason: String,
}

impl OpenFailed {
    pub(super) fn new(path: &Path, reason: impl fmt::Display) -> Self {
        Self {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// An error of the system by its kind ("permission denied"), which is more readable than its number.
    fn io(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::Other => Self::new(path, error),
            // The system's error if a file has the name of a required folder.
            io::ErrorKind::AlreadyExists => Self::new(path, io::ErrorKind::NotADirectory),
            kind => Self::new(path, kind),
        }
    }
}

impl fmt::Display for OpenFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "open {}: {}", self.path.display(), self.reason)
    }
}

impl std::error::Error for OpenFailed {}

/// A database file that only this process uses, while this value exists.
pub(super) struct DatabaseLock {
    pub(super) path: PathBuf,
    temporary: Option<tempfile::TempDir>,
    /// Held while this value or the writer exists.
    lock: Option<Arc<File>>,
}

impl DatabaseLock {
    /// Creates the folder and the file and takes the lock.
    pub(super) fn acquire(file: &SqliteFile) -> Result<Self, OpenFailed> {
        let (path, temporary) = match file {
            SqliteFile::At(path) => (path.clone(), None),
            SqliteFile::Temporary => {
                let folder = private::temporary_folder("sosik-")
                    .map_err(|error| OpenFailed::io(&std::env::temp_dir(), &error))?;
                (folder.path().join("sosik.db"), Some(folder))
            }
        };
        if let Some(advice) = in_use::lone_log(&path) {
            return Err(OpenFailed::new(&path, advice));
        }
        let folder = folder_of(&path);
        private::create_folder(folder).map_err(|error| OpenFailed::io(folder, &error))?;
        // SQLite would report "unable to open database file" for every reason.
        let file = private::open_or_create(&path).map_err(|error| OpenFailed::io(&path, &error))?;
        lock(&file, &path)?;
        if in_use::lacks_log(&path) {
            return Err(OpenFailed::new(&path, in_use::advice(&path)));
        }
        // Without this a power failure could remove the name of a new file, and with it all data.
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| OpenFailed::io(folder, &error))?;
        warn_about_looser_modes(&path);
        Ok(Self {
            path,
            temporary,
            lock: Some(Arc::new(file)),
        })
    }

    /// Releases the file. Removes a temporary one.
    pub(super) fn release(&mut self) {
        self.lock = None;
        // If it cannot be removed, the system cleans up its temporary files.
        let _removed = self.temporary.take().map(tempfile::TempDir::close);
    }

    /// Extends the lock to the lifetime of the result.
    pub(super) fn file_lock(&self) -> Option<Arc<File>> {
        self.lock.clone()
    }

    pub(super) fn folder(&self) -> &Path {
        folder_of(&self.path)
    }

    /// Whether the file outlives the store. A temporary file needs no mark.
    pub(super) fn is_persistent(&self) -> bool {
        self.temporary.is_none()
    }

    /// A connector, which may be used after this value has moved.
    pub(super) fn connector(&self) -> Connector {
        Connector {
            path: self.path.clone(),
            is_persistent: self.is_persistent(),
        }
    }
}

/// Opens connections to a database.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    path: PathBuf,
    /// Whether writes are synced to the disk.
    is_persistent: bool,
}

impl Connector {
    /// Opens the connection that writes.
    pub(super) fn connect_writer(&self, options: &SqliteOptions) -> Result<Connection, OpenFailed> {
        self.connect(options, |connection| {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            let synchronous = if self.is_persistent { "FULL" } else { "OFF" };
            connection.pragma_update(None, "synchronous", synchronous)?;
            let log_bytes_max = i64::from(options.wal_mib_max) << 20;
            connection.pragma_update(None, "journal_size_limit", log_bytes_max)?;
            connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)
        })
    }

    /// Opens a read-only connection.
    pub(super) fn connect_reader(&self, options: &SqliteOptions) -> Result<Connection, OpenFailed> {
        self.connect(options, |connection| {
            connection.pragma_update(None, "query_only", true)
        })
    }

    fn connect(
        &self,
        options: &SqliteOptions,
        settle: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<Connection, OpenFailed> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connections = u32::try_from(options.readers)
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let cache_kib = i64::from(options.cache_mib) * 1024 / i64::from(connections);
        let connect = || {
            let connection = Connection::open_with_flags(&self.path, flags)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            connection
                .set_prepared_statement_cache_capacity(statement::count() + STATEMENTS_UNLISTED);
            // The planner may not use bound values (a LIMIT, the condition of a partial index). This keeps plans as
            // they were tested, and it is faster: a statement that was planned with its values is planned again each
            // time it is taken from the cache, which costs 10 µs, while the look-up itself costs half a µs.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.pragma_update(None, "temp_store", "MEMORY")?;
            // Negative values are KiB, not pages.
            connection.pragma_update(None, "cache_size", -cache_kib)?;
            connection.pragma_update(None, "mmap_size", i64::from(options.mmap_mib) << 20)?;
            in_use::keep_log(&connection, true)?;
            settle(&connection)?;
            Ok(connection)
        };
        connect().map_err(|error: rusqlite::Error| OpenFailed::new(&self.path, error))
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The files of a database: the database itself, the write-ahead log and the shared memory.
fn files_of(path: &Path) -> Vec<PathBuf> {
    let with_suffix = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    ["", "-wal", "-shm"].map(with_suffix).to_vec()
}

/// The files of an older version, or files that were copied here. Their modes are not changed automatically,
/// because a group may be allowed to read them on purpose.
fn warn_about_looser_modes(path: &Path) {
    if let Some(command) = private::chmod_command(folder_of(path), &files_of(path)) {
        tracing::warn!(
            "other accounts of this machine may open the store's files; to keep them out, run: {command}"
        );
    }
}

/// Locks the database for this process. Caches and node numbers are only correct if no other process writes.
///
/// The lock is on the file itself, so it is effective for every path, symbolic link and hard link to it. It is `flock`,
/// which Linux keeps separate from the locks that SQLite uses between its own connections. (Closing this descriptor
/// would release the latter for this process, so it is closed after all connections.)
fn lock(file: &File, path: &Path) -> Result<(), OpenFailed> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => OpenFailed::new(
            path,
            "another process has it: stop that one, or give this one another store.url",
        ),
        TryLockError::Error(error) => OpenFailed::io(path, &error),
    })
}

#[cfg(test)]
mod tests;
