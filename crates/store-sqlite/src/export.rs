//! Reading all rows of a store that no server uses, to move them to another engine.

use std::path::Path;

use parking_lot::Mutex;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, OpenFlags, Row, ToSql, params_from_iter};
use sha2::{Digest, Sha256};
use sosik_store::engine::migrations::hexadecimal;
use sosik_store::engine::transfer::{Cell, RowSource, Selection};
use sosik_store::{StoreError, StoreResult};

use super::failure::of_engine;
use super::open::{DatabaseLock, OpenFailed};
use super::{SqliteFile, SqliteOptions, SqliteStore, in_use, moved, open};

/// What every node and every import changes: a node takes a number, with a new epoch. The keys are random.
const IDENTITY: &[&str] = &[
    "SELECT number || ' ' || checksum FROM migrations ORDER BY number",
    "SELECT number || ' ' || hex(secret) FROM cursor_keys ORDER BY number",
    "SELECT node || ' ' || epoch || ' ' || ids_until FROM nodes ORDER BY node",
];

/// The rows of a store.
pub struct Export {
    /// `None` only while it is dropped.
    connection: Mutex<Option<Connection>>,
    /// `None` if a server may use the store.
    lock: Option<DatabaseLock>,
}

impl Export {
    /// Opens a store for reading, and keeps every server away from it while the result exists. The schema is brought up
    /// to date first, and the claims of a killed server are released.
    ///
    /// # Errors
    /// There is no such file, or the reason why a server could not start on it, such as another one that uses it.
    pub fn open(options: &SqliteOptions) -> StoreResult<Self> {
        Self::locked(options).map_err(|error| StoreError::failed("open the source", error))
    }

    fn locked(options: &SqliteOptions) -> Result<Self, OpenFailed> {
        if let SqliteFile::At(path) = &options.file {
            check_exists(path)?;
        }
        let (lock, connection) = SqliteStore::prepare(options)?;
        let read_only = connection.pragma_update(None, "query_only", true);
        read_only.map_err(|error| OpenFailed::new(&lock.path, error))?;
        Ok(Self {
            connection: Mutex::new(Some(connection)),
            lock: Some(lock),
        })
    }

    /// Opens a store to count its rows, also while a server uses it.
    ///
    /// # Errors
    /// There is no such file, or it cannot be read.
    pub fn peek(path: &Path) -> StoreResult<Self> {
        let opened = check_exists(path).and_then(|()| {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags).and_then(|connection| {
                connection.busy_timeout(open::BUSY_TIMEOUT)?;
                connection.pragma_update(None, "query_only", true)?;
                in_use::keep_log(&connection, true)?;
                Ok(connection)
            });
            connection.map_err(|error| OpenFailed::new(path, error))
        });
        let connection = opened.map_err(|error| StoreError::failed("open the source", error))?;
        Ok(Self {
            connection: Mutex::new(Some(connection)),
            lock: None,
        })
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> StoreResult<T> {
        let connection = self.connection.lock();
        let connection = connection.as_ref().ok_or(StoreError::Closed)?;
        read(connection).map_err(|error| of_engine(error).with_context("read the source"))
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        let connection = self.connection.lock().take();
        if let (Some(connection), Some(lock)) = (connection, &mut self.lock) {
            let writable = connection.pragma_update(None, "query_only", false);
            if writable.is_ok() {
                in_use::close(connection);
            }
            lock.release();
        }
    }
}

impl RowSource for Export {
    fn identity(&self) -> StoreResult<String> {
        self.read(|connection| {
            let mut hash = Sha256::new();
            for sql in IDENTITY {
                let mut statement = connection.prepare(sql)?;
                let mut rows = statement.query([])?;
                while let Some(row) = rows.next()? {
                    hash.update(row.get::<_, String>(0)?);
                    hash.update("\n");
                }
            }
            Ok(hexadecimal(&hash.finalize()))
        })
    }

    fn count(&self, from: &'static str) -> StoreResult<u64> {
        self.read(|connection| {
            let count = format!("SELECT count(*) FROM {from}");
            connection.query_row(&count, [], |row| {
                row.get::<_, i64>(0).map(i64::unsigned_abs)
            })
        })
    }

    fn is_moved(&self) -> StoreResult<bool> {
        self.read(moved::is_marked)
    }

    fn mark_moved(&self) -> StoreResult<()> {
        self.read(|connection| {
            connection.pragma_update(None, "query_only", false)?;
            moved::mark(connection)?;
            connection.pragma_update(None, "query_only", true)
        })
    }

    fn page(
        &self,
        selection: &Selection,
        after: Option<&[Cell]>,
        limit: u32,
    ) -> StoreResult<Vec<Vec<Cell>>> {
        let sql = page_sql(selection, after.is_some());
        let place = after.unwrap_or_default().iter();
        let limit = Cell::Integer(i64::from(limit));
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let values = place.chain([&limit]).map(Bound);
            let rows = statement.query_map(params_from_iter(values), |row| {
                cells(row, selection.columns.len())
            })?;
            rows.collect()
        })
    }
}

fn check_exists(path: &Path) -> Result<(), OpenFailed> {
    if let Some(advice) = in_use::lone_log(path) {
        return Err(OpenFailed::new(path, advice));
    }
    match path.exists() {
        true => Ok(()),
        false => Err(OpenFailed::new(path, "there is no such file")),
    }
}

/// The statement that reads a page. A comparison of rows uses all columns of an index.
fn page_sql(selection: &Selection, after: bool) -> String {
    let Selection { from, key, columns } = selection;
    let quoted = |name: &dyn std::fmt::Display| format!("\"{name}\"");
    let columns: Vec<_> = columns.iter().map(|column| quoted(column)).collect();
    let key: Vec<_> = key.iter().map(|column| quoted(column)).collect();
    let (columns, order) = (columns.join(", "), key.join(", "));
    let condition = match after {
        true => format!("WHERE ({order}) > ({})", vec!["?"; key.len()].join(", ")),
        false => String::new(),
    };
    format!("SELECT {columns} FROM {from} {condition} ORDER BY {order} LIMIT ?")
}

fn cells(row: &Row<'_>, columns: usize) -> rusqlite::Result<Vec<Cell>> {
    (0..columns).map(|column| cell(row, column)).collect()
}

/// No table has a column of numbers with fractions.
fn cell(row: &Row<'_>, column: usize) -> rusqlite::Result<Cell> {
    Ok(match row.get_ref(column)? {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        ValueRef::Real(_) | ValueRef::Text(_) => Cell::Text(row.get(column)?),
    })
}

/// A cell as the value of a parameter.
struct Bound<'c>(&'c Cell);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Cell::Null => ToSqlOutput::Owned(Value::Null),
            Cell::Integer(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Cell::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Cell::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}
