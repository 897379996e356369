//! Migrations: numbered files, applied once each and never changed afterwards.
//!
//! To add a migration, add the file `migrations/NNNN_name.sql` (and one for every other engine), a line in
//! [`MIGRATIONS`], and its line in `checksums.txt` (`sha256sum` format). Old code runs next to the new schema for a
//! while, so breaking changes go expand, move, contract.

use std::fmt::Write as _;

use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};
use sosik_feed::Timestamp;

/// One migration file.
struct Migration {
    number: u32,
    name: &'static str,
    sql: &'static str,
}

macro_rules! migrations {
    ($($number:literal $name:literal),* $(,)?) => {
        &[$(Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../migrations/", $name, ".sql")),
        }),*]
    };
}

const MIGRATIONS: &[Migration] = migrations![
    1 "0001_people",
    2 "0002_relations",
    3 "0003_stories",
    4 "0004_notifications",
    5 "0005_orders",
    6 "0006_nodes",
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
    #[error(
        "the database is newer than this executable (it has migration {found}, this one knows up to {known}): \
         run the newer executable, or restore an older backup"
    )]
    Newer { found: u32, known: u32 },
    #[error(
        "its migration {number} is not the one of this executable, as in databases from before the first release, whose \
         ids carry no bucket; it cannot be converted: start with a new database (another store.url), or run the \
         executable that made this one"
    )]
    Changed { number: u32 },
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
    let applied = check(connection)?;
    for migration in MIGRATIONS
        .iter()
        .filter(|ours| applied.iter().all(|(number, _)| *number != ours.number))
    {
        let number = migration.number;
        migration
            .apply(connection, now)
            .map_err(|source| MigrationFailed::NotApplied { number, source })?;
    }
    Ok(())
}

/// Checks that this executable can use the database. Returns the applied migrations.
pub(super) fn check(connection: &Connection) -> Result<Vec<(u32, String)>, MigrationFailed> {
    let applied = applied(connection)?;
    let known = MIGRATIONS.last().map_or(0, |newest| newest.number);
    for (found, checksum) in &applied {
        let Some(ours) = MIGRATIONS.iter().find(|ours| ours.number == *found) else {
            return Err(MigrationFailed::Newer {
                found: *found,
                known,
            });
        };
        if *checksum != ours.checksum() {
            return Err(MigrationFailed::Changed { number: *found });
        }
    }
    Ok(applied)
}

fn applied(connection: &Connection) -> rusqlite::Result<Vec<(u32, String)>> {
    let mut statement =
        connection.prepare("SELECT number, checksum FROM migrations ORDER BY number")?;
    statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

impl Migration {
    /// Applies the file and records it, atomically.
    fn apply(&self, connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
        let transaction = connection.unchecked_transaction()?;
        transaction.execute_batch(self.sql)?;
        transaction.execute(
            "INSERT INTO migrations (number, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)",
            params![self.number, self.name, self.checksum(), now.as_i64()],
        )?;
        transaction.commit()
    }

    /// SHA-256 of the file, in hexadecimal digits.
    fn checksum(&self) -> String {
        hexadecimal(&Sha256::digest(self.sql))
    }
}

/// Two digits for each byte.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _never = write!(text, "{byte:02x}");
        text
    })
}

/// Makes the note of a database from before the first release: its migrations had the same first numbers and more.
#[cfg(test)]
pub(super) fn note_as_before_the_first_release(connection: &Connection) {
    connection.execute_batch(MIGRATIONS_TABLE).unwrap();
    let note = "INSERT INTO migrations VALUES (?1, 'earlier', ?2, 0)";
    for number in 1..=13 {
        connection
            .execute(note, params![number, format!("{number:064}")])
            .unwrap();
    }
}

#[cfg(test)]
mod tests;
