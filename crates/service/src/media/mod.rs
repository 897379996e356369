//! Photos and videos that people upload for stories and as avatars: stored, processed by worker processes, attached to
//! stories, served to those who may see the story or the person, and removed. Link previews are served the same way.
//!
//! An upload is stored as it came, and its row is the record of the work that is left. Workers of any node claim that
//! work: they make the files that are served, or remove the files of a deleted medium. Work of a killed process is due
//! again when its claim expires.
//! An upload arrives in one request, or in several (see [`Media::begin_upload`]).
//!
//! Every file of a medium is in a folder of its own, and the medium belongs to at most one story or person. So files are
//! removed with their medium, and no references are counted.

mod avatar;
mod claims;
mod files;
mod link;
mod process;
mod sweep;
mod uploads;
mod verify;
mod video;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use sosik_feed::{MediaId, PersonId, StoryId, Timestamp};
use sosik_media::storage::{Folder, Name, StorageError};
use sosik_media::{Kind, Refusal, SNIFF_BYTES_MAX};
use sosik_store::{
    MediaAdded, MediaDeletion, MediaFacts, MediaKind, MediaQueue, MediaQuota, MediaRecord,
    MediaState, NewAttachment, NewMedia, StoryRecord,
};
use tokio::sync::Notify;

use crate::core::Core;
use crate::core::invalidate::{Change, position_of};
use crate::strangers::Strangers;
use crate::{ServiceError, ServiceResult};

pub use sosik_media::limits::{PHOTO_BYTES_MAX, VIDEO_BYTES_MAX, VIDEO_WORK_BYTES_MAX};
pub use sosik_media::preview;
pub use sosik_media::storage::{
    Bucket, Content, GetRange, PART_BYTES_MAX, PART_BYTES_MIN, STREAM_PIECE_BYTES, Storage,
};
pub use sosik_media::video::{Ffmpeg, Videos, WorkFolder};
pub use sosik_media::worker::{Program, Settings as WorkerSettings, Workers, main as decode};

pub use uploads::{
    Appended, Body, CHECKSUM_ALGORITHMS, Checksum, HOLD, Interrupted, UPLOAD_BYTES_MAX,
};
pub use verify::{FileFinding, FilesCompared};
pub use video::VideoEngine;

/// Photos and videos. Cheap to clone.
#[derive(Clone)]
pub struct Media {
    core: Core,
    strangers: Strangers,
    shared: Arc<Shared>,
}

struct Shared {
    /// When this process started. Older files that are not complete are from the one before.
    started_at: Timestamp,
    /// Missing if this server keeps no media.
    engine: OnceLock<MediaEngine>,
    /// Wakes a worker when there may be work.
    due: Notify,
    /// Wakes a worker for videos.
    videos_due: Notify,
    /// Wakes the task that makes previews when there may be work.
    previews_due: Notify,
    hosts: link::Hosts,
    files: files::FileCache,
}

impl Shared {
    const fn due(&self, queue: MediaQueue) -> &Notify {
        match queue {
            MediaQueue::Short => &self.due,
            MediaQueue::Videos => &self.videos_due,
        }
    }
}

/// The storage of the files, and the processes that make them.
pub struct MediaEngine {
    /// The files.
    pub storage: Storage,
    /// The processes that decode photos.
    pub workers: Arc<Workers>,
    /// The workers of videos and their folder.
    pub video: VideoEngine,
    /// Fetches the pages of links. Without it stories have no previews.
    pub fetcher: Option<Arc<preview::Fetcher>>,
}

/// Why a medium is not accepted, for the person who sends it.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// This server keeps no media.
    #[error("this server takes no photos and videos: post without them")]
    Off,
    /// Nothing that this server can show.
    #[error("{0}")]
    Kind(Refusal),
    /// More bytes than allowed.
    #[error("the file is too large: at most {max} bytes are allowed")]
    TooLarge {
        /// Most bytes.
        max: u64,
    },
    /// The person stored as much as allowed.
    #[error("you have stored as many photos and videos as you may: delete some first")]
    Quota,
    /// The person has the maximum number of videos that are not processed yet.
    #[error("{max} videos of yours are being prepared: send this one when one of them is ready")]
    VideosWait {
        /// Most videos.
        max: u32,
    },
    /// The disk of the media is nearly full.
    #[error("there is no space for uploads at the moment: try again later")]
    Full,
    /// The person has no such medium.
    #[error("there is no such photo or video of yours: upload it first")]
    Unknown,
    /// It is an upload that is not complete.
    #[error("the upload is not complete: send the rest of the file first")]
    Unfinished,
    /// The person has as many incomplete uploads as allowed.
    #[error("{max} uploads of yours are not complete: complete or delete one first")]
    UploadsTooMany {
        /// Most incomplete uploads.
        max: u32,
    },
    /// The upload has another number of bytes than the request continues from.
    #[error("{received} bytes of the upload have arrived: continue from there")]
    UploadOffset {
        /// Bytes that are stored.
        received: u64,
    },
    /// Another request appends to the upload.
    #[error("another request sends this upload: wait until it ends, and ask for the offset again")]
    UploadBusy,
    /// The bytes of a request do not have the checksum that came with them.
    #[error("the bytes do not have their checksum, so they are dropped: send them again")]
    UploadChecksum,
    /// More bytes than the length of the upload.
    #[error(
        "the upload has a length of {length} bytes, and the request has more: send the rest only"
    )]
    UploadTooLong {
        /// Bytes of the whole file.
        length: u64,
    },
    /// The maximum number of requests that append to one upload is reached.
    #[error("the upload was continued too often: begin a new one with larger pieces")]
    UploadSpent,
    /// It belongs to a story.
    #[error("the file belongs to a story already: upload it again for another one")]
    Used,
    /// It belongs to a story or is the avatar of its owner, so it is not deleted by itself.
    #[error("the photo is shown: remove it from its story or your profile")]
    Shown,
}

/// A file that a reader may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaFile {
    folder: Folder,
    /// Its name: the digest of its content, and an ending.
    pub name: Name,
}

impl Media {
    pub(crate) fn new(core: Core, strangers: Strangers) -> Self {
        let shared = Shared {
            started_at: core.now(),
            engine: OnceLock::new(),
            due: Notify::new(),
            videos_due: Notify::new(),
            previews_due: Notify::new(),
            hosts: link::Hosts::default(),
            files: files::FileCache::new(core.settings.media.cache_bytes),
        };
        Self {
            core,
            strangers,
            shared: Arc::new(shared),
        }
    }

    /// Begins to accept uploads, and starts the workers. Later calls change nothing.
    pub fn open(&self, engine: MediaEngine) {
        if self.shared.engine.set(engine).is_ok() {
            self.spawn_workers();
        }
    }

    /// Opens the files for a comparison only. This service accepts and processes no media.
    pub fn attach(&self, engine: MediaEngine) {
        let _first = self.shared.engine.set(engine);
    }

    /// Stores an upload. It is processed soon.
    ///
    /// # Errors
    /// `Media` if it is no photo or video, too large, or beyond the quota of the person or the disk.
    pub async fn upload(&self, owner: PersonId, file: Bytes) -> ServiceResult<MediaRecord> {
        let kind = kind_of(&file, file.len() as u64)?;
        let this = self.clone();
        self.core
            .run_to_completion(async move { this.store_upload(owner, kind, file).await })
            .await
    }

    async fn store_upload(
        &self,
        owner: PersonId,
        kind: MediaKind,
        file: Bytes,
    ) -> ServiceResult<MediaRecord> {
        let engine = self.engine()?;
        self.require_space(engine, 0)?;
        let id = MediaId::of_owner(owner, self.core.next_id().await?);
        let (folder, bytes) = (folder(id), file.len() as u64);
        let upload = engine.storage.put_upload(folder, file).await?;
        let media = NewMedia {
            id,
            owner,
            kind,
            upload: upload.to_string(),
            bytes: counted_bytes(kind, bytes),
            now: self.core.now(),
        };
        let refused = match self.core.store.add_media(media, self.quota()).await? {
            MediaAdded::Added => None,
            MediaAdded::Quota => Some(MediaError::Quota),
            MediaAdded::VideosWait => Some(self.videos_wait()),
        };
        if let Some(refused) = refused {
            engine.storage.delete_all(folder).await?;
            return Err(refused.into());
        }
        self.shared.due(queue_of(kind)).notify_one();
        metrics::counter!("sosik_media_uploaded_total").increment(1);
        Ok(MediaRecord {
            id,
            owner,
            story: None,
            kind,
            state: MediaState::Processing,
            facts: MediaFacts::default(),
            problem: String::new(),
        })
    }

    /// Attaches media of the author to a story without media, and does not mark it as edited: for stories that were
    /// stored before their photos existed. Returns `false` and changes nothing if the author has no such story, or if
    /// it has media.
    ///
    /// # Errors
    /// `Media` if the author has no such medium, or another story has it.
    pub async fn attach_to_filled(
        &self,
        author: PersonId,
        story: StoryId,
        attachments: Vec<NewAttachment>,
    ) -> ServiceResult<bool> {
        let this = self.clone();
        self.core
            .run_to_completion(async move {
                let store = &this.core.store;
                let answer = store.attach_media(author, story, attachments).await;
                let changes = [Change::Story(story)];
                this.core.invalidate(position_of(&answer), changes).await;
                Ok(answer?.value)
            })
            .await
    }

    /// A medium of this person. An avatar is ready when the profile shows it.
    ///
    /// # Errors
    /// `NotFound` if the person has no such medium.
    pub async fn show(&self, owner: PersonId, id: MediaId) -> ServiceResult<MediaRecord> {
        let found = self.core.store.media(id).await?;
        let found = found.filter(|media| media.owner == owner);
        let mut found = found.ok_or(ServiceError::NotFound("media"))?;
        if found.kind == MediaKind::Avatar
            && found.state == MediaState::Ready
            && !self.is_avatar(owner, id).await?
        {
            found.state = MediaState::Processing;
        }
        Ok(found)
    }

    /// Deletes a medium that belongs to no story and is no avatar.
    ///
    /// # Errors
    /// `NotFound` if the person has no such medium; `Media` if it belongs to a story or is their avatar.
    pub async fn delete(&self, owner: PersonId, id: MediaId) -> ServiceResult<()> {
        let (store, now) = (&self.core.store, self.core.now());
        let outcome = store.delete_media(id, owner, now).await?;
        self.shared.due.notify_one();
        match outcome {
            MediaDeletion::Deleted => Ok(()),
            MediaDeletion::Used => Err(MediaError::Shown.into()),
            MediaDeletion::Unknown => Err(ServiceError::NotFound("media")),
        }
    }

    /// A file of a story, if the reader may see the story now; `None` is a reader without an account. It is decided from
    /// the caches of this node.
    ///
    /// # Errors
    /// `NotFound` if the reader may not see the story, or if it has no such file.
    pub async fn file(
        &self,
        reader: Option<PersonId>,
        story: StoryId,
        name: &str,
    ) -> ServiceResult<MediaFile> {
        const NO_SUCH_FILE: ServiceError = ServiceError::NotFound("file");
        let visible = match reader {
            Some(reader) => self.core.require_visible(reader, story).await,
            None => self.strangers.story(story).await.map(|item| item.story),
        };
        let story = visible.map_err(|error| match error {
            ServiceError::NotFound(_) => NO_SUCH_FILE,
            other => other,
        })?;
        let file = folder_of(&story.record, name).and_then(|medium| {
            Some(MediaFile {
                folder: folder(medium),
                name: Name::parse(name)?,
            })
        });
        file.ok_or(NO_SUCH_FILE)
    }

    /// A part of a file, read while it is consumed. `None` if the file was removed meanwhile.
    ///
    /// # Errors
    /// The storage fails, or the range is outside of the file.
    pub async fn read_part(
        &self,
        file: &MediaFile,
        range: GetRange,
    ) -> ServiceResult<Option<Content>> {
        let storage = &self.engine()?.storage;
        Ok(storage.stream(file.folder, &file.name, Some(range)).await?)
    }

    /// Bytes of a file. `None` if it was removed meanwhile.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn size(&self, file: &MediaFile) -> ServiceResult<Option<u64>> {
        Ok(self.engine()?.storage.size(file.folder, &file.name).await?)
    }

    /// The program that converts videos. `None` if it is not installed or this node takes no uploads.
    pub fn ffmpeg(&self) -> Option<&Ffmpeg> {
        self.shared.engine.get()?.video.videos.ffmpeg()
    }

    /// Whether this node takes uploads.
    pub fn is_on(&self) -> bool {
        self.shared.engine.get().is_some()
    }

    fn engine(&self) -> ServiceResult<&MediaEngine> {
        let engine = self.shared.engine.get();
        Ok(engine.ok_or(MediaError::Off)?)
    }

    fn videos_wait(&self) -> MediaError {
        let max = self.quota().videos_waiting_max;
        MediaError::VideosWait { max }
    }

    fn quota(&self) -> MediaQuota {
        self.core.settings.media.quota
    }

    /// Makes the workers look for work, after a story was posted, changed or deleted.
    pub(crate) fn notify_workers(&self) {
        self.shared.due.notify_one();
        self.shared.previews_due.notify_one();
    }
}

impl From<StorageError> for ServiceError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// The kind of an upload of `bytes` bytes that begins with `head`. Only the first bytes decide. The worker process
/// checks everything else.
fn kind_of(head: &[u8], bytes: u64) -> Result<MediaKind, MediaError> {
    if bytes == 0 {
        return Err(MediaError::Kind(Refusal::Empty));
    }
    let head = &head[..head.len().min(SNIFF_BYTES_MAX)];
    let kind = match Kind::sniff(head) {
        None => return Err(MediaError::Kind(Refusal::Unknown)),
        Some(kind @ (Kind::Heic | Kind::Avif)) => {
            return Err(MediaError::Kind(Refusal::NoDecoder(kind)));
        }
        Some(kind) if kind.is_video() => MediaKind::Video,
        Some(_) => MediaKind::Photo,
    };
    let max = bytes_max(kind);
    if bytes > max {
        return Err(MediaError::TooLarge { max });
    }
    Ok(kind)
}

/// Checks the upload of an avatar, which must be a photo.
fn check_photo(file: &[u8]) -> Result<(), MediaError> {
    let head = &file[..file.len().min(SNIFF_BYTES_MAX)];
    if let Some(kind) = Kind::sniff(head).filter(|kind| kind.is_video()) {
        return Err(MediaError::Kind(Refusal::WrongKind(kind)));
    }
    kind_of(head, file.len() as u64).map(|_photo| ())
}

/// Bytes of an upload of this kind.
const fn bytes_max(kind: MediaKind) -> u64 {
    match kind {
        MediaKind::Photo | MediaKind::Avatar => PHOTO_BYTES_MAX,
        MediaKind::Video => VIDEO_BYTES_MAX,
    }
}

/// Bytes that an upload takes from the quota until it is processed. A video takes the maximum, because its result may
/// be larger than the upload.
const fn counted_bytes(kind: MediaKind, bytes: u64) -> u64 {
    match kind {
        MediaKind::Video if bytes < VIDEO_BYTES_MAX => VIDEO_BYTES_MAX,
        MediaKind::Photo | MediaKind::Avatar | MediaKind::Video => bytes,
    }
}

/// Bytes that an upload of this length takes from the quota at least when it is complete. Longer than a photo, it can
/// only be a video.
const fn reserved_bytes(length: u64) -> u64 {
    let kind = if length > PHOTO_BYTES_MAX {
        MediaKind::Video
    } else {
        MediaKind::Photo
    };
    counted_bytes(kind, length)
}

/// The queue in which an upload of this kind is processed.
const fn queue_of(kind: MediaKind) -> MediaQueue {
    match kind {
        MediaKind::Photo | MediaKind::Avatar => MediaQueue::Short,
        MediaKind::Video => MediaQueue::Videos,
    }
}

/// The folder of a file that a story shows: the folder of an attachment or of its link preview.
fn folder_of(story: &StoryRecord, name: &str) -> Option<MediaId> {
    let shows = |facts: &MediaFacts| facts.files().any(|file| file == name);
    let attachment = story.attachments.iter().find(|it| shows(&it.facts));
    let link = story.link.as_ref();
    let link = link.filter(|link| link.card.picture.as_ref().is_some_and(shows));
    let attached = attachment.map(|attachment| attachment.media);
    attached.or_else(|| link.map(|link| link.folder))
}

fn folder(media: MediaId) -> Folder {
    Folder::of(media.as_u64())
}
