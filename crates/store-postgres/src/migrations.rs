//! Migrations: numbered files, applied once each and never changed afterwards.
//!
//! To add a migration, add the file `migrations/NNNN_name.sql` (and one for every other engine), a line in
//! [`MIGRATIONS`], and its line in `checksums.txt` (`sha256sum` format). Old nodes run next to the new schema for a
//! while, so breaking changes go expand, move, contract.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};
use sosik_feed::Timestamp;
use sosik_store::{StoreError, StoreResult};

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
    7 "0007_caches",
];

const MIGRATIONS_TABLE: &str = "CREATE TABLE IF NOT EXISTS migrations (
    number     bigint NOT NULL PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at bigint NOT NULL
)";

/// The reason why a database is rejected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SchemaRejected {
    #[error(
        "the database is newer than this executable (it has migration {found}, this one knows up to {known}): \
         run the newer executable, or restore an older backup"
    )]
    Newer { found: u32, known: u32 },
    #[error(
        "its migration {number} is not the one of this executable: use another database (store.url), or run the \
         executable that made this one"
    )]
    Changed { number: u32 },
}

/// Applies the missing migrations, in one transaction. Returns the number of those that were missing.
pub(crate) async fn migrate(tx: &Tx, now: Timestamp) -> StoreResult<usize> {
    tx.run(bind!(MIGRATIONS_LOCK, LOCK)).await?;
    tx.plain(MIGRATIONS_TABLE).await?;
    let applied = tx.run(bind!(MIGRATIONS_APPLIED)).await?;
    let applied = applied.rows(|row| Ok((row.get(0)?, row.get(1)?)))?;
    check(&applied).map_err(|error| StoreError::failed("compare the schema", error))?;
    let missing = MIGRATIONS.get(applied.len()..).unwrap_or_default();
    for migration in missing {
        migration.apply(tx, now).await?;
    }
    citus::distribute(tx).await?;
    Ok(missing.len())
}

/// Checks that the migrations applied are the first ones of this executable.
fn check(applied: &[(u32, String)]) -> Result<(), SchemaRejected> {
    let known = MIGRATIONS.last().map_or(0, |newest| newest.number);
    for (position, (found, checksum)) in applied.iter().enumerate() {
        let Some(ours) = MIGRATIONS.get(position) else {
            return Err(SchemaRejected::Newer {
                found: *found,
                known,
            });
        };
        if *found != ours.number || *checksum != ours.checksum() {
            return Err(SchemaRejected::Changed { number: *found });
        }
    }
    Ok(())
}

impl Migration {
    /// Applies the file and records it.
    async fn apply(&self, tx: &Tx, now: Timestamp) -> StoreResult<()> {
        tx.plain(self.sql).await?;
        let record = bind!(
            MIGRATION_RECORD,
            self.number,
            self.name,
            self.checksum(),
            now
        );
        tx.run(record).await?;
        Ok(())
    }

    /// SHA-256 of the file, in hexadecimal digits.
    fn checksum(&self) -> String {
        let digest = Sha256::digest(self.sql);
        digest.iter().fold(String::new(), |mut text, byte| {
            let _never = write!(text, "{byte:02x}");
            text
        })
    }
}

#[cfg(test)]
mod tests;
