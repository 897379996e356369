//! Uploads that arrive in several requests.

use sosik_feed::{MediaId, PersonId, Timestamp};

use super::MediaKind;

/// An upload to insert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewUpload {
    /// The id of the medium that it becomes. Taken from the generator just now.
    pub id: MediaId,
    /// The person who uploads.
    pub owner: PersonId,
    /// Bytes of the whole file.
    pub length: u64,
    /// Bytes that its medium takes from the quota at least.
    pub reserved: u64,
    /// When it expires, unless something arrives before.
    pub expires_at: Timestamp,
}

/// The outcome of inserting an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadAdded {
    /// It is inserted.
    Added,
    /// The owner does not exist, or would have more than the quota.
    Quota,
    /// The owner has as many incomplete uploads as allowed.
    TooMany,
}

/// The outcome of making a medium of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadCompleted {
    /// The medium exists.
    Completed,
    /// Nothing changed: the hold is lost.
    Lost,
    /// Nothing changed: the owner would have more than the quota.
    Quota,
    /// Nothing changed: as many videos of the owner wait as may.
    VideosWait,
}

/// A stored upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRecord {
    /// The id of the medium that it becomes.
    pub id: MediaId,
    /// The person who uploads.
    pub owner: PersonId,
    /// The kind of the medium; `None` until the first bytes determine it.
    pub kind: Option<MediaKind>,
    /// Bytes of the whole file.
    pub length: u64,
    /// Bytes that are stored.
    pub received: u64,
    /// The names of the stored files in their order, separated by spaces. Empty for a complete upload.
    pub parts: String,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The number of requests that have held it. It identifies the last of them.
    pub holder: u32,
}

impl UploadRecord {
    /// True if all bytes are stored. Then the medium exists.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.received == self.length
    }
}

/// The outcome of trying to hold an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadHold {
    /// The caller holds it. The record has its number as `holder`.
    Held(UploadRecord),
    /// Another request holds it.
    Busy,
    /// The person has no such upload, or it is expired or complete.
    Unknown,
}

/// What a request that holds an upload has stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadProgress {
    /// The upload.
    pub id: MediaId,
    /// The number of the request.
    pub holder: u32,
    /// The kind of the medium; `None` until the first bytes determine it.
    pub kind: Option<MediaKind>,
    /// Bytes that are stored.
    pub received: u64,
    /// The names of the stored files.
    pub parts: String,
    /// When the upload expires, unless something arrives before.
    pub expires_at: Timestamp,
    /// The time until which the request holds the upload. A time in the past ends the hold.
    pub held_until: Timestamp,
}
