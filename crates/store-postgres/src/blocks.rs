//! Blocks and mutes.

use sosik_feed::{Change, PersonId, Timestamp};
use sosik_store::engine::Cause;
use sosik_store::{RelationChange, RelationLimits, StoreResult};

use super::sql::{bind, statements};
use super::tx::Tx;
use super::{changes, follows, friends, pair, withdrawn};

statements! {
    BLOCK_INSERT = "INSERT INTO blocks (bucket, blocker, blocked, since) VALUES ($1, $2, $3, $4)";
    BLOCKED_BY_INSERT = "INSERT INTO blocked_by (bucket, blocked, blocker) VALUES ($1, $2, $3)";
    BLOCK_DELETE = "DELETE FROM blocks WHERE bucket = $1 AND blocker = $2 AND blocked = $3";
    BLOCKED_BY_DELETE = "DELETE FROM blocked_by WHERE bucket = $1 AND blocked = $2 AND blocker = $3";
    /// Stops counting at the limit.
    BLOCKS_COUNT = "SELECT count(*) FROM (SELECT 1 FROM blocks WHERE bucket = $1 AND blocker = $2 LIMIT $3) blocked";
    MUTE_INSERT = "INSERT INTO mutes (bucket, muter, muted, since) VALUES ($1, $2, $3, $4)";
    MUTE_DELETE = "DELETE FROM mutes WHERE bucket = $1 AND muter = $2 AND muted = $3";
    /// Stops counting at the limit.
    MUTES_COUNT = "SELECT count(*) FROM (SELECT 1 FROM mutes WHERE bucket = $1 AND muter = $2 LIMIT $3) muted";
}

/// Blocks a person, even one who has blocked the blocker. Friendship, friend requests and follows between the two end.
/// Mutes stay.
pub(crate) async fn block(
    tx: &Tx,
    blocker: PersonId,
    blocked: PersonId,
    limits: RelationLimits,
    now: Timestamp,
) -> StoreResult<RelationChange> {
    if blocker == blocked {
        return Ok(RelationChange::NoSuchPerson);
    }
    let further = [
        bind!(BLOCKS_COUNT, blocker.bucket(), blocker, limits.blocks_max),
        friends::request_query(blocker, blocked),
        friends::request_query(blocked, blocker),
    ];
    let (pair, [blocks, sent, received]) = pair::lock(tx, blocker, blocked, further).await?;
    if !pair.exists() {
        return Ok(RelationChange::NoSuchPerson);
    }
    if pair.relation.blocked {
        return Ok(RelationChange::Unchanged);
    }
    if blocks.number()? >= i64::from(limits.blocks_max) {
        return Ok(RelationChange::LimitReached);
    }
    let mut writes = vec![
        bind!(BLOCK_INSERT, blocker.bucket(), blocker, blocked, now),
        bind!(BLOCKED_BY_INSERT, blocked.bucket(), blocked, blocker),
        changes::log_both([blocker, blocked], Change::CircleShrank),
    ];
    if pair.relation.friend {
        writes.extend(friends::end(blocker, blocked));
    }
    let sent = friends::request_in(&sent, blocker, blocked)?;
    let received = friends::request_in(&received, blocked, blocker)?;
    for request in sent.into_iter().chain(received) {
        // Otherwise a block and its end would make the next request a new one.
        let cause = Cause::friend_request(request.asker, request.asked);
        writes.push(withdrawn::remember(
            cause,
            request.notification,
            request.since,
        ));
        writes.extend(friends::removal(request));
    }
    if pair.relation.following {
        writes.extend(follows::removal(blocker, blocked));
    }
    if pair.reverse.following {
        writes.extend(follows::removal(blocked, blocker));
    }
    tx.last_each(writes).await?;
    Ok(RelationChange::Changed)
}

/// Unblocks a person.
pub(crate) async fn unblock(
    tx: &Tx,
    blocker: PersonId,
    blocked: PersonId,
) -> StoreResult<RelationChange> {
    if blocker == blocked {
        return Ok(RelationChange::Unchanged);
    }
    let (pair, _) = pair::lock(tx, blocker, blocked, []).await?;
    if pair.relation.blocked {
        tx.last([
            bind!(BLOCK_DELETE, blocker.bucket(), blocker, blocked),
            bind!(BLOCKED_BY_DELETE, blocked.bucket(), blocked, blocker),
            changes::log_both([blocker, blocked], Change::CircleGrew),
        ])
        .await?;
    }
    Ok(RelationChange::changed_if(pair.relation.blocked))
}

/// Mutes a person.
pub(crate) async fn mute(
    tx: &Tx,
    muter: PersonId,
    muted: PersonId,
    limits: RelationLimits,
    now: Timestamp,
) -> StoreResult<RelationChange> {
    if muter == muted {
        return Ok(RelationChange::NoSuchPerson);
    }
    let count = [bind!(MUTES_COUNT, muter.bucket(), muter, limits.mutes_max)];
    let (pair, [mutes]) = pair::lock(tx, muter, muted, count).await?;
    if !pair.is_open() {
        return Ok(RelationChange::NoSuchPerson);
    }
    if pair.relation.muted {
        return Ok(RelationChange::Unchanged);
    }
    if mutes.number()? >= i64::from(limits.mutes_max) {
        return Ok(RelationChange::LimitReached);
    }
    let mute = bind!(MUTE_INSERT, muter.bucket(), muter, muted, now);
    tx.last([mute, changes::log(&[Change::CircleShrank(muter)])])
        .await?;
    Ok(RelationChange::Changed)
}

/// Unmutes a person.
pub(crate) async fn unmute(
    tx: &Tx,
    muter: PersonId,
    muted: PersonId,
) -> StoreResult<RelationChange> {
    let delete = bind!(MUTE_DELETE, muter.bucket(), muter, muted);
    let unmuted = tx.changes(delete).await?;
    if unmuted {
        tx.last([changes::log(&[Change::CircleGrew(muter)])])
            .await?;
    }
    Ok(RelationChange::changed_if(unmuted))
}
