//! Why a file is not accepted, in words for its author.

use serde::{Deserialize, Serialize};

use crate::Kind;

/// Why a file is not accepted. The text is shown to the author of the upload and says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Refusal {
    /// There are no bytes.
    #[error("the file is empty: choose another file")]
    Empty,
    /// The first bytes are of no supported kind.
    #[error(
        "this is no supported file: use a JPEG, PNG, GIF or WebP photo, or an MP4, MOV or WebM video"
    )]
    Unknown,
    /// The kind is known, and this server has no decoder for it.
    #[error("{0} files cannot be read here: save the photo as JPEG and try again")]
    NoDecoder(Kind),
    /// A video where a photo is expected, or the other way round.
    #[error("{0} is not possible here: choose another file")]
    WrongKind(Kind),
    /// More bytes than allowed.
    #[error("the file has more than {max} bytes: choose a smaller one")]
    TooManyBytes {
        /// Most bytes.
        max: u64,
    },
    /// More pixels than allowed.
    #[error("the photo has {width} × {height} pixels, more than {max} together: make it smaller")]
    TooManyPixels {
        /// Pixels in a row, as the file claims.
        width: u32,
        /// Rows, as the file claims.
        height: u32,
        /// Most pixels.
        max: u64,
    },
    /// An animation with more frames, or more pixels in all frames, than allowed.
    #[error(
        "the animation is too long: it may have {frames_max} frames and {pixels_max} pixels in all of them"
    )]
    TooManyFrames {
        /// Most frames.
        frames_max: usize,
        /// Most pixels of all frames together.
        pixels_max: u64,
    },
    /// Decoding would take more memory than allowed.
    #[error("the photo needs too much memory: save it again with 8 bits per colour")]
    TooMuchMemory,
    /// The file breaks the rules of its format.
    #[error("the file is damaged: choose another file")]
    Damaged,
    /// The file uses a variant of its format that the decoder does not know.
    #[error("the file uses a rare variant of its format: save it as JPEG and try again")]
    Unsupported,
    /// The renditions could not be made.
    #[error("the photo cannot be prepared for display: save it as JPEG and try again")]
    Unencodable,
    /// The video does not play everywhere and this server cannot convert it.
    #[error("the video cannot be played everywhere ({0}): save it as MP4 with H.264 and AAC")]
    NotPlayable(String),
    /// The video is longer than allowed.
    #[error("the video is longer than {max_s} seconds: cut it")]
    TooLong {
        /// Longest duration in seconds.
        max_s: u64,
    },
}
