//! Avatars: media that belong to a person instead of a story.
//!
//! A transaction that writes an avatar locks the counts of its owner first, as an upload does.

use sosik_feed::{Change, MediaId, PersonId, Timestamp};
use sosik_store::engine::avatar_json;
use sosik_store::{Avatar, Finished, Processed, StoreResult};

use super::sql::{Query, bind, statements};
use super::tx::Tx;
use super::{changes, counts, media};

statements! {
    /// Deletes uploads that are not shown, because they wait or failed.
    AVATARS_DELETE_UNSHOWN = "UPDATE media SET state = 4, due_at = $3, attempts = 0
        WHERE bucket = $1 AND owner = $2 AND avatar = 1 AND state < 4 AND state <> 2";
    AVATARS_DELETE_OTHERS = "UPDATE media SET state = 4, due_at = $3, attempts = 0
        WHERE bucket = $1 AND owner = $2 AND avatar = 1 AND state < 4 AND id <> $4";
    AVATAR_OWNER = "SELECT owner FROM media WHERE bucket = $1 AND id = $2";
    AVATAR_UPDATE = "UPDATE people SET avatar = $3, revision = revision + 1
        WHERE bucket = $1 AND id = $2 AND avatar <> $3";
}

/// Deletes earlier uploads that are not shown, because the last upload wins.
pub(crate) fn delete_unshown(owner: PersonId, now: Timestamp) -> Query {
    bind!(AVATARS_DELETE_UNSHOWN, owner.bucket(), owner, now)
}

/// Records the result of processing. Returns the owner if the profile changed.
pub(crate) async fn finish(
    tx: &Tx,
    media: MediaId,
    attempt: u32,
    result: &Processed,
    now: Timestamp,
) -> StoreResult<Finished<PersonId>> {
    let owner = bind!(AVATAR_OWNER, media.bucket(), media);
    let Some(owner) = tx.first::<PersonId>(owner).await? else {
        return Ok(Finished::Lost);
    };
    tx.execute(counts::lock(owner)).await?;
    let written = media::write_result(media, attempt, None, result)?;
    if !tx.changes(written).await? {
        return Ok(Finished::Lost);
    }
    let avatar = match result {
        Processed::Ready { facts, .. } => Avatar::of(media, facts),
        Processed::Failed(_) => None,
    };
    let changed = match avatar {
        Some(avatar) => replace(tx, owner, Some(&avatar), now).await?,
        None => false,
    };
    Ok(Finished::Recorded(changed.then_some(owner)))
}

/// Removes the avatar of a person. Returns whether the profile changed.
pub(crate) async fn remove(tx: &Tx, owner: PersonId, now: Timestamp) -> StoreResult<bool> {
    tx.execute(counts::lock(owner)).await?;
    replace(tx, owner, None, now).await
}

/// Gives a person this avatar or none, and deletes all their other ones. The counts of the person are locked.
async fn replace(
    tx: &Tx,
    owner: PersonId,
    avatar: Option<&Avatar>,
    now: Timestamp,
) -> StoreResult<bool> {
    let (bucket, kept) = (owner.bucket(), avatar.map(|avatar| avatar.media));
    let others = bind!(
        AVATARS_DELETE_OTHERS,
        bucket,
        owner,
        now,
        kept.unwrap_or_default()
    );
    let update = bind!(AVATAR_UPDATE, bucket, owner, avatar_json(avatar)?);
    let [_, updated, _] = tx
        .last([others, update, changes::log(&[Change::Person(owner)])])
        .await?;
    Ok(updated.affected > 0)
}
