//! A mark in the database file: its rows were moved to another store, so no server may start on it.
//!
//! A server that did would accept writes that nothing brings to the other store. The mark is `application_id` in the header
//! of the file. A copy that `sosik backup` or `sosik restore` makes has no mark.

use std::path::Path;

use rusqlite::Connection;

/// "move" in ASCII.
const MOVED: i32 = 0x6D_6F_76_65;
/// The value of every other file.
const UNMOVED: i32 = 0;

/// Sets the mark, durably.
pub(super) fn mark(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", MOVED)?;
    // If a backup is running, the log has the mark, and it is read from there.
    connection.query_row("PRAGMA wal_checkpoint(FULL)", [], |_row| Ok(()))
}

/// Removes the mark of a copy.
pub(super) fn unmark(copy: &Connection) -> rusqlite::Result<()> {
    copy.pragma_update(None, "application_id", UNMOVED)
}

/// Whether the mark is set.
pub(super) fn is_marked(connection: &Connection) -> rusqlite::Result<bool> {
    let mark: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    Ok(mark == MOVED)
}

/// The error message for a store that was moved.
pub(super) fn advice(path: &Path) -> String {
    format!(
        "{} was moved to PostgreSQL by `sosik migrate`, and nothing would bring new writes there: set store.url to that \
         database. To give the move up, copy it with `sosik backup` and `sosik restore`",
        path.display()
    )
}
