//! Takeover of the claims of a killed process at the next start.
//!
//! The lock of the file proves that no other process uses the store. So every claim belongs to a process that has
//! ended, and can be released before it expires.

use rusqlite::Connection;
use sosik_feed::Timestamp;

/// Runs once, before the first read. It scans the unfinished orders, so its cost is proportional to the backlog.
const RELEASE_CLAIMS: &str = "UPDATE orders SET claimed_by = 0, claim = 0, ready_at = ?1
    WHERE dead = 0 AND (claimed_by <> 0 OR ready_at > ?1)";

/// Work on media that the last process had claimed.
const RELEASE_MEDIA: &str = "UPDATE media SET due_at = ?1 WHERE state IN (1, 4) AND due_at > ?1";

/// Makes every live order due now, including those that wait for a retry: their times may be from a wrong clock.
pub(super) fn release_claims(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    connection.execute(RELEASE_MEDIA, [now.as_i64()])?;
    let released = connection.execute(RELEASE_CLAIMS, [now.as_i64()])?;
    if released > 0 {
        tracing::info!(
            orders = released,
            "deliveries that the last process left are taken over"
        );
    }
    Ok(())
}
