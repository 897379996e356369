//! Withdrawn likes and friend requests. Repeating one within the quiet time creates no new notification.

use sosik_feed::{NotificationId, PersonId, Timestamp};

use super::sql::{Query, Value, bind, statements};
use super::tx::Tx;
use sosik_store::engine::{Cause, notification_kind_number};
use sosik_store::{PersonLimits, StoreResult};

statements! {
    WITHDRAWN = "SELECT notification FROM withdrawn
        WHERE bucket = $1 AND actor = $2 AND kind = $3 AND target = $4 AND at > $5";
    WITHDRAWN_INSERT = "INSERT INTO withdrawn (bucket, actor, kind, target, notification, at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (actor, kind, target, bucket) DO UPDATE SET notification = excluded.notification, at = excluded.at";
    WITHDRAWN_OLD = "SELECT actor, kind, target FROM withdrawn WHERE at < $1 ORDER BY at LIMIT $2";
    WITHDRAWN_FORGET = "DELETE FROM withdrawn w
        USING unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS old (bucket, actor, kind, target)
        WHERE w.bucket = old.bucket AND w.actor = old.actor AND w.kind = old.kind AND w.target = old.target
          AND w.at < $5";
}

/// Looks up the notification of an act of the quiet time before `now` that was withdrawn. The answer is its id.
pub(crate) fn earlier(cause: Cause, now: Timestamp, limits: &PersonLimits) -> Query {
    bind!(
        WITHDRAWN,
        cause.actor.bucket(),
        cause.actor,
        notification_kind_number(cause.kind),
        cause.target,
        now.minus(limits.repeat_quiet)
    )
}

/// Records that an act of the time `at` was withdrawn.
pub(crate) fn remember(cause: Cause, notification: NotificationId, at: Timestamp) -> Query {
    bind!(
        WITHDRAWN_INSERT,
        cause.actor.bucket(),
        cause.actor,
        notification_kind_number(cause.kind),
        cause.target,
        notification,
        at
    )
}

/// Deletes the records of acts before `before`, at most `limit`, and returns their number.
pub(crate) async fn forget(tx: &Tx, before: Timestamp, limit: u32) -> StoreResult<u64> {
    let (mut actors, mut kinds, mut targets) = (vec![], vec![], vec![]);
    tx.rows(bind!(WITHDRAWN_OLD, before, limit), |row| {
        actors.push(row.get::<PersonId>(0)?);
        kinds.push(row.get::<i64>(1)?);
        targets.push(row.get::<i64>(2)?);
        Ok(())
    })
    .await?;
    tx.execute(bind!(
        WITHDRAWN_FORGET,
        Value::buckets(actors.iter().map(|actor| actor.bucket())),
        actors,
        kinds,
        targets,
        before
    ))
    .await
}
