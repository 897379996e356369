//! A connection restricted to listed statements, which are prepared once and cached.

use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};

use super::failure::of_engine;
use super::statement::Sql;
use sosik_store::StoreResult;

/// A connection inside a transaction, so everything done with it is atomic.
pub(super) struct Db<'c>(&'c Connection);

impl<'c> Db<'c> {
    pub(super) const fn new(connection: &'c Connection) -> Self {
        Self(connection)
    }

    /// Runs `work` with foreign keys disabled. The work itself must check what they would check. They are enabled again
    /// afterwards, even after a panic.
    pub(super) fn without_foreign_keys<T>(
        &self,
        work: impl FnOnce(&Self) -> StoreResult<T>,
    ) -> StoreResult<T> {
        let _enabled_when_dropped = ForeignKeysDisabled::begin(self.0)?;
        work(self)
    }

    /// For statements that run many times with different values.
    pub(super) fn prepared(&self, sql: Sql) -> StoreResult<CachedStatement<'c>> {
        let prepared = self.0.prepare_cached(sql.text());
        prepared.map_err(|error| {
            tracing::error!(statement = sql.name(), error = %error, "a statement does not fit the database");
            of_engine(error)
        })
    }

    /// Runs a statement. Returns the number of rows it changed.
    pub(super) fn execute(&self, sql: Sql, params: impl Params) -> StoreResult<usize> {
        self.prepared(sql)?.execute(params).map_err(of_engine)
    }

    /// Runs a statement on one row. Returns whether it changed the row.
    pub(super) fn changes(&self, sql: Sql, params: impl Params) -> StoreResult<bool> {
        Ok(self.execute(sql, params)? > 0)
    }

    /// The first row, if there is one.
    pub(super) fn row<T>(
        &self,
        sql: Sql,
        params: impl Params,
        map: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> StoreResult<Option<T>> {
        let row = self.prepared(sql)?.query_row(params, map).optional();
        row.map_err(of_engine)
    }

    /// All rows.
    pub(super) fn rows<T>(
        &self,
        sql: Sql,
        params: impl Params,
        map: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> StoreResult<Vec<T>> {
        let mut statement = self.prepared(sql)?;
        let rows = statement.query_map(params, map).map_err(of_engine)?;
        rows.collect::<rusqlite::Result<_>>().map_err(of_engine)
    }

    /// Whether there is a row.
    pub(super) fn exists(&self, sql: Sql, params: impl Params) -> StoreResult<bool> {
        self.prepared(sql)?.exists(params).map_err(of_engine)
    }

    /// The number in the first row; 0 if there is no row.
    pub(super) fn number(&self, sql: Sql, params: impl Params) -> StoreResult<i64> {
        Ok(self.row(sql, params, |row| row.get(0))?.unwrap_or(0))
    }
}

/// Disables foreign keys until it is dropped. SQLite discards its prepared statements at both ends, so this is only
/// worthwhile for many rows.
struct ForeignKeysDisabled<'c>(&'c Connection);

const FOREIGN_KEYS: DbConfig = DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY;

impl<'c> ForeignKeysDisabled<'c> {
    fn begin(connection: &'c Connection) -> StoreResult<Self> {
        connection
            .set_db_config(FOREIGN_KEYS, false)
            .map_err(of_engine)?;
        Ok(Self(connection))
    }
}

impl Drop for ForeignKeysDisabled<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.0.set_db_config(FOREIGN_KEYS, true) {
            // A connection without its constraints must not write.
            tracing::error!(error = %error, "foreign keys could not be enabled again");
            let _read_only_from_now_on = self.0.pragma_update(None, "query_only", true);
        }
    }
}
