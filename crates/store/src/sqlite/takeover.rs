//! Takeover of the claims of a killed process at the next start.
//!
//! The lock of the file proves that no other process works on the store. So every claim belongs to a process that is
//! gone, and can be released before it expires.

use rusqlite::Connection;
use sosik_feed::Timestamp;

/// Runs once, before the first read. It scans the orders that are not done, as many as the backlog has.
const RELEASE_CLAIMS: &str = "UPDATE orders SET claimed_by = 0, claim = 0, ready_at = ?1
    WHERE dead = 0 AND (claimed_by <> 0 OR ready_at > ?1)";

/// Makes every live order due now, those that wait for another attempt too: their times may be of a clock that was wrong.
pub(super) fn release_claims(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    let released = connection.execute(RELEASE_CLAIMS, [now.as_i64()])?;
    if released > 0 {
        tracing::info!(
            orders = released,
            "deliveries that the last process left are taken over"
        );
    }
    Ok(())
}
