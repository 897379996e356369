//! One request that appends to an upload.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, TryStreamExt};
use sosik_feed::{MediaId, PersonId, Timestamp};
use sosik_media::SNIFF_BYTES_MAX;
use sosik_media::storage::{Name, PART_BYTES_MAX, PART_BYTES_MIN, Parts, WRITERS_MAX};
use sosik_store::{MediaKind, NewMedia, UploadCompleted, UploadHold, UploadProgress, UploadRecord};
use tokio::time::Instant;

use super::checksum::Digesting;
use super::{Appended, Body, HOLD, Interrupted, NO_SUCH_UPLOAD};
use crate::media::{Media, MediaEngine, MediaError, counted_bytes, folder, kind_of, queue_of};
use crate::{ServiceError, ServiceResult};

/// Interval at which arriving bytes extend the hold: a third of [`HOLD`], so that one slow write does not lose it.
const EXTEND_EVERY: Duration = Duration::from_secs(5);

/// A request that holds an upload.
pub(super) struct Append<'a> {
    media: &'a Media,
    engine: &'a MediaEngine,
    /// The record in the store.
    upload: UploadRecord,
    /// All parts so far, including those that are not recorded.
    parts: Parts,
    /// Parts of this request that are not recorded.
    unrecorded: Vec<Name>,
    /// A short last part whose bytes the next part will contain.
    replaced: Option<Name>,
    /// Bytes that are not in a part yet.
    buffer: BytesMut,
    /// True after the first bytes of this request.
    is_begun: bool,
    /// True if the buffer has bytes of this request.
    is_new: bool,
    /// Bytes of the upload that arrived, including those in the buffer.
    arrived: u64,
    /// The first bytes of the file, if this request begins there.
    head: Vec<u8>,
    digest: Option<Digesting>,
    extended: Instant,
}

/// Whether the request keeps its hold on the upload.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Continue,
    End,
}

impl<'a> Append<'a> {
    /// Appends a body.
    pub(super) async fn run<S>(
        media: &'a Media,
        owner: PersonId,
        id: MediaId,
        offset: u64,
        body: Body<S>,
    ) -> ServiceResult<Appended>
    where
        S: Stream<Item = Result<Bytes, Interrupted>> + Send + Unpin,
    {
        let upload = hold(media, owner, id).await?;
        let digest = body.checksum.map(super::Checksum::begin);
        let mut append = Self::new(media, upload, digest)?;
        let outcome = append.receive(offset, body.pieces).await;
        if outcome.is_err() {
            append.give_up().await;
        }
        outcome
    }

    fn new(
        media: &'a Media,
        upload: UploadRecord,
        digest: Option<Digesting>,
    ) -> ServiceResult<Self> {
        Ok(Self {
            media,
            engine: media.engine()?,
            parts: Parts::parse(&upload.parts).unwrap_or_default(),
            unrecorded: Vec::new(),
            replaced: None,
            buffer: BytesMut::new(),
            is_begun: false,
            is_new: false,
            arrived: upload.received,
            head: Vec::new(),
            digest,
            extended: Instant::now(),
            upload,
        })
    }

    async fn receive<S>(&mut self, offset: u64, mut pieces: S) -> ServiceResult<Appended>
    where
        S: Stream<Item = Result<Bytes, Interrupted>> + Send + Unpin,
    {
        if self.upload.received != offset {
            let received = self.upload.received;
            return Err(MediaError::UploadOffset { received }.into());
        }
        let mut interrupted = None;
        while let Some(piece) = pieces.next().await {
            match piece {
                Ok(piece) => self.add(piece).await?,
                Err(why) => {
                    interrupted = Some(why);
                    break;
                }
            }
        }
        self.finish(interrupted).await?;
        Ok(Appended {
            upload: self.upload.clone(),
            interrupted,
        })
    }

    /// Reads a short last part into the buffer, so that it is stored again together with the new bytes. Reads it in
    /// pieces: the request has reserved memory for one part.
    async fn take_up_last_part(&mut self) -> ServiceResult<()> {
        let Some(last) = self.parts.names().last().cloned() else {
            return Ok(());
        };
        let (storage, folder) = (&self.engine.storage, folder(self.upload.id));
        let size = storage.size(folder, &last).await?;
        if size.is_some_and(|size| size >= PART_BYTES_MIN as u64) {
            return Ok(());
        }
        let content = storage.stream(folder, &last, None).await?;
        let content = content.ok_or(ServiceError::Failed("a part of an upload is missing"))?;
        self.buffer = self.part_buffer();
        let mut pieces = content.pieces;
        while let Some(piece) = pieces.try_next().await? {
            self.buffer.extend_from_slice(&piece);
        }
        self.parts.pop();
        self.replaced = Some(last);
        if self.parts.names().is_empty() {
            let head = self.buffer.len().min(SNIFF_BYTES_MAX);
            self.head = self.buffer[..head].to_vec();
        }
        Ok(())
    }

    /// Adds bytes of the body. Stores each part that becomes full.
    async fn add(&mut self, mut piece: Bytes) -> ServiceResult<()> {
        if piece.len() as u64 > self.upload.length - self.arrived {
            let length = self.upload.length;
            return Err(MediaError::UploadTooLong { length }.into());
        }
        if !self.is_begun {
            self.is_begun = true;
            self.take_up_last_part().await?;
        }
        if let Some(digest) = &mut self.digest {
            digest.update(&piece);
        }
        if self.arrived == self.head.len() as u64 {
            self.note_head(&piece);
            self.refuse_early()?;
        }
        while !piece.is_empty() {
            self.buffer_some(&mut piece);
            if self.buffer.len() == PART_BYTES_MAX {
                self.store_part().await?;
            }
        }
        if self.extended.elapsed() >= EXTEND_EVERY {
            self.record(Then::Continue).await?;
        }
        Ok(())
    }

    /// Moves bytes into the buffer, up to the maximum of a part.
    fn buffer_some(&mut self, piece: &mut Bytes) {
        if self.buffer.capacity() == 0 {
            self.buffer = self.part_buffer();
        }
        let room = PART_BYTES_MAX - self.buffer.len();
        let some = piece.split_to(room.min(piece.len()));
        self.buffer.extend_from_slice(&some);
        self.arrived += some.len() as u64;
        self.is_new = true;
    }

    /// A buffer with enough capacity for the next part, so that it never grows.
    fn part_buffer(&self) -> BytesMut {
        let missing = self.upload.length - self.upload.received;
        let missing = usize::try_from(missing).unwrap_or(PART_BYTES_MAX);
        let most = missing.saturating_add(PART_BYTES_MIN);
        BytesMut::with_capacity(most.min(PART_BYTES_MAX))
    }

    fn note_head(&mut self, bytes: &[u8]) {
        let room = SNIFF_BYTES_MAX - self.head.len();
        self.head.extend(bytes.iter().take(room));
    }

    /// Refuses a file as soon as enough bytes arrived to determine its kind. A body with a checksum is checked after
    /// the checksum, because its bytes may be damaged.
    fn refuse_early(&mut self) -> ServiceResult<()> {
        let is_enough = self.head.len() == SNIFF_BYTES_MAX;
        if is_enough && self.digest.is_none() {
            self.judge()?;
        }
        Ok(())
    }

    /// Determines the kind of the file from its first bytes, unless it is known.
    fn judge(&mut self) -> ServiceResult<MediaKind> {
        let kind = match self.upload.kind {
            Some(kind) => kind,
            None => kind_of(&self.head, self.upload.length)?,
        };
        self.upload.kind = Some(kind);
        Ok(kind)
    }

    async fn store_part(&mut self) -> ServiceResult<()> {
        self.media.require_space(self.engine, 0)?;
        let (folder, writer) = (folder(self.upload.id), self.upload.holder);
        let bytes = std::mem::take(&mut self.buffer).freeze();
        let name = self.engine.storage.put_part(folder, bytes, writer).await?;
        self.is_new = false;
        self.unrecorded.push(name.clone());
        self.parts.push(name);
        if self.digest.is_none() && !self.is_whole() {
            self.record(Then::Continue).await?;
        }
        Ok(())
    }

    /// True if all bytes of the upload arrived. They are recorded together with the medium.
    fn is_whole(&self) -> bool {
        self.arrived == self.upload.length
    }

    /// Stores and records what is left at the end of the body.
    async fn finish(&mut self, interrupted: Option<Interrupted>) -> ServiceResult<()> {
        if let Some(digest) = self.digest.take() {
            if interrupted.is_some() {
                self.give_up().await;
                return Ok(());
            }
            if !digest.matches_expected() {
                return Err(MediaError::UploadChecksum.into());
            }
        }
        if self.is_whole() || self.head.len() == SNIFF_BYTES_MAX {
            self.judge()?;
        }
        if self.is_new {
            self.store_part().await?;
        }
        match self.is_whole() {
            true => self.complete().await,
            false => self.record(Then::End).await,
        }
    }

    /// Records the stored parts, without the bytes in the buffer.
    async fn record(&mut self, then: Then) -> ServiceResult<()> {
        let now = self.media.core.now();
        let is_current = self.is_current();
        let progress = UploadProgress {
            id: self.upload.id,
            holder: self.upload.holder,
            kind: self.upload.kind,
            received: match is_current {
                true => self.upload.received,
                false => self.arrived - self.buffer.len() as u64,
            },
            parts: match is_current {
                true => self.upload.parts.clone(),
                false => self.parts.to_string(),
            },
            expires_at: self.media.upload_expires_at(),
            held_until: match then {
                Then::Continue => now.plus(HOLD),
                Then::End => Timestamp::default(),
            },
        };
        self.keep(progress).await?;
        self.extended = Instant::now();
        if !is_current {
            self.unrecorded.clear();
            self.delete_replaced().await;
        }
        Ok(())
    }

    /// True while the record must not change: a checksum is not compared yet, a replaced part is still needed, or the
    /// upload becomes a medium.
    fn is_current(&self) -> bool {
        self.digest.is_some() || self.replaced_is_needed() || self.is_whole()
    }

    /// True while no stored part contains the bytes of the replaced part.
    fn replaced_is_needed(&self) -> bool {
        self.replaced.is_some() && self.unrecorded.is_empty()
    }

    async fn keep(&mut self, progress: UploadProgress) -> ServiceResult<()> {
        let (received, parts) = (progress.received, progress.parts.clone());
        let expires_at = progress.expires_at;
        if !self.media.core.store.keep_upload(progress).await? {
            return Err(MediaError::UploadBusy.into());
        }
        self.upload.received = received;
        self.upload.parts = parts;
        self.upload.expires_at = expires_at;
        Ok(())
    }

    /// Turns the upload into a medium.
    async fn complete(&mut self) -> ServiceResult<()> {
        let media = NewMedia {
            id: self.upload.id,
            owner: self.upload.owner,
            kind: self.judge()?,
            upload: self.parts.to_string(),
            bytes: counted_bytes(self.judge()?, self.upload.length),
            now: self.media.core.now(),
        };
        let queue = queue_of(media.kind);
        let (store, quota) = (&self.media.core.store, self.media.quota());
        let completed = store.complete_upload(self.upload.holder, media, quota);
        match completed.await? {
            UploadCompleted::Completed => {}
            UploadCompleted::Lost => return Err(MediaError::UploadBusy.into()),
            UploadCompleted::Quota => return Err(MediaError::Quota.into()),
            UploadCompleted::VideosWait => return Err(self.media.videos_wait().into()),
        }
        self.upload.received = self.upload.length;
        self.unrecorded.clear();
        self.delete_replaced().await;
        self.media.shared.due(queue).notify_one();
        metrics::counter!("sosik_media_uploaded_total").increment(1);
        Ok(())
    }

    /// Deletes the replaced part, which no record refers to any more. If that fails, it is deleted with the upload.
    async fn delete_replaced(&mut self) {
        if let Some(name) = self.replaced.take() {
            self.delete_part(&name).await;
        }
    }

    /// Ends the hold, and deletes the parts that are not recorded. If the store fails they stay, because a failed write
    /// may have recorded them. Two equal parts of one request are one file, so a name may also be a recorded one.
    async fn give_up(&mut self) {
        let ended = UploadProgress {
            id: self.upload.id,
            holder: self.upload.holder,
            kind: self.upload.kind,
            received: self.upload.received,
            parts: self.upload.parts.clone(),
            expires_at: self.upload.expires_at,
            held_until: Timestamp::default(),
        };
        match self.media.core.store.keep_upload(ended).await {
            Ok(true) => self.delete_unrecorded().await,
            Ok(false) => self.delete_if_dropped().await,
            // The hold expires.
            Err(_logged) => {}
        }
    }

    async fn delete_unrecorded(&mut self) {
        let recorded = Parts::parse(&self.upload.parts).unwrap_or_default();
        for name in std::mem::take(&mut self.unrecorded) {
            if !recorded.names().contains(&name) {
                self.delete_part(&name).await;
            }
        }
    }

    /// Deletes all files if the upload was deleted while this request stored a part.
    async fn delete_if_dropped(&self) {
        if let Err(error) = self.try_delete_if_dropped().await {
            tracing::debug!(%error, "the parts of a deleted upload stay until the next listing of files");
        }
    }

    async fn try_delete_if_dropped(&self) -> ServiceResult<()> {
        let (store, id) = (&self.media.core.store, self.upload.id);
        if store.upload(id).await?.is_none() && store.known_media(&[id]).await?.is_empty() {
            self.engine.storage.delete_all(folder(id)).await?;
        }
        Ok(())
    }

    /// Deletes a part. If that fails, it is deleted with the upload.
    async fn delete_part(&self, name: &Name) {
        let storage = &self.engine.storage;
        if let Err(error) = storage.delete(folder(self.upload.id), name).await {
            tracing::debug!(%error, "a part of an upload stays until the upload ends");
        }
    }
}

async fn hold(media: &Media, owner: PersonId, id: MediaId) -> ServiceResult<UploadRecord> {
    let now = media.core.now();
    let store = &media.core.store;
    match store.hold_upload(id, owner, now, now.plus(HOLD)).await? {
        UploadHold::Held(upload) if upload.holder > WRITERS_MAX => {
            Err(MediaError::UploadSpent.into())
        }
        UploadHold::Held(upload) => Ok(upload),
        UploadHold::Busy => Err(MediaError::UploadBusy.into()),
        UploadHold::Unknown => Err(NO_SUCH_UPLOAD),
    }
}
