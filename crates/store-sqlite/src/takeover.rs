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

/// Ends the holds of requests of the last process that appended to uploads.
const RELEASE_UPLOADS: &str = "UPDATE uploads SET held_until = 0 WHERE held_until > 0";

/// Releases the previews that the last process had claimed.
const RELEASE_PREVIEWS: &str =
    "UPDATE previews SET due_at = ?1 WHERE state IN (1, 3) AND due_at > ?1";

/// Releases the links that the last process was fetching. Scans only the links that were fetched within the last hour.
const RELEASE_LINKS: &str =
    "UPDATE links SET used_until = ?1 WHERE used_until > ?1 AND result = ''";

/// Makes every live order due now, including those that wait for a retry: their times may be from a wrong clock.
pub(super) fn release_claims(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    for release in [RELEASE_MEDIA, RELEASE_PREVIEWS, RELEASE_LINKS] {
        connection.execute(release, [now.as_i64()])?;
    }
    connection.execute(RELEASE_UPLOADS, [])?;
    let released = connection.execute(RELEASE_CLAIMS, [now.as_i64()])?;
    if released > 0 {
        tracing::info!(
            orders = released,
            "deliveries that the last process left are taken over"
        );
    }
    Ok(())
}
