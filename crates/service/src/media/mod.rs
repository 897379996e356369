//! Photos that people upload: stored, processed by worker processes, attached to stories, served to those who may see the
//! story, and removed.
//!
//! An upload is stored as it came, and its row is the record of the work that is left. Workers of any node claim that
//! work: they make the files that are served, or remove the files of a deleted medium. Work of a killed process is due
//! again when its claim expires.
//!
//! Every file of a medium is in a folder of its own, and the medium belongs to at most one story. So files are removed
//! with their medium, and no references are counted.

mod process;
mod sweep;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use sosik_feed::{MediaId, PersonId, StoryId};
use sosik_media::storage::{Folder, Name, StorageError};
use sosik_media::{Kind, Refusal, SNIFF_BYTES_MAX};
use sosik_store::{
    MediaDeletion, MediaFacts, MediaKind, MediaQuota, MediaRecord, MediaState, NewMedia,
};
use tokio::sync::Notify;

use crate::core::Core;
use crate::strangers::Strangers;
use crate::{ServiceError, ServiceResult};

pub use sosik_media::limits::PHOTO_BYTES_MAX;
pub use sosik_media::storage::{GetRange, Piece, Storage};
pub use sosik_media::worker::{Program, Settings as WorkerSettings, Workers, main as decode};

/// The ending of files as they were uploaded. They are never served.
const UPLOAD: &str = "up";

/// Photos. Cheap to clone.
#[derive(Clone)]
pub struct Media {
    core: Core,
    strangers: Strangers,
    shared: Arc<Shared>,
}

struct Shared {
    /// Missing if this server keeps no media.
    engine: OnceLock<MediaEngine>,
    /// Wakes a worker when there may be work.
    due: Notify,
}

/// Where files are kept, and what decodes them.
pub struct MediaEngine {
    /// The files.
    pub storage: Storage,
    /// The processes that decode.
    pub workers: Arc<Workers>,
}

/// Why a medium is not accepted, for the person who sends it.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// This server keeps no media.
    #[error("this server takes no photos: post without them")]
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
    #[error("you have stored as many photos as you may: delete some first")]
    Quota,
    /// The disk of the media is nearly full.
    #[error("there is no space for uploads at the moment: try again later")]
    Full,
    /// The person has no such medium.
    #[error("there is no such photo of yours: upload it first")]
    Unknown,
    /// It belongs to a story.
    #[error("the photo belongs to a story already: upload it again for another one")]
    Used,
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
            engine: OnceLock::new(),
            due: Notify::new(),
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

    /// Stores an upload. It is processed soon.
    ///
    /// # Errors
    /// `Media` if it is no photo, too large, or beyond the quota of the person or the disk.
    pub async fn upload(&self, owner: PersonId, file: Bytes) -> ServiceResult<MediaRecord> {
        check_photo(&file)?;
        let this = self.clone();
        self.core
            .run_to_completion(async move { this.store_upload(owner, file).await })
            .await
    }

    async fn store_upload(&self, owner: PersonId, file: Bytes) -> ServiceResult<MediaRecord> {
        let engine = self.engine()?;
        let free = engine.storage.free_bytes();
        if free.is_some_and(|free| free < self.core.settings.media.free_bytes_min) {
            return Err(MediaError::Full.into());
        }
        let id = MediaId::of_owner(owner, self.core.next_id().await?);
        let (folder, bytes) = (folder(id), file.len() as u64);
        let upload = engine.storage.put(folder, file, UPLOAD).await?;
        let media = NewMedia {
            id,
            owner,
            kind: MediaKind::Photo,
            upload: upload.to_string(),
            bytes,
            now: self.core.now(),
        };
        if !self.core.store.add_media(media, self.quota()).await? {
            engine.storage.delete_all(folder).await?;
            return Err(MediaError::Quota.into());
        }
        self.shared.due.notify_one();
        metrics::counter!("sosik_media_uploaded_total").increment(1);
        Ok(MediaRecord {
            id,
            owner,
            story: None,
            kind: MediaKind::Photo,
            state: MediaState::Processing,
            facts: MediaFacts::default(),
            problem: String::new(),
        })
    }

    /// A medium of this person.
    ///
    /// # Errors
    /// `NotFound` if the person has no such medium.
    pub async fn show(&self, owner: PersonId, id: MediaId) -> ServiceResult<MediaRecord> {
        let found = self.core.store.media(id).await?;
        let found = found.filter(|media| media.owner == owner);
        found.ok_or(ServiceError::NotFound("media"))
    }

    /// Deletes a medium that belongs to no story.
    ///
    /// # Errors
    /// `NotFound` if the person has no such medium; `Media` if it belongs to a story.
    pub async fn delete(&self, owner: PersonId, id: MediaId) -> ServiceResult<()> {
        let (store, now) = (&self.core.store, self.core.now());
        let outcome = store.delete_media(id, owner, now).await?;
        self.shared.due.notify_one();
        match outcome {
            MediaDeletion::Deleted => Ok(()),
            MediaDeletion::Used => Err(MediaError::Used.into()),
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
        let mut attachments = story.record.attachments.iter();
        let found = attachments.find(|it| it.facts.files().any(|file| file == name));
        let file = found.and_then(|attachment| {
            Some(MediaFile {
                folder: folder(attachment.media),
                name: Name::parse(name)?,
            })
        });
        file.ok_or(NO_SUCH_FILE)
    }

    /// The content of a file, or a part of it. `None` if it was removed meanwhile.
    ///
    /// # Errors
    /// The storage fails, or the range is outside of the file.
    pub async fn read(
        &self,
        file: &MediaFile,
        range: Option<GetRange>,
    ) -> ServiceResult<Option<Piece>> {
        let storage = &self.engine()?.storage;
        Ok(storage.get_range(file.folder, &file.name, range).await?)
    }

    /// Bytes of a file. `None` if it was removed meanwhile.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn size(&self, file: &MediaFile) -> ServiceResult<Option<u64>> {
        Ok(self.engine()?.storage.size(file.folder, &file.name).await?)
    }

    fn engine(&self) -> ServiceResult<&MediaEngine> {
        let engine = self.shared.engine.get();
        Ok(engine.ok_or(MediaError::Off)?)
    }

    fn quota(&self) -> MediaQuota {
        self.core.settings.media.quota
    }

    /// Makes a worker look for files to remove, after a story was changed or deleted.
    pub(crate) fn notify_workers(&self) {
        self.shared.due.notify_one();
    }
}

impl From<StorageError> for ServiceError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// The first bytes decide what a file is. The worker process finds everything else.
fn check_photo(file: &[u8]) -> Result<(), MediaError> {
    let max = PHOTO_BYTES_MAX;
    if file.len() as u64 > max {
        return Err(MediaError::TooLarge { max });
    }
    if file.is_empty() {
        return Err(MediaError::Kind(Refusal::Empty));
    }
    let head = &file[..file.len().min(SNIFF_BYTES_MAX)];
    match Kind::sniff(head) {
        None => Err(MediaError::Kind(Refusal::Unknown)),
        Some(kind @ (Kind::Heic | Kind::Avif)) => Err(MediaError::Kind(Refusal::NoDecoder(kind))),
        Some(kind) if kind.is_video() => Err(MediaError::Kind(Refusal::WrongKind(kind))),
        Some(_) => Ok(()),
    }
}

fn folder(media: MediaId) -> Folder {
    Folder::of(media.as_u64())
}
