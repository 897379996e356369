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

/// The last migration from before this rule.
const LAST_WITHOUT_RULE: u32 = 23;

/// The indexes of existing tables that an operator cannot create beforehand.
fn blocking_indexes(sql: &str) -> Vec<&str> {
    let is_new = |table: &str| sql.contains(&format!("CREATE TABLE {table} "));
    let table_of = |index: &str| {
        let (_name, table) = index.split_once(" ON ").unwrap_or_default();
        let end = table.find([' ', '(']).unwrap_or(table.len());
        table[..end].to_owned()
    };
    let indexes = sql.lines().filter_map(|line| {
        let created = line.strip_prefix("CREATE ")?;
        let created = created.strip_prefix("UNIQUE ").unwrap_or(created);
        created.strip_prefix("INDEX ")
    });
    indexes
        .filter(|index| !index.starts_with("IF NOT EXISTS ") && !is_new(&table_of(index)))
        .collect()
}

#[test]
fn an_index_of_an_existing_table_can_be_created_before_the_upgrade() {
    let later = MIGRATIONS
        .iter()
        .filter(|one| one.number > LAST_WITHOUT_RULE);
    for migration in later {
        let blocking = blocking_indexes(migration.sql);
        assert!(blocking.is_empty(), "{}: {blocking:?}", migration.name);
    }
    let with_table = "CREATE TABLE notes (\n);\nCREATE INDEX notes_due ON notes (due_at);";
    assert!(blocking_indexes(with_table).is_empty());
    let late = "CREATE INDEX IF NOT EXISTS stories_due ON stories (due_at);";
    assert!(blocking_indexes(late).is_empty());
    for index in ["INDEX a ON stories (b);", "UNIQUE INDEX a ON stories(b);"] {
        assert_eq!(blocking_indexes(&format!("CREATE {index}")).len(), 1);
    }
}
