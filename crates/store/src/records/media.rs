//! Photos and videos that people uploaded, and avatars.

use serde::{Deserialize, Serialize};
use sosik_feed::{MediaId, PersonId, StoryId, Timestamp};

/// The kind of a medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    /// A photo or an animation.
    Photo,
    /// A video.
    Video,
    /// A photo that is or becomes the avatar of its owner. It belongs to no story.
    Avatar,
}

/// How far a medium is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaState {
    /// The upload is stored. Nobody can see it yet.
    Processing,
    /// It can be shown.
    Ready,
    /// It cannot be processed. The problem says why.
    Failed,
}

/// What processing found out. Empty before.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MediaFacts {
    /// Pixels in a row of the video, or of the largest size of a photo.
    pub width: u32,
    /// Rows of the video, or of the largest size of a photo.
    pub height: u32,
    /// A blurred picture in about 25 bytes, as base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbhash: Option<String>,
    /// The duration of a video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u32>,
    /// Whether the photo moves.
    #[serde(default)]
    pub animated: bool,
    /// The sizes of a photo, or of the poster of a video, smallest first.
    pub sizes: Vec<MediaSize>,
    /// The name of the file of a video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<String>,
}

/// One size of a photo. The files are named after the digest of their content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaSize {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// The name of the WebP file.
    pub webp: String,
    /// The name of the JPEG file. A photo that moves stands still there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jpeg: Option<String>,
}

impl MediaFacts {
    /// The names of all files.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let sizes = self.sizes.iter();
        let photos = sizes.flat_map(|size| [Some(&size.webp), size.jpeg.as_ref()]);
        let files = photos.chain([self.video.as_ref()]).flatten();
        files.map(String::as_str)
    }
}

/// A medium in its place in a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The medium.
    pub media: MediaId,
    /// Its description for people who cannot see it. May be empty.
    pub alt: String,
    /// The kind.
    pub kind: MediaKind,
    /// How far it is.
    pub state: MediaState,
    /// Its sizes and files.
    pub facts: MediaFacts,
}

/// A medium to attach to a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttachment {
    /// The medium.
    pub media: MediaId,
    /// Its description. Checked.
    pub alt: String,
}

/// Why a medium cannot be attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaRefused {
    /// The person has no such medium.
    Unknown,
    /// It belongs to another story.
    Used,
}

/// An upload to insert. Its file is stored.
#[derive(Debug, Clone)]
pub struct NewMedia {
    /// Taken from the generator just now.
    pub id: MediaId,
    /// The person who uploads.
    pub owner: PersonId,
    /// The kind.
    pub kind: MediaKind,
    /// The name of the file as it was uploaded.
    pub upload: String,
    /// Its bytes.
    pub bytes: u64,
    /// The current time.
    pub now: Timestamp,
}

/// What one person may store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaQuota {
    /// Media, also those that were not posted yet.
    pub count_max: u32,
    /// Bytes of their files.
    pub bytes_max: u64,
    /// Videos that wait or are being prepared.
    pub videos_waiting_max: u32,
}

impl MediaAdded {
    /// True if the medium is inserted.
    #[must_use]
    pub fn is_added(self) -> bool {
        self == Self::Added
    }
}

/// The outcome of inserting a medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaAdded {
    /// It is inserted.
    Added,
    /// The owner does not exist, or would have more than the quota.
    Quota,
    /// The owner has the maximum number of videos that are not processed yet.
    VideosWait,
}

impl MediaQuota {
    /// True if a person who has this number of media, and bytes of them, may store one more with this number of bytes. There
    /// is a pair for each kind of what counts.
    #[must_use]
    pub fn admits(self, owned: [[u64; 2]; 2], bytes: u64) -> bool {
        let sum = |place: usize| owned.iter().map(|pair| pair[place]).sum::<u64>();
        sum(0) < u64::from(self.count_max) && sum(1).saturating_add(bytes) <= self.bytes_max
    }
}

/// The files that a medium has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaFiles {
    /// The medium.
    pub media: MediaId,
    /// The story that it belongs to.
    pub story: Option<StoryId>,
    /// The names of the files that must exist.
    pub names: Vec<String>,
    /// True if the medium has no other files. While it is processed or removed, it may have more.
    pub is_settled: bool,
}

/// A stored medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaRecord {
    /// The id.
    pub id: MediaId,
    /// The person who uploaded it.
    pub owner: PersonId,
    /// The story that it belongs to.
    pub story: Option<StoryId>,
    /// The kind.
    pub kind: MediaKind,
    /// How far it is.
    pub state: MediaState,
    /// Its sizes and files.
    pub facts: MediaFacts,
    /// Why processing failed, for its owner. Empty otherwise.
    pub problem: String,
}

impl MediaRecord {
    /// Whether it belongs to a story or is the avatar of its owner: an upload for an avatar is shown when it is ready.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        let is_avatar = self.kind == MediaKind::Avatar && self.state == MediaState::Ready;
        self.story.is_some() || is_avatar
    }
}

/// The outcome of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaDeletion {
    /// It is deleted. Its files are removed soon.
    Deleted,
    /// It belongs to a story, or is the avatar of its owner. An edit of the story or of the profile removes it.
    Used,
    /// The person has no such medium.
    Unknown,
}

/// Which work a worker claims. Videos take minutes, so nothing else may wait behind them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaQueue {
    /// Work that takes seconds: processing photos and avatars, and removing files.
    Short,
    /// Processing videos.
    Videos,
}

/// Work on a medium that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaTask {
    /// The medium.
    pub media: MediaId,
    /// What to do.
    pub work: MediaWork,
    /// Identifies the claim. Grows with every claim and release.
    pub attempt: u32,
    /// Number of former claims that ended with neither a result nor a release: most likely their process crashed.
    pub faults: u32,
}

/// What to do with a medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaWork {
    /// Process the upload with this name.
    Process {
        /// The kind.
        kind: MediaKind,
        /// The name of the file as it was uploaded.
        upload: String,
    },
    /// Remove all files: the medium is deleted.
    Remove,
}

/// The result of processing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Processed {
    /// It can be shown.
    Ready {
        /// Its sizes and files.
        facts: MediaFacts,
        /// Bytes of its files.
        bytes: u64,
    },
    /// It cannot be processed, for this reason.
    Failed(String),
}

/// The outcome of recording a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished<T> {
    /// Nothing changed: the claim is lost, or the medium was deleted.
    Lost,
    /// The result is recorded. The value is the story or person that shows it now, if any.
    Recorded(Option<T>),
}

impl<T> Finished<T> {
    /// What shows the result now.
    #[must_use]
    pub fn shown_in(self) -> Option<T> {
        match self {
            Self::Lost => None,
            Self::Recorded(shown_in) => shown_in,
        }
    }
}

/// The avatar of a person: the medium, and the names of its square files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Avatar {
    /// The medium whose folder has the files.
    pub media: MediaId,
    /// The WebP file for lists.
    pub small: String,
    /// The WebP file for the profile. The same as `small` if the photo was small.
    pub large: String,
}

impl Avatar {
    /// The avatar from the facts of a processed medium. `None` if it has no size.
    #[must_use]
    pub fn of(media: MediaId, facts: &MediaFacts) -> Option<Self> {
        let (small, large) = (facts.sizes.first()?, facts.sizes.last()?);
        Some(Self {
            media,
            small: small.webp.clone(),
            large: large.webp.clone(),
        })
    }

    /// Whether this is one of its files.
    #[must_use]
    pub fn has_file(&self, name: &str) -> bool {
        self.small == name || self.large == name
    }
}

/// The state of all media, for operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MediaStats {
    /// Uploads that wait or are being processed.
    pub processing: u64,
    /// Deleted media whose files are not removed yet.
    pub removing: u64,
}
