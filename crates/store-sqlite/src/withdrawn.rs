//! Withdrawn likes and friend requests. Repeating one within the quiet time creates no new notification.

use rusqlite::params;
use sosik_feed::{NotificationId, Timestamp};

use super::db::Db;
use super::statement::statements;
use sosik_store::engine::{Cause, notification_kind_number};
use sosik_store::{PersonLimits, StoreResult};

statements! {
    WITHDRAWN = "SELECT notification FROM withdrawn WHERE actor = ?1 AND kind = ?2 AND target = ?3 AND at > ?4";
    WITHDRAWN_INSERT = "INSERT INTO withdrawn (actor, kind, target, notification, at) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (actor, kind, target) DO UPDATE SET notification = excluded.notification, at = excluded.at";
    WITHDRAWN_FORGET = "DELETE FROM withdrawn WHERE (actor, kind, target) IN
        (SELECT actor, kind, target FROM withdrawn WHERE at < ?1 ORDER BY at LIMIT ?2)";
}

/// The notification of an act that was withdrawn within the quiet time.
pub(super) fn earlier(
    db: &Db<'_>,
    cause: Cause,
    now: Timestamp,
    limits: &PersonLimits,
) -> StoreResult<Option<NotificationId>> {
    let since = now.minus(limits.repeat_quiet);
    let values = params![
        cause.actor.as_i64(),
        notification_kind_number(cause.kind),
        cause.target,
        since.as_i64()
    ];
    db.row(WITHDRAWN, values, |row| {
        Ok(NotificationId::from_i64(row.get(0)?))
    })
}

/// Records that an act of the time `at` was withdrawn.
pub(super) fn remember(
    db: &Db<'_>,
    cause: Cause,
    notification: NotificationId,
    at: Timestamp,
) -> StoreResult<()> {
    let values = params![
        cause.actor.as_i64(),
        notification_kind_number(cause.kind),
        cause.target,
        notification.as_i64(),
        at.as_i64()
    ];
    db.execute(WITHDRAWN_INSERT, values)?;
    Ok(())
}

/// Deletes the records of acts before `before`, at most `limit`, and returns their number.
pub(super) fn forget(db: &Db<'_>, before: Timestamp, limit: u32) -> StoreResult<u64> {
    Ok(db.execute(WITHDRAWN_FORGET, params![before.as_i64(), limit])? as u64)
}
