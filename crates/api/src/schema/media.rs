//! Photos and videos.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The kind of a medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    /// A photo or an animation.
    Photo,
    /// A video.
    Video,
    /// A photo that is or becomes your avatar. No story has it.
    Avatar,
}

/// How far a medium is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MediaState {
    /// It was uploaded and cannot be shown yet.
    Processing,
    /// It can be shown.
    Ready,
    /// It cannot be processed.
    Failed,
}

/// An upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Media {
    /// The id.
    pub id: String,
    /// The kind.
    pub kind: MediaKind,
    /// How far it is.
    pub state: MediaState,
    /// Why it cannot be processed; null otherwise.
    pub problem: Option<MediaProblem>,
    /// Pixels in a row of the video or of the largest size of the photo; 0 while it is processed.
    pub width: u32,
    /// Rows of the video or of the largest size of the photo; 0 while it is processed.
    pub height: u32,
    /// A blurred picture in a few bytes (ThumbHash, as base64).
    pub thumbhash: Option<String>,
    /// The duration of a video.
    pub duration_ms: Option<u32>,
    /// Whether the photo moves.
    pub animated: bool,
}

/// Why a medium cannot be processed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MediaProblem {
    /// For programs.
    pub code: String,
    /// For people.
    pub detail: String,
}

/// A photo or a video of a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// The id of the medium.
    pub media: String,
    /// The kind.
    pub kind: MediaKind,
    /// How far it is.
    pub state: MediaState,
    /// Description for people who cannot see it. May be empty.
    pub alt: String,
    /// Pixels in a row of the video or of the largest size of the photo; 0 while it is processed.
    pub width: u32,
    /// Rows of the video or of the largest size of the photo; 0 while it is processed.
    pub height: u32,
    /// A blurred picture in a few bytes (ThumbHash, as base64).
    pub thumbhash: Option<String>,
    /// The duration of a video.
    pub duration_ms: Option<u32>,
    /// Whether the photo moves.
    pub animated: bool,
    /// The sizes of the photo, or of the poster of the video, smallest first. Empty while it is processed, and for a video
    /// without a poster.
    pub sizes: Vec<AttachmentSize>,
    /// The path of the file of a video (MP4 with H.264 and AAC); null while it is processed, and for photos.
    pub video: Option<String>,
}

/// A size of a photo or of a poster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttachmentSize {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// The path of the WebP file.
    pub webp: String,
    /// The path of the JPEG file, for clients without WebP. A photo that moves stands still there.
    pub jpeg: Option<String>,
}
