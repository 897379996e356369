//! Blocks and mutes.

use rusqlite::params;
use sosik_feed::{PersonId, Timestamp};

use super::db::Db;
use super::friends::{end_request, unfriend};
use super::people;
use super::relations::{open_relation, relation, unfollow};
use super::statement::statements;
use sosik_store::{RelationChange, RelationLimits, StoreResult};

statements! {
    BLOCK_INSERT = "INSERT INTO blocks (blocker, blocked, since) VALUES (?1, ?2, ?3)";
    BLOCK_DELETE = "DELETE FROM blocks WHERE blocker = ?1 AND blocked = ?2";
    /// Stops counting at the limit.
    BLOCKS_COUNT = "SELECT count(*) FROM (SELECT 1 FROM blocks WHERE blocker = ?1 LIMIT ?2)";
    MUTE_INSERT = "INSERT INTO mutes (muter, muted, since) VALUES (?1, ?2, ?3)";
    MUTE_DELETE = "DELETE FROM mutes WHERE muter = ?1 AND muted = ?2";
    /// Stops counting at the limit.
    MUTES_COUNT = "SELECT count(*) FROM (SELECT 1 FROM mutes WHERE muter = ?1 LIMIT ?2)";
}

/// Blocks a person, even one who has blocked the blocker. Every other relation between the two ends.
pub(super) fn block(
    db: &Db<'_>,
    blocker: PersonId,
    blocked: PersonId,
    limits: RelationLimits,
    now: Timestamp,
) -> StoreResult<RelationChange> {
    if blocker == blocked || !people::exists(db, blocker)? || !people::exists(db, blocked)? {
        return Ok(RelationChange::NoSuchPerson);
    }
    if relation(db, blocker, blocked)?.blocked {
        return Ok(RelationChange::Unchanged);
    }
    let blocks = db.number(BLOCKS_COUNT, params![blocker.as_i64(), limits.blocks_max])?;
    if blocks >= i64::from(limits.blocks_max) {
        return Ok(RelationChange::LimitReached);
    }
    unfriend(db, blocker, blocked)?;
    for (one, other) in [(blocker, blocked), (blocked, blocker)] {
        end_request(db, one, other)?;
        unfollow(db, one, other)?;
    }
    db.execute(
        BLOCK_INSERT,
        [blocker.as_i64(), blocked.as_i64(), now.as_i64()],
    )?;
    Ok(RelationChange::Changed)
}

/// Unblocks a person. Returns whether there was a block.
pub(super) fn unblock(db: &Db<'_>, blocker: PersonId, blocked: PersonId) -> StoreResult<bool> {
    db.changes(BLOCK_DELETE, [blocker.as_i64(), blocked.as_i64()])
}

/// Mutes a person.
pub(super) fn mute(
    db: &Db<'_>,
    muter: PersonId,
    muted: PersonId,
    limits: RelationLimits,
    now: Timestamp,
) -> StoreResult<RelationChange> {
    let Some(relation) = open_relation(db, muter, muted)? else {
        return Ok(RelationChange::NoSuchPerson);
    };
    if relation.muted {
        return Ok(RelationChange::Unchanged);
    }
    let mutes = db.number(MUTES_COUNT, params![muter.as_i64(), limits.mutes_max])?;
    if mutes >= i64::from(limits.mutes_max) {
        return Ok(RelationChange::LimitReached);
    }
    db.changes(MUTE_INSERT, [muter.as_i64(), muted.as_i64(), now.as_i64()])
        .map(RelationChange::changed_if)
}

/// Unmutes a person. Returns whether there was a mute.
pub(super) fn unmute(db: &Db<'_>, muter: PersonId, muted: PersonId) -> StoreResult<bool> {
    db.changes(MUTE_DELETE, [muter.as_i64(), muted.as_i64()])
}
