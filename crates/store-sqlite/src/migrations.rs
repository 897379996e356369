//! The migrations of this engine. See [`sosik_store::engine::migrations`] for how to add one.

use rusqlite::{Connection, params};
use sosik_feed::Timestamp;
use sosik_store::engine::Migration;
use sosik_store::engine::migrations::{Applied, SchemaRejected, missing};
use sosik_store::migrations;

const MIGRATIONS: &[Migration] = migrations![
    1 "0001_people",
    2 "0002_relations",
    3 "0003_stories",
    4 "0004_notifications",
    5 "0005_orders",
    6 "0006_nodes",
    7 "0007_search",
    8 "0008_invitations",
    9 "0009_privacy",
    10 "0010_replies",
    11 "0011_public_stories",
    12 "0012_media",
    13 "0013_videos",
    14 "0014_avatars",
    15 "0015_uploads",
    16 "0016_previews",
    17 "0017_media_faults",
    18 "0018_closed_accounts",
];

const MIGRATIONS_TABLE: &str = "CREATE TABLE IF NOT EXISTS migrations (
    number     INTEGER NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    checksum   TEXT NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT";

/// The reason why a database is rejected.
#[derive(Debug, thiserror::Error)]
pub(super) enum MigrationFailed {
    #[error(transparent)]
    Rejected(#[from] SchemaRejected),
    #[error("apply migration {number}")]
    NotApplied {
        number: u32,
        #[source]
        source: rusqlite::Error,
    },
    #[error("read the migrations")]
    Unreadable(#[from] rusqlite::Error),
}

/// Applies the missing migrations.
pub(super) fn migrate(connection: &Connection, now: Timestamp) -> Result<(), MigrationFailed> {
    connection.execute_batch(MIGRATIONS_TABLE)?;
    for migration in missing(MIGRATIONS, &applied(connection)?)? {
        let number = migration.number;
        apply(migration, connection, now)
            .map_err(|source| MigrationFailed::NotApplied { number, source })?;
    }
    Ok(())
}

/// Checks that this executable can use the database.
pub(super) fn check(connection: &Connection) -> Result<(), MigrationFailed> {
    missing(MIGRATIONS, &applied(connection)?)?;
    Ok(())
}

fn applied(connection: &Connection) -> rusqlite::Result<Vec<Applied>> {
    let mut statement =
        connection.prepare("SELECT number, checksum FROM migrations ORDER BY number")?;
    statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Applies the file and records it, atomically.
fn apply(migration: &Migration, connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch(migration.sql)?;
    transaction.execute(
        "INSERT INTO migrations (number, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)",
        params![
            migration.number,
            migration.name,
            migration.checksum(),
            now.as_i64()
        ],
    )?;
    transaction.commit()
}

/// Records the migrations of a database from before the first release: the same first numbers, and more of them.
#[cfg(test)]
pub(super) fn note_as_before_the_first_release(connection: &Connection) {
    connection.execute_batch(MIGRATIONS_TABLE).unwrap();
    let insert = "INSERT INTO migrations VALUES (?1, 'earlier', ?2, 0)";
    for number in 1..=13 {
        connection
            .execute(insert, params![number, format!("{number:064}")])
            .unwrap();
    }
}

#[cfg(test)]
mod tests;
