//! Compares the files in the storage with the rows that refer to them, in both directions.
//! Files change while a server runs. So a file that looks wrong is checked again before it is reported. Files that a
//! worker or the sweep will remove are counted separately and are not findings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use futures::StreamExt;
use sosik_feed::{CommitPosition, MediaId, StoryId};
use sosik_media::storage::{Entry, Name, Storage};
use sosik_store::MediaFiles;

use super::sweep::ORPHAN_AGE;
use super::{Media, folder};
use crate::ServiceResult;

/// Number of rows, or of media with files, that are looked up together.
const STEP: usize = 200;

/// Counts of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FilesCompared {
    /// Media, link previews and incomplete uploads.
    pub media: u64,
    /// Files whose content has the digest in their names.
    pub intact: u64,
    /// Files in the storage.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that a worker or the sweep will remove: of uploads that are processed or were interrupted, and of deleted
    /// media.
    pub pending: u64,
}

/// A difference between a file and the rows, or a damaged file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFinding {
    /// A medium refers to a file that does not exist.
    Missing(MediaId, String),
    /// The content of a file does not have the digest of its name.
    Damaged(MediaId, String),
    /// A story shows a file that its medium does not have.
    Stray(StoryId, String),
    /// Nothing refers to a file.
    Unused(MediaId, String),
    /// The name of a file in the storage is not one that this server writes.
    Foreign(String),
}

impl FileFinding {
    /// The kind of the finding, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing(..) => "missing",
            Self::Damaged(..) => "damaged",
            Self::Stray(..) => "stray",
            Self::Unused(..) => "unused",
            Self::Foreign(_) => "foreign",
        }
    }
}

impl fmt::Display for FileFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(media, file) => write!(f, "medium {media}: {file} is missing"),
            Self::Damaged(media, file) => write!(f, "medium {media}: {file} is damaged"),
            Self::Stray(story, file) => {
                write!(f, "story {story}: {file} is no file of its attachment")
            }
            Self::Unused(media, file) => write!(f, "medium {media}: nothing refers to {file}"),
            Self::Foreign(path) => write!(f, "{path} is no file of this server"),
        }
    }
}

impl Media {
    /// Compares all files with all rows. Calls `found` for each finding. Reads every file.
    ///
    /// # Errors
    /// The store or the storage fails, `found` does, or this server keeps no media.
    pub async fn compare_files(
        &self,
        mut found: impl FnMut(FileFinding),
    ) -> ServiceResult<FilesCompared> {
        let mut numbers = FilesCompared::default();
        self.compare_media(&mut numbers, &mut found).await?;
        self.compare_previews(&mut numbers, &mut found).await?;
        self.compare_uploads(&mut numbers, &mut found).await?;
        self.compare_stored(&mut numbers, &mut found).await?;
        Ok(numbers)
    }

    async fn compare_media(
        &self,
        numbers: &mut FilesCompared,
        found: &mut impl FnMut(FileFinding),
    ) -> ServiceResult<()> {
        let mut after = MediaId::from_u64(0);
        loop {
            let step = self.core.store.media_files_after(after, limit()).await?;
            let Some(last) = step.last() else {
                return Ok(());
            };
            after = last.media;
            for media in &step {
                numbers.media += 1;
                self.compare_names(media, numbers, found).await?;
            }
            self.compare_stories(&step, found).await?;
        }
    }

    async fn compare_previews(
        &self,
        numbers: &mut FilesCompared,
        found: &mut impl FnMut(FileFinding),
    ) -> ServiceResult<()> {
        let store = &self.core.store;
        let mut after = MediaId::from_u64(0);
        loop {
            let step = store.preview_files_after(after, limit()).await?;
            let Some(last) = step.last() else {
                return Ok(());
            };
            after = last.media;
            for preview in &step {
                numbers.media += 1;
                self.compare_names(preview, numbers, found).await?;
            }
        }
    }

    async fn compare_names(
        &self,
        media: &MediaFiles,
        numbers: &mut FilesCompared,
        found: &mut impl FnMut(FileFinding),
    ) -> ServiceResult<()> {
        for file in &media.names {
            let Some(name) = Name::parse(file) else {
                found(FileFinding::Missing(media.media, file.clone()));
                continue;
            };
            match state_of(&self.engine()?.storage, media.media, &name).await? {
                None => numbers.intact += 1,
                Some(wrong) if self.still_has(media.media, file).await? => found(wrong),
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// True if a medium refers to a file now.
    async fn still_has(&self, media: MediaId, file: &str) -> ServiceResult<bool> {
        let found = self.files_of(&[media]).await?;
        Ok(found
            .iter()
            .any(|it| it.names.iter().any(|name| name == file)))
    }

    /// The files of media and of previews with these ids.
    async fn files_of(&self, ids: &[MediaId]) -> ServiceResult<Vec<MediaFiles>> {
        let mut files = self.core.store.media_files(ids).await?;
        files.extend(self.core.store.preview_files(ids).await?);
        Ok(files)
    }

    /// Compares the files in the rows of stories with those of their media: a story's row has a copy of the names.
    async fn compare_stories(
        &self,
        step: &[MediaFiles],
        found: &mut impl FnMut(FileFinding),
    ) -> ServiceResult<()> {
        let stories: BTreeSet<_> = step.iter().filter_map(|media| media.story).collect();
        let stories: Vec<_> = stories.into_iter().collect();
        let stories = self
            .core
            .store
            .stories(&stories, CommitPosition::LATEST)
            .await?;
        for story in &stories {
            for attachment in &story.attachments {
                let of_medium = step.iter().find(|media| media.media == attachment.media);
                for file in attachment.facts.files() {
                    let is_stray =
                        of_medium.is_some_and(|it| !it.names.iter().any(|name| name == file));
                    if is_stray && !self.still_has(attachment.media, file).await? {
                        found(FileFinding::Stray(story.id, file.to_owned()));
                    }
                }
            }
        }
        Ok(())
    }

    async fn compare_uploads(
        &self,
        numbers: &mut FilesCompared,
        found: &mut impl FnMut(FileFinding),
    ) -> ServiceResult<()> {
        let mut after = MediaId::from_u64(0);
        loop {
            let step = self.core.store.uploads_after(after, limit()).await?;
            let Some(last) = step.last() else {
                return Ok(());
            };
            after = last.id;
            for upload in step.iter().filter(|upload| !upload.is_complete()) {
                numbers.media += 1;
                for name in upload.parts.split(' ').filter_map(Name::parse) {
                    let wrong = state_of(&self.engine()?.storage, upload.id, &name).await?;
                    let now = self.core.store.upload(upload.id).await?;
                    match wrong {
                        None => numbers.intact += 1,
                        Some(wrong) if now.as_ref() == Some(upload) => found(wrong),
                        Some(_) => {}
                    }
                }
            }
        }
    }

    async fn compare_stored(
        &self,
        numbers: &mut FilesCompared,
        found: &mut impl FnMut(FileFinding),
    ) -> ServiceResult<()> {
        let now = Duration::from_millis(self.core.now().as_millis());
        let storage = &self.engine()?.storage;
        let mut entries = std::pin::pin!(storage.list(now));
        let mut step: BTreeMap<MediaId, Vec<(Name, Duration)>> = BTreeMap::new();
        while let Some(entry) = entries.next().await {
            match entry? {
                Entry::Foreign(path) => found(FileFinding::Foreign(path)),
                Entry::File(file) => {
                    numbers.files += 1;
                    numbers.bytes += file.bytes;
                    let media = MediaId::from_u64(file.folder.medium());
                    step.entry(media).or_default().push((file.name, file.age));
                }
            }
            if step.len() >= STEP {
                self.compare_step(std::mem::take(&mut step), numbers, found)
                    .await?;
            }
        }
        self.compare_step(step, numbers, found).await
    }

    async fn compare_step(
        &self,
        step: BTreeMap<MediaId, Vec<(Name, Duration)>>,
        numbers: &mut FilesCompared,
        found: &mut impl FnMut(FileFinding),
    ) -> ServiceResult<()> {
        let ids: Vec<_> = step.keys().copied().collect();
        let rows = self.files_of(&ids).await?;
        let mut known = self.core.store.known_media(&ids).await?;
        known.extend(self.core.store.known_folders(&ids).await?);
        for (media, files) in step {
            let row = rows.iter().find(|row| row.media == media);
            for (name, age) in files {
                match purpose(row, known.contains(&media), &name, age) {
                    Purpose::Used => {}
                    Purpose::Pending => numbers.pending += 1,
                    Purpose::None => found(FileFinding::Unused(media, name.to_string())),
                }
            }
        }
        Ok(())
    }
}

/// Why a file exists.
enum Purpose {
    Used,
    Pending,
    None,
}

fn purpose(row: Option<&MediaFiles>, is_known: bool, name: &Name, age: Duration) -> Purpose {
    let is_young = age < ORPHAN_AGE;
    match row {
        Some(row) if row.names.iter().any(|it| it == name.as_str()) => Purpose::Used,
        Some(row) if !row.is_settled || name.is_upload() && is_young => Purpose::Pending,
        None if is_known || is_young => Purpose::Pending,
        Some(_) | None => Purpose::None,
    }
}

/// Checks that a file exists and has the digest in its name. `None` if it is intact.
async fn state_of(
    storage: &Storage,
    media: MediaId,
    name: &Name,
) -> ServiceResult<Option<FileFinding>> {
    let folder = folder(media);
    Ok(match storage.is_intact(folder, name).await? {
        true => None,
        false if storage.size(folder, name).await?.is_none() => {
            Some(FileFinding::Missing(media, name.to_string()))
        }
        false => Some(FileFinding::Damaged(media, name.to_string())),
    })
}

fn limit() -> u32 {
    u32::try_from(STEP).unwrap_or(u32::MAX)
}
