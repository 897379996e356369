//! Tests of the list of migrations. Those with a server are in `tests/postgres_open.rs`.

use super::*;

#[test]
fn migrations_are_numbered_without_gaps_and_never_change() {
    let lines = MIGRATIONS.iter().enumerate().map(|(position, migration)| {
        assert_eq!(migration.number as usize, position + 1);
        assert!(
            migration
                .name
                .starts_with(&format!("{:04}_", migration.number))
        );
        format!("{}  {}.sql\n", migration.checksum(), migration.name)
    });
    assert_eq!(
        lines.collect::<String>(),
        include_str!("../../migrations/checksums.txt"),
        "a migration that was released never changes; for a new one, add its line to checksums.txt"
    );
}
