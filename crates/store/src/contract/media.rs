//! Uploaded photos and videos: who owns them, which story has them, and what is to be done with them. Not their bytes.
//!
//! The row is the record of the work: an upload is processed, and the files of a deleted medium are removed, until the row
//! says that it is done. A worker claims work for a time. If its process is killed, the work is due again afterwards.

use async_trait::async_trait;
use sosik_feed::{MediaId, PersonId, StoryId, Timestamp};

use crate::{
    Committed, MediaDeletion, MediaQuota, MediaRecord, MediaStats, MediaTask, NewMedia, Processed,
    StoreResult,
};

/// Media.
#[async_trait]
pub trait Media {
    /// Inserts an upload, to be processed now. Returns `false`, and inserts nothing, if the owner does not exist or would
    /// have more than the quota, also for concurrent requests.
    async fn add_media(&self, media: NewMedia, quota: MediaQuota) -> StoreResult<bool>;

    /// A medium that is not deleted.
    async fn media(&self, media: MediaId) -> StoreResult<Option<MediaRecord>>;

    /// Deletes a medium of a person, unless it belongs to a story.
    async fn delete_media(
        &self,
        media: MediaId,
        owner: PersonId,
        now: Timestamp,
    ) -> StoreResult<MediaDeletion>;

    /// Deletes media that belong to no story and were uploaded before `uploaded_before`, at most `limit`. Returns their
    /// number.
    async fn delete_unused_media(
        &self,
        uploaded_before: Timestamp,
        now: Timestamp,
        limit: u32,
    ) -> StoreResult<u64>;

    /// Claims the work that has waited longest, until this time. `None` if nothing is due.
    async fn claim_media(&self, now: Timestamp, until: Timestamp)
    -> StoreResult<Option<MediaTask>>;

    /// Records the result of processing, and shows it in the story that has the medium. Returns that story. If the claim
    /// is lost or the medium was deleted, nothing changes and there is none.
    async fn finish_media(
        &self,
        media: MediaId,
        attempt: u32,
        result: Processed,
    ) -> StoreResult<Committed<Option<StoryId>>>;

    /// Removes the row of a deleted medium, after its files.
    async fn forget_media(&self, media: MediaId) -> StoreResult<()>;

    /// The media among these that have a row.
    async fn known_media(&self, media: &[MediaId]) -> StoreResult<Vec<MediaId>>;

    /// Statistics for operators.
    async fn media_stats(&self) -> StoreResult<MediaStats>;
}
