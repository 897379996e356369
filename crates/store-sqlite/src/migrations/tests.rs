//! Migrations: in order, once, and never changed afterwards.

use std::collections::BTreeSet;

use super::*;

fn fresh() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    migrate(&connection, Timestamp::from_millis(7)).unwrap();
    connection
}

#[test]
fn a_released_migration_is_never_changed() {
    let pinned = include_str!("../../migrations/checksums.txt");
    let ours: String = MIGRATIONS
        .iter()
        .map(|ours| format!("{}  {}.sql\n", ours.checksum(), ours.name))
        .collect();
    assert_eq!(
        pinned, ours,
        "write a new migration instead; for a new one add its line of sha256sum to checksums.txt"
    );
}

#[test]
fn migrations_are_numbered_without_gaps_as_their_files_are_and_none_is_left_out() {
    for (place, migration) in MIGRATIONS.iter().enumerate() {
        assert_eq!(migration.number as usize, place + 1);
        assert!(
            migration
                .name
                .starts_with(&format!("{:04}_", migration.number)),
            "{}",
            migration.name
        );
    }
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap();
    let files = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<_> = files
        .filter_map(|name| name.strip_suffix(".sql").map(str::to_owned))
        .collect();
    assert_eq!(
        files,
        MIGRATIONS
            .iter()
            .map(|migration| migration.name.to_owned())
            .collect()
    );
}

#[test]
fn each_is_applied_once_and_noted_with_its_time() {
    let connection = fresh();
    migrate(&connection, Timestamp::from_millis(9)).unwrap();
    let noted: (u32, i64) = connection
        .query_row(
            "SELECT count(*), max(applied_at) FROM migrations",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!((noted.0 as usize, noted.1), (MIGRATIONS.len(), 7));
}

#[test]
fn a_database_of_a_newer_executable_is_refused() {
    let connection = fresh();
    connection
        .execute(
            "INSERT INTO migrations VALUES (9000, '9000_later', 'x', 0)",
            [],
        )
        .unwrap();
    let refused = migrate(&connection, Timestamp::default())
        .unwrap_err()
        .to_string();
    assert!(
        refused.starts_with("the database is newer than this executable (it has migration 9000"),
        "{refused}"
    );
}

#[test]
fn a_migration_that_was_applied_in_another_form_is_refused() {
    let connection = fresh();
    connection
        .execute("UPDATE migrations SET checksum = 'x' WHERE number = 2", [])
        .unwrap();
    let refused = migrate(&connection, Timestamp::default())
        .unwrap_err()
        .to_string();
    assert!(
        refused.starts_with("its migration 2 is not the one of this executable"),
        "{refused}"
    );
}

#[test]
fn a_migration_that_fails_leaves_nothing_behind() {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch("CREATE TABLE comments (mine TEXT)")
        .unwrap();
    let refused = migrate(&connection, Timestamp::default()).unwrap_err();
    assert_eq!(refused.to_string(), "apply migration 3");
    let tables: i64 = connection
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE name = 'stories'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(tables, 0, "the tables before the fault are gone too");
    assert_eq!(applied(&connection).unwrap().len(), 2);
}

#[test]
fn a_database_from_before_the_first_release_is_refused_and_left_as_it_is() {
    let connection = Connection::open_in_memory().unwrap();
    note_as_before_the_first_release(&connection);
    for refused in [
        migrate(&connection, Timestamp::default()).unwrap_err(),
        check(&connection).unwrap_err(),
    ] {
        assert!(
            matches!(
                refused,
                MigrationFailed::Rejected(SchemaRejected::Changed { number: 1 })
            ),
            "{refused}"
        );
    }
    assert_eq!(applied(&connection).unwrap().len(), 13);
}

#[test]
fn no_table_has_a_trigger() {
    let connection = fresh();
    let triggers: i64 = connection
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(
        triggers, 0,
        "statements count, so that every engine counts alike"
    );
}

#[test]
fn a_node_number_has_eight_bits() {
    let connection = fresh();
    let lease =
        |node: u16| connection.execute("INSERT INTO nodes VALUES (?1, 1, 'test', 1, 0, 0)", [node]);
    assert!(lease(sosik_feed::id::NODES - 1).is_ok());
    assert!(lease(sosik_feed::id::NODES).is_err());
}
