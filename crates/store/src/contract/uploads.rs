//! Uploads that arrive in several requests: their owner, their progress, and the request that appends. The bytes are in
//! the storage of media.
//! One request at a time holds an upload, and extends its hold while it works. After the hold ends or expires, the next
//! request holds the upload with a higher number, and writes of the former request change nothing.

use async_trait::async_trait;
use sosik_feed::{MediaId, PersonId, Timestamp};

use crate::{
    MediaQuota, NewMedia, NewUpload, StoreResult, UploadAdded, UploadCompleted, UploadHold,
    UploadProgress, UploadRecord,
};

/// Uploads.
#[async_trait]
pub trait Uploads {
    /// Inserts an upload, if the quota of media has room for the bytes that it reserves. While it is incomplete, its
    /// length counts. A person has at most `incomplete_max` incomplete uploads. Both limits hold for concurrent requests.
    async fn add_upload(
        &self,
        upload: NewUpload,
        quota: MediaQuota,
        incomplete_max: u32,
    ) -> StoreResult<UploadAdded>;

    /// An upload. A complete upload is found until it expires.
    async fn upload(&self, upload: MediaId) -> StoreResult<Option<UploadRecord>>;

    /// Holds an incomplete upload of a person until `until`, unless another request holds it now.
    async fn hold_upload(
        &self,
        upload: MediaId,
        owner: PersonId,
        now: Timestamp,
        until: Timestamp,
    ) -> StoreResult<UploadHold>;

    /// Records what the holder has stored. Returns `false` and changes nothing if the hold was lost. A record without
    /// `held_until` ends the hold, so a write that arrives late changes nothing.
    async fn keep_upload(&self, progress: UploadProgress) -> StoreResult<bool>;

    /// Turns a completely stored upload into a medium, which is due for processing now. The quota counts the bytes of
    /// the medium instead of the upload's, and also holds for concurrent requests. The row of the upload stays until
    /// it expires, so that its state can be read.
    async fn complete_upload(
        &self,
        holder: u32,
        media: NewMedia,
        quota: MediaQuota,
    ) -> StoreResult<UploadCompleted>;

    /// Deletes an upload of a person. Returns its last state.
    async fn delete_upload(
        &self,
        upload: MediaId,
        owner: PersonId,
    ) -> StoreResult<Option<UploadRecord>>;

    /// Deletes at most `limit` expired uploads. Returns their last states. Only one of concurrent calls returns an upload.
    async fn expire_uploads(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<UploadRecord>>;

    /// At most `limit` uploads with ids above `after`, in the order of their ids.
    async fn uploads_after(&self, after: MediaId, limit: u32) -> StoreResult<Vec<UploadRecord>>;
}
