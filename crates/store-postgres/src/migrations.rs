//! The migrations of this engine. See [`sosik_store::engine::migrations`] for how to add one.

use sosik_feed::Timestamp;
use sosik_store::engine::Migration;
use sosik_store::engine::migrations::missing;
use sosik_store::{StoreError, StoreResult, migrations};

use super::citus;
use super::sql::{bind, statements};
use super::tx::Tx;

statements! {
    MIGRATIONS_LOCK = "SELECT 1 FROM (SELECT pg_advisory_xact_lock($1)) locked";
    MIGRATIONS_APPLIED = "SELECT number, checksum FROM migrations ORDER BY number";
    MIGRATION_RECORD = "INSERT INTO migrations (number, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";
}

/// The advisory lock of migrations ("sosik" in ASCII). Nodes that start together take turns.
const LOCK: i64 = 0x73_6F_73_69_6B;

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
];

const MIGRATIONS_TABLE: &str = "CREATE TABLE IF NOT EXISTS migrations (
    number     bigint NOT NULL PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at bigint NOT NULL
)";

/// Applies the missing migrations, in one transaction. Returns the number of those that were missing.
pub(crate) async fn migrate(tx: &Tx, now: Timestamp) -> StoreResult<usize> {
    tx.run(bind!(MIGRATIONS_LOCK, LOCK)).await?;
    tx.plain(MIGRATIONS_TABLE).await?;
    let applied = tx.run(bind!(MIGRATIONS_APPLIED)).await?;
    let applied = applied.rows(|row| Ok((row.get(0)?, row.get(1)?)))?;
    let missing = missing(MIGRATIONS, &applied)
        .map_err(|error| StoreError::failed("compare the schema", error))?;
    for migration in missing {
        apply(migration, tx, now).await?;
    }
    citus::distribute(tx).await?;
    Ok(missing.len())
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
