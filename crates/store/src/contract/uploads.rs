//! Uploads that arrive in several requests: who owns them, how far they are, and which request appends. Not their bytes.
//!
//! One request at a time holds an upload. It extends its hold while it works. After a hold ends, by a kill too, the next
//! request holds the upload under a higher number, and what the former one records changes nothing.

use async_trait::async_trait;
use sosik_feed::{MediaId, PersonId, Timestamp};

use crate::{
    MediaQuota, NewMedia, NewUpload, StoreResult, UploadAdded, UploadCompleted, UploadHold,
    UploadProgress, UploadRecord,
};

/// Uploads.
#[async_trait]
pub trait Uploads {
    /// Inserts an upload. Its length counts for the quota of media while it is incomplete. A person has at most
    /// `incomplete_max` incomplete uploads. Both limits hold for concurrent requests.
    async fn add_upload(
        &self,
        upload: NewUpload,
        quota: MediaQuota,
        incomplete_max: u32,
    ) -> StoreResult<UploadAdded>;

    /// An upload, also a complete one until it expires.
    async fn upload(&self, upload: MediaId) -> StoreResult<Option<UploadRecord>>;

    /// Holds an incomplete upload of a person until this time, unless another request holds it now.
    async fn hold_upload(
        &self,
        upload: MediaId,
        owner: PersonId,
        now: Timestamp,
        until: Timestamp,
    ) -> StoreResult<UploadHold>;

    /// Records what the holder has stored. Returns `false`, and changes nothing, if the hold was lost.
    async fn keep_upload(&self, progress: UploadProgress) -> StoreResult<bool>;

    /// Makes a medium of an upload that its holder has stored completely, to be processed now. Of the quota, only the number
    /// of videos that wait is checked, also for concurrent requests: the upload counted for the others. The upload stays
    /// until it expires, so that its state can be asked for.
    async fn complete_upload(
        &self,
        holder: u32,
        media: NewMedia,
        quota: MediaQuota,
    ) -> StoreResult<UploadCompleted>;

    /// Deletes an upload of a person. Returns it as it was.
    async fn delete_upload(
        &self,
        upload: MediaId,
        owner: PersonId,
    ) -> StoreResult<Option<UploadRecord>>;

    /// Deletes uploads that expired, at most `limit`. Returns them as they were.
    async fn expire_uploads(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<UploadRecord>>;

    /// The uploads behind this one, in the order of their ids, at most `limit`.
    async fn uploads_after(&self, after: MediaId, limit: u32) -> StoreResult<Vec<UploadRecord>>;
}
