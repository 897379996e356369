//! The migrations of this engine. See [`sosik_store::engine::migrations`] for how to add one.

use sosik_feed::Timestamp;
use sosik_store::engine::Migration;
use sosik_store::engine::migrations::missing;
use sosik_store::{StoreError, StoreResult, migrations};

use super::citus;
use super::db::Db;
use super::pool::Class;
use super::sql::{bind, statements};
use super::tx::Tx;

statements! {
    MIGRATIONS_LOCK = "SELECT 1 FROM (SELECT pg_advisory_xact_lock($1)) locked";
    MIGRATIONS_APPLIED = "SELECT number, checksum FROM migrations ORDER BY number";
    /// `sosik migrate` has the second table until it ends.
    SCHEMA_FOUND = "SELECT to_regclass('migrations') IS NOT NULL, to_regclass('moved_tables') IS NOT NULL";
    MIGRATION_RECORD = "INSERT INTO migrations (number, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";
}

/// The advisory lock of migrations ("sosik" in ASCII). Nodes that start together take turns.
pub(crate) const LOCK: i64 = 0x73_6F_73_69_6B;

const MIGRATIONS: &[Migration] = migrations![
    1 "0001_people",
    2 "0002_relations",
    3 "0003_stories",
    4 "0004_notifications",
    5 "0005_orders",
    6 "0006_nodes",
    7 "0007_caches",
    8 "0008_search",
    9 "0009_invitations",
    10 "0010_privacy",
    11 "0011_replies",
    12 "0012_public_stories",
    13 "0013_addresses",
    14 "0014_counts_in_the_log",
    15 "0015_cut_log",
    16 "0016_media",
    17 "0017_videos",
    18 "0018_avatars",
    19 "0019_uploads",
    20 "0020_previews",
    21 "0021_media_faults",
    22 "0022_closed_accounts",
    23 "0023_erasure",
];

const MIGRATIONS_TABLE: &str = "CREATE TABLE migrations (
    number     bigint NOT NULL PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at bigint NOT NULL
)";

/// The purpose for which a database is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opener {
    /// A node, or a command that uses the store.
    Store,
    /// The command that fills an empty database.
    Filling,
}

/// A database that `sosik migrate` has not finished.
#[derive(Debug, thiserror::Error)]
#[error(
    "`sosik migrate` has not finished filling this database: run it again with the same source until it ends, or create a \
     new database"
)]
struct HalfFilled;

/// Applies the missing migrations, each in its own transaction: a lock that one takes is not held while others run.
/// Returns the number of those that were missing.
pub(crate) async fn migrate(db: &Db, opener: Opener, now: Timestamp) -> StoreResult<usize> {
    let mut applied = 0;
    let step = || {
        db.write(
            Class::Administration,
            "update the schema",
            |tx| async move { apply_next(&tx, opener, now).await },
        )
    };
    while step().await? {
        applied += 1;
    }
    Ok(applied)
}

/// Applies the first migration that is missing. Returns whether there was one.
async fn apply_next(tx: &Tx, opener: Opener, now: Timestamp) -> StoreResult<bool> {
    tx.run(bind!(MIGRATIONS_LOCK, LOCK)).await?;
    let found = tx.row(bind!(SCHEMA_FOUND), |row| Ok((row.get(0)?, row.get(1)?)));
    let (has_schema, half_filled): (bool, bool) = found.await?.unwrap_or_default();
    if opener == Opener::Store && half_filled {
        return Err(StoreError::failed("use the database", HalfFilled));
    }
    if !has_schema {
        tx.plain(MIGRATIONS_TABLE).await?;
    }
    let applied = tx.run(bind!(MIGRATIONS_APPLIED)).await?;
    let applied = applied.rows(|row| Ok((row.get(0)?, row.get(1)?)))?;
    let missing = missing(MIGRATIONS, &applied)
        .map_err(|error| StoreError::failed("compare the schema", error))?;
    match missing.first() {
        Some(migration) => apply(migration, tx, now).await?,
        // The lists of tables are those of the whole schema.
        None => citus::distribute(tx).await?,
    }
    Ok(!missing.is_empty())
}

/// Applies the file and records it.
async fn apply(migration: &Migration, tx: &Tx, now: Timestamp) -> StoreResult<()> {
    tx.plain(migration.sql).await?;
    let (number, name) = (migration.number, migration.name);
    tx.run(bind!(
        MIGRATION_RECORD,
        number,
        name,
        migration.checksum(),
        now
    ))
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
