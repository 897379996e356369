//! Uploads that arrive in several requests, in any number of pieces, on any node.
//! An upload is a row with the number of stored bytes and the names of their files. A request that appends holds the
//! row for a short time and extends the hold while bytes arrive. It stores parts of at most
//! [`PART_BYTES_MAX`](sosik_media::storage::PART_BYTES_MAX) and records each. If its body ends early, it also stores
//! and records the rest. So a client that lost its connection continues after the last byte that arrived. With the last
//! byte the row becomes a medium, in one transaction and without copying a file.
//! Refused: joining the parts at the end, because it would read and write a video once more while a client waits.
//! Refused: letting the newest request win, because a late retry of a client could then discard the bytes of its
//! current request.

mod append;
mod checksum;

use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use sosik_feed::{MediaId, PersonId, Timestamp};
use sosik_media::Refusal;
use sosik_media::limits::VIDEO_BYTES_MAX;
use sosik_store::{NewUpload, UploadAdded, UploadRecord};

use super::{Media, MediaEngine, MediaError, folder, reserved_bytes};
use crate::{ServiceError, ServiceResult};

use append::Append;
pub use checksum::{CHECKSUM_ALGORITHMS, Checksum};

/// Maximum bytes of an upload.
pub const UPLOAD_BYTES_MAX: u64 = VIDEO_BYTES_MAX;

/// Maximum incomplete uploads of one person. A story has up to ten attachments. An upload whose address a client lost
/// stays until it expires.
const INCOMPLETE_MAX: u32 = 100;

/// Maximum expired uploads that one write deletes. It occupies the writer of the store for some milliseconds.
const EXPIRED_MAX: u32 = 100;

/// Duration of the hold of a request that appends. It expires if no bytes arrive or the process ends.
pub const HOLD: Duration = Duration::from_secs(15);

/// Why a body ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupted {
    /// The client is gone.
    Gone,
    /// The client sent too slowly. It can still read a response.
    TooSlow,
}

/// An upload after a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Its state.
    pub upload: UploadRecord,
    /// Why the body ended early, if it did. The bytes before are stored, unless the body had a checksum.
    pub interrupted: Option<Interrupted>,
}

/// The body of a request that appends.
pub struct Body<S> {
    /// The bytes in pieces.
    pub pieces: S,
    /// The expected digest of all bytes.
    pub checksum: Option<Checksum>,
}

impl Media {
    /// Begins an upload, and appends the body that came with the request, if there is one.
    ///
    /// # Errors
    /// `Media` as of [`upload`](Self::upload) and [`append`](Self::append), and if the person has too many incomplete uploads.
    /// After an error there is no upload.
    pub async fn begin_upload<S>(
        &self,
        owner: PersonId,
        length: u64,
        body: Option<Body<S>>,
    ) -> ServiceResult<Appended>
    where
        S: Stream<Item = Result<Bytes, Interrupted>> + Send + Unpin + 'static,
    {
        let this = self.clone();
        self.core
            .run_to_completion(async move { this.begin_uninterrupted(owner, length, body).await })
            .await
    }

    async fn begin_uninterrupted<S>(
        &self,
        owner: PersonId,
        length: u64,
        body: Option<Body<S>>,
    ) -> ServiceResult<Appended>
    where
        S: Stream<Item = Result<Bytes, Interrupted>> + Send + Unpin + 'static,
    {
        let upload = self.add_upload(owner, length).await?;
        let Some(body) = body else {
            let interrupted = None;
            return Ok(Appended {
                upload,
                interrupted,
            });
        };
        let appended = self.append_uninterrupted(owner, upload.id, 0, body).await;
        let is_lost = match &appended {
            // A client that disconnected never learns the address of the upload.
            Ok(appended) => appended.interrupted == Some(Interrupted::Gone),
            Err(_) => true,
        };
        if is_lost {
            self.drop_upload(owner, upload.id).await?;
        }
        appended
    }

    async fn add_upload(&self, owner: PersonId, length: u64) -> ServiceResult<UploadRecord> {
        let engine = self.engine()?;
        if length == 0 {
            return Err(MediaError::Kind(Refusal::Empty).into());
        }
        if length > UPLOAD_BYTES_MAX {
            let max = UPLOAD_BYTES_MAX;
            return Err(MediaError::TooLarge { max }.into());
        }
        self.require_space(engine, length)?;
        let upload = NewUpload {
            id: MediaId::of_owner(owner, self.core.next_id().await?),
            owner,
            length,
            reserved: reserved_bytes(length),
            expires_at: self.upload_expires_at(),
        };
        let added = self
            .core
            .store
            .add_upload(upload, self.quota(), INCOMPLETE_MAX);
        match added.await? {
            UploadAdded::Added => Ok(new_record(upload)),
            UploadAdded::Quota => Err(MediaError::Quota.into()),
            UploadAdded::TooMany => {
                let max = INCOMPLETE_MAX;
                Err(MediaError::UploadsTooMany { max }.into())
            }
        }
    }

    /// When an upload expires to which something is appended now.
    fn upload_expires_at(&self) -> Timestamp {
        let after = self.core.settings.media.upload_expires;
        self.core.now().plus(after)
    }

    /// An upload of this person. A complete upload is found until it expires.
    ///
    /// # Errors
    /// `NotFound` if the person has no such upload.
    pub async fn upload_state(&self, owner: PersonId, id: MediaId) -> ServiceResult<UploadRecord> {
        let now = self.core.now();
        let found = self.core.store.upload(id).await?;
        let found = found.filter(|upload| upload.owner == owner && upload.expires_at > now);
        found.ok_or(NO_SUCH_UPLOAD)
    }

    /// Appends to an upload. If the client disconnects, the bytes that arrived are stored. With a checksum, either the
    /// whole body is stored or nothing.
    ///
    /// # Errors
    /// `NotFound` if the person has no such upload. `Media` if the offset is another one, another request appends, the body
    /// does not have its checksum or is too long, or the disk is full; the upload stays. `Media` if the file is of no
    /// accepted kind or too large for its kind; the upload is gone then.
    pub async fn append<S>(
        &self,
        owner: PersonId,
        id: MediaId,
        offset: u64,
        body: Body<S>,
    ) -> ServiceResult<Appended>
    where
        S: Stream<Item = Result<Bytes, Interrupted>> + Send + Unpin + 'static,
    {
        let this = self.clone();
        self.core
            .run_to_completion(
                async move { this.append_uninterrupted(owner, id, offset, body).await },
            )
            .await
    }

    async fn append_uninterrupted<S>(
        &self,
        owner: PersonId,
        id: MediaId,
        offset: u64,
        body: Body<S>,
    ) -> ServiceResult<Appended>
    where
        S: Stream<Item = Result<Bytes, Interrupted>> + Send + Unpin + 'static,
    {
        self.engine()?;
        let upload = self.upload_state(owner, id).await?;
        if upload.received != offset {
            let received = upload.received;
            return Err(MediaError::UploadOffset { received }.into());
        }
        if upload.is_complete() {
            let interrupted = None;
            return Ok(Appended {
                upload,
                interrupted,
            });
        }
        let appended = Append::run(self, owner, id, offset, body).await;
        if let Err(ServiceError::Media(MediaError::Kind(_) | MediaError::TooLarge { .. })) =
            &appended
        {
            self.drop_upload(owner, id).await?;
        }
        appended
    }

    /// Deletes an upload. If it is complete, deletes its medium, unless that belongs to a story.
    ///
    /// # Errors
    /// `NotFound` if the person has no such upload; `Media` if its medium belongs to a story.
    pub async fn delete_upload(&self, owner: PersonId, id: MediaId) -> ServiceResult<()> {
        let upload = self.upload_state(owner, id).await?;
        if upload.is_complete() {
            self.delete(owner, id).await?;
        }
        let this = self.clone();
        let dropped = self
            .core
            .run_to_completion(async move { this.drop_upload(owner, id).await });
        let became_medium = dropped.await? && !upload.is_complete();
        if became_medium {
            self.delete(owner, id).await?;
        }
        Ok(())
    }

    /// Deletes the row first, so that no request can append, and then the files. The sweep removes files that a killed
    /// process leaves. Returns true if the upload was complete: then its files belong to the medium and stay.
    async fn drop_upload(&self, owner: PersonId, id: MediaId) -> ServiceResult<bool> {
        let dropped = self.core.store.delete_upload(id, owner).await?;
        let was_complete = dropped.as_ref().is_some_and(UploadRecord::is_complete);
        if dropped.is_some() && !was_complete {
            self.engine()?.storage.delete_all(folder(id)).await?;
        }
        Ok(was_complete)
    }

    /// Deletes all uploads that expired, with the files of those that are incomplete.
    pub(super) async fn expire_uploads(&self) -> ServiceResult<()> {
        while !self.core.stopping.is_cancelled() && self.expire_some_uploads().await? {}
        Ok(())
    }

    /// Returns true if there may be more.
    async fn expire_some_uploads(&self) -> ServiceResult<bool> {
        let (store, engine) = (&self.core.store, self.engine()?);
        let expired = store.expire_uploads(self.core.now(), EXPIRED_MAX).await?;
        for upload in expired.iter().filter(|upload| !upload.is_complete()) {
            engine.storage.delete_all(folder(upload.id)).await?;
            metrics::counter!("sosik_media_uploads_expired_total").increment(1);
        }
        Ok(expired.len() == EXPIRED_MAX as usize)
    }

    /// Replaces the error about an unknown medium if one of the wanted media is an incomplete upload of this person.
    pub(crate) async fn explain<T>(
        &self,
        owner: PersonId,
        wanted: &[MediaId],
        outcome: ServiceResult<T>,
    ) -> ServiceResult<T> {
        if matches!(outcome, Err(ServiceError::Media(MediaError::Unknown))) {
            for media in wanted {
                let upload = self.core.store.upload(*media).await?;
                if upload.is_some_and(|upload| upload.owner == owner && !upload.is_complete()) {
                    return Err(MediaError::Unfinished.into());
                }
            }
        }
        outcome
    }

    /// Fails if the disk would have less free space than the configured minimum after `bytes` more.
    pub(super) fn require_space(&self, engine: &MediaEngine, bytes: u64) -> ServiceResult<()> {
        let needed = self
            .core
            .settings
            .media
            .free_bytes_min
            .saturating_add(bytes);
        match engine.storage.free_bytes() {
            Some(free) if free < needed => Err(MediaError::Full.into()),
            Some(_) | None => Ok(()),
        }
    }
}

const NO_SUCH_UPLOAD: ServiceError = ServiceError::NotFound("upload");

fn new_record(upload: NewUpload) -> UploadRecord {
    UploadRecord {
        id: upload.id,
        owner: upload.owner,
        kind: None,
        length: upload.length,
        received: 0,
        parts: String::new(),
        expires_at: upload.expires_at,
        holder: 0,
    }
}
