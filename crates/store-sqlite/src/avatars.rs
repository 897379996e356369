//! Avatars: media that belong to a person instead of a story.

use rusqlite::params;
use sosik_feed::{MediaId, PersonId, Timestamp};
use sosik_store::engine::avatar_json;
use sosik_store::{Avatar, Finished, Processed, StoreResult};

use super::db::Db;
use super::media;
use super::statement::statements;

statements! {
    /// Deletes uploads that are not shown, because they wait or failed.
    AVATARS_DELETE_UNSHOWN = "UPDATE media INDEXED BY media_avatars SET state = 4, due_at = ?2, attempts = 0
        WHERE owner = ?1 AND avatar = 1 AND state < 4 AND state <> 2";
    AVATARS_DELETE_OTHERS = "UPDATE media INDEXED BY media_avatars SET state = 4, due_at = ?2, attempts = 0
        WHERE owner = ?1 AND avatar = 1 AND state < 4 AND id <> ?3";
    AVATAR_UPDATE = "UPDATE people SET avatar = ?2, revision = revision + 1 WHERE id = ?1 AND avatar <> ?2";
}

/// Deletes earlier uploads that are not shown, because the last upload wins.
pub(super) fn delete_unshown(db: &Db<'_>, owner: PersonId, now: Timestamp) -> StoreResult<()> {
    db.execute(AVATARS_DELETE_UNSHOWN, [owner.as_i64(), now.as_i64()])?;
    Ok(())
}

/// Records the result of processing. Returns the owner if the profile changed.
pub(super) fn finish(
    db: &Db<'_>,
    media: MediaId,
    attempt: u32,
    result: &Processed,
    now: Timestamp,
) -> StoreResult<Finished<PersonId>> {
    let Some(found) = media::record_result(db, media, attempt, result)? else {
        return Ok(Finished::Lost);
    };
    let avatar = match result {
        Processed::Ready { facts, .. } => Avatar::of(media, facts),
        Processed::Failed(_) => None,
    };
    let changed = match avatar {
        Some(avatar) => replace(db, found.owner, Some(&avatar), now)?,
        None => false,
    };
    Ok(Finished::Recorded(changed.then_some(found.owner)))
}

/// Gives a person this avatar or none, and deletes all their other ones. Returns whether the profile changed.
pub(super) fn replace(
    db: &Db<'_>,
    owner: PersonId,
    avatar: Option<&Avatar>,
    now: Timestamp,
) -> StoreResult<bool> {
    let kept = avatar.map_or(MediaId::default(), |avatar| avatar.media);
    let others = [owner.as_i64(), now.as_i64(), kept.as_i64()];
    db.execute(AVATARS_DELETE_OTHERS, others)?;
    db.changes(AVATAR_UPDATE, params![owner.as_i64(), avatar_json(avatar)?])
}
