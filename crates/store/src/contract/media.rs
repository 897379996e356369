//! Uploaded photos and videos: who owns them, which story has them, and what is to be done with them. Not their bytes.
//!
//! The row is the record of the work: an upload is processed, and the files of a deleted medium are removed, until the row
//! says that it is done. A worker claims work for a time. If its process is killed, the work is due again afterwards.

use async_trait::async_trait;
use sosik_feed::{MediaId, PersonId, StoryId, Timestamp};

use crate::{
    Committed, Finished, MediaAdded, MediaDeletion, MediaFiles, MediaQueue, MediaQuota,
    MediaRecord, MediaStats, MediaTask, NewAttachment, NewMedia, Processed, StoreResult,
};

/// Media.
#[async_trait]
pub trait Media {
    /// Inserts an upload, which is due for processing now. Inserts nothing if the owner does not exist, or would exceed
    /// the quota. Incomplete uploads count for the quota, and it also holds for concurrent requests. An upload for an
    /// avatar deletes earlier ones that are not shown: the last upload wins.
    async fn add_media(&self, media: NewMedia, quota: MediaQuota) -> StoreResult<MediaAdded>;

    /// A medium that is not deleted.
    async fn media(&self, media: MediaId) -> StoreResult<Option<MediaRecord>>;

    /// Deletes a medium of a person, unless it belongs to a story or is their avatar.
    async fn delete_media(
        &self,
        media: MediaId,
        owner: PersonId,
        now: Timestamp,
    ) -> StoreResult<MediaDeletion>;

    /// Deletes at most `limit` media that were uploaded before `uploaded_before`, belong to no story and are not for an
    /// avatar. Returns their number.
    async fn delete_unused_media(
        &self,
        uploaded_before: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> StoreResult<u64>;

    /// Claims the work of a queue that has waited longest. The claim ends at `until`. `None` if nothing is due.
    async fn claim_media(
        &self,
        queue: MediaQueue,
        now: Timestamp,
        until: Timestamp,
    ) -> StoreResult<Option<MediaTask>>;

    /// Moves the end of a claim. Returns `false` and changes nothing if the claim is lost: another worker has the work,
    /// it is done, or the medium was deleted. If `until` has passed, the work is due at once, as after a crash.
    async fn renew_media_claim(
        &self,
        media: MediaId,
        attempt: u32,
        until: Timestamp,
    ) -> StoreResult<bool>;

    /// Ends a claim without a result and without counting a fault, because the reason is outside of the upload. The
    /// work is due again at `due_at`, and the released claim is lost. Returns `false` and changes nothing if the claim
    /// was lost before.
    async fn release_media(
        &self,
        media: MediaId,
        attempt: u32,
        due_at: Timestamp,
    ) -> StoreResult<bool>;

    /// Records the result of processing, and shows it in the story that has the medium. Returns that story.
    async fn finish_media(
        &self,
        media: MediaId,
        attempt: u32,
        result: Processed,
    ) -> StoreResult<Committed<Finished<StoryId>>>;

    /// Records the result of processing an upload for an avatar. Returns its owner if the profile changed: in one
    /// transaction they get this avatar, and the former one is deleted.
    async fn finish_avatar(
        &self,
        media: MediaId,
        attempt: u32,
        result: Processed,
        now: Timestamp,
    ) -> StoreResult<Committed<Finished<PersonId>>>;

    /// Removes the avatar of a person, and deletes uploads that would become their avatar. Returns whether the profile
    /// changed.
    async fn remove_avatar(&self, person: PersonId, now: Timestamp)
    -> StoreResult<Committed<bool>>;

    /// Attaches media to a story without media, and does not mark it as edited: for stories that were stored before
    /// their photos existed. Returns `false` and changes nothing if the author has no such story, or if it has media.
    ///
    /// # Errors
    /// `MediaRefused` if the author has no such medium, or another story has it.
    async fn attach_media(
        &self,
        author: PersonId,
        story: StoryId,
        attachments: Vec<NewAttachment>,
    ) -> StoreResult<Committed<bool>>;

    /// Removes the row of a deleted medium, after its files.
    async fn forget_media(&self, media: MediaId) -> StoreResult<()>;

    /// Those of these media that have a row or are an incomplete upload.
    async fn known_media(&self, media: &[MediaId]) -> StoreResult<Vec<MediaId>>;

    /// The files of these media, including deleted ones.
    async fn media_files(&self, media: &[MediaId]) -> StoreResult<Vec<MediaFiles>>;

    /// The files of at most `limit` media with ids above `after`, in the order of their ids.
    async fn media_files_after(&self, after: MediaId, limit: u32) -> StoreResult<Vec<MediaFiles>>;

    /// Statistics for operators.
    async fn media_stats(&self) -> StoreResult<MediaStats>;
}
