//! Tests of the list of migrations. Those with a server are in `tests/postgres_open.rs`.

use super::*;

fn recorded() -> Vec<(u32, String)> {
    let record = |migration: &Migration| (migration.number, migration.checksum());
    MIGRATIONS.iter().map(record).collect()
}

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

#[test]
fn a_database_with_all_or_fewer_migrations_is_accepted() {
    assert!(check(&recorded()).is_ok());
    assert!(check(&recorded()[..2]).is_ok());
    assert!(check(&[]).is_ok());
}

#[test]
fn a_newer_or_different_database_is_rejected_with_what_to_do() {
    let mut newer = recorded();
    newer.push((1_000, String::new()));
    let rejected = check(&newer).unwrap_err().to_string();
    assert!(rejected.contains("migration 1000") && rejected.contains("run the newer executable"));
    let mut changed = recorded();
    changed[1].1 = "another".to_owned();
    let rejected = check(&changed).unwrap_err().to_string();
    assert!(rejected.contains("migration 2") && rejected.contains("another database"));
}
