//! Migrations: numbered files, applied once each and never changed afterwards.
//!
//! To add a migration, add the file `migrations/NNNN_name.sql` to every engine, a line in the list of the engine, and its
//! line in `checksums.txt` (`sha256sum` format). Old code runs next to the new schema for a while, so breaking changes
//! go expand, move, contract.
//!
//! In PostgreSQL writes to a table wait while it gets an index. So an index of an existing table is created `IF NOT EXISTS`:
//! an operator can create it before the upgrade, `CONCURRENTLY`. The list of changes names it.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// One migration file.
#[derive(Debug)]
pub struct Migration {
    /// Its number. Numbers begin with 1 and have no gaps.
    pub number: u32,
    /// The name of its file without the extension. It begins with the number in four digits.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
}

/// The list of migrations of an engine, from files in `../migrations` as seen from the file with the list.
#[macro_export]
macro_rules! migrations {
    ($($number:literal $name:literal),* $(,)?) => {
        &[$($crate::engine::Migration {
            number: $number,
            name: $name,
            sql: include_str!(concat!("../migrations/", $name, ".sql")),
        }),*]
    };
}

/// A migration that was applied: its number and its checksum.
pub type Applied = (u32, String);

/// The reason why a database is rejected.
#[derive(Debug, thiserror::Error)]
pub enum SchemaRejected {
    /// A newer executable has migrated it.
    #[error(
        "the database is newer than this executable (it has migration {found}, this one knows up to {known}): \
         run the newer executable, or restore an older backup"
    )]
    Newer {
        /// The migration that this executable does not know.
        found: u32,
        /// The newest migration that it knows.
        known: u32,
    },
    /// A migration was applied in another form, or one is missing.
    #[error(
        "its migration {number} is not the one of this executable, as in databases from before the first release, whose \
         ids carry no bucket; it cannot be converted: start with a new database (another store.url), or run the \
         executable that made this one"
    )]
    Changed {
        /// The number of the migration.
        number: u32,
    },
}

/// Checks that the migrations applied, in the order of their numbers, are the first ones of this executable. Returns the
/// missing ones.
///
/// # Errors
/// The executable cannot use the database.
pub fn missing(
    ours: &'static [Migration],
    applied: &[Applied],
) -> Result<&'static [Migration], SchemaRejected> {
    let known = ours.last().map_or(0, |newest| newest.number);
    for (position, (found, checksum)) in applied.iter().enumerate() {
        let found = *found;
        let Some(ours) = ours.get(position) else {
            return Err(SchemaRejected::Newer { found, known });
        };
        if found != ours.number || *checksum != ours.checksum() {
            return Err(match found > known {
                true => SchemaRejected::Newer { found, known },
                false => SchemaRejected::Changed { number: found },
            });
        }
    }
    Ok(ours.get(applied.len()..).unwrap_or_default())
}

impl Migration {
    /// SHA-256 of the file, in hexadecimal digits.
    #[must_use]
    pub fn checksum(&self) -> String {
        hexadecimal(&Sha256::digest(self.sql))
    }
}

/// Two digits for each byte.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _never = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &[Migration] = &[
        migration(1, "0001_people"),
        migration(2, "0002_relations"),
        migration(3, "0003_stories"),
    ];

    const fn migration(number: u32, name: &'static str) -> Migration {
        let sql = "";
        Migration { number, name, sql }
    }

    fn recorded(count: usize) -> Vec<Applied> {
        let record = |ours: &Migration| (ours.number, ours.checksum());
        OURS.iter().take(count).map(record).collect()
    }

    #[test]
    fn a_database_with_all_or_fewer_migrations_lacks_the_rest() {
        for count in 0..=3 {
            let missing = missing(OURS, &recorded(count)).unwrap();
            let numbers: Vec<_> = missing.iter().map(|missing| missing.number).collect();
            assert_eq!(numbers, [1, 2, 3][count..]);
        }
    }

    #[test]
    fn a_newer_or_different_database_is_rejected_with_what_to_do() {
        for later in [4, 1_000] {
            let mut newer = recorded(3);
            newer.push((later, String::new()));
            let rejected = missing(OURS, &newer).unwrap_err().to_string();
            assert!(rejected.contains(&format!("migration {later}")));
            assert!(rejected.contains("run the newer executable"));
        }
        let mut changed = recorded(3);
        changed[1].1 = "another".to_owned();
        let rejected = missing(OURS, &changed).unwrap_err().to_string();
        assert!(rejected.contains("migration 2") && rejected.contains("a new database"));
        let gap = [recorded(3)[2].clone()];
        assert!(missing(OURS, &gap).is_err(), "the first two are missing");
    }
}
