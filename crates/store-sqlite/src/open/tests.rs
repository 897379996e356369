//! Opening a database: settings of connections, and the lock.

use super::*;
use sosik_feed::Timestamp;

#[track_caller]
fn check(connection: &Connection, pragma: &str, expected: &str) {
    let value: rusqlite::types::Value = connection
        .pragma_query_value(None, pragma, |row| row.get(0))
        .unwrap();
    let value = match value {
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        other => panic!("{pragma} is {other:?}"),
    };
    assert_eq!(value, expected, "{pragma}");
}

#[test]
fn an_acknowledged_write_is_synced_and_rows_point_to_rows() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = SqliteOptions::at(folder.path().join("sosik.db"), Timestamp::default());
    (options.readers, options.cache_mib, options.mmap_mib) = (3, 64, 16);
    let lock = DatabaseLock::acquire(&options.file).unwrap();
    let writer = lock.connector().connect_writer(&options).unwrap();
    check(&writer, "journal_mode", "wal");
    check(&writer, "synchronous", "2");
    check(&writer, "foreign_keys", "1");
    check(&writer, "query_only", "0");
    let reader = lock.connector().connect_reader(&options).unwrap();
    check(&reader, "query_only", "1");
    check(&reader, "mmap_size", "16777216");
    // 64 MiB for three readers and the writer, in KiB.
    check(&reader, "cache_size", "-16384");
}

#[test]
fn a_temporary_database_goes_away() {
    let mut lock = DatabaseLock::acquire(&SqliteFile::Temporary).unwrap();
    let folder = lock.folder().to_owned();
    assert!(lock.path.exists());
    lock.release();
    assert!(!folder.exists());
}

#[test]
fn a_cached_statement_is_not_planned_again_for_other_values() {
    let lock = DatabaseLock::acquire(&SqliteFile::Temporary).unwrap();
    let connection = lock
        .connector()
        .connect_writer(&SqliteOptions::temporary())
        .unwrap();
    crate::migrations::migrate(&connection, Timestamp::default()).unwrap();
    let mut planned_again = Vec::new();
    for sql in statement::ALL.iter().copied().flatten() {
        let mut times = 0;
        for value in 1..4 {
            let mut statement = connection.prepare_cached(sql.text()).unwrap();
            for parameter in 1..=statement.parameter_count() {
                statement.raw_bind_parameter(parameter, value).unwrap();
            }
            // Most of them fail, because the numbers are not valid ids; they are planned before that.
            let mut rows = statement.raw_query();
            while let Ok(Some(_)) = rows.next() {}
            drop(rows);
            times += statement.get_status(rusqlite::StatementStatus::RePrepare);
        }
        if times > 0 {
            planned_again.push(sql.name());
        }
    }
    assert!(planned_again.is_empty(), "{planned_again:?}");
}

#[test]
fn a_database_from_before_the_first_release_does_not_open_and_the_reason_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sosik.db");
    let connection = Connection::open(&path).unwrap();
    crate::migrations::note_as_before_the_first_release(&connection);
    drop(connection);
    let options = SqliteOptions::at(&path, Timestamp::default());
    let refused = crate::SqliteStore::open(&options).err().unwrap();
    let reason = std::error::Error::source(&refused).unwrap().to_string();
    assert_eq!(
        reason,
        format!(
            "open {}: its migration 1 is not the one of this executable, as in databases from before the first release, \
             whose ids carry no bucket; it cannot be converted: start with a new database (another store.url), or run \
             the executable that made this one",
            path.display()
        )
    );
}
