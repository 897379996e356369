//! Every maximum of this crate that is about one file, with its reason.

/// Bytes of a photo. A phone's largest JPEG has about 15 MB.
pub const PHOTO_BYTES_MAX: u64 = 20_000_000;

/// Pixels of a photo, as its header claims them. A phone's largest photo has 48 million.
pub const PHOTO_PIXELS_MAX: u64 = 50_000_000;

/// Bytes of a decoded photo, with what the decoder needs beside it: 8 bytes for each of the most pixels. A PNG of 16
/// bits per colour with alpha takes this.
pub const DECODED_BYTES_MAX: u64 = 8 * PHOTO_PIXELS_MAX;

/// Frames of an animation. At 20 frames a second this is 25 s.
pub const FRAMES_MAX: usize = 500;

/// Pixels of all frames of an animation together, before resizing. Bounds the time to decode them.
pub const FRAME_PIXELS_MAX: u64 = 300_000_000;

/// Pixels of all frames of an animation together, after resizing. The encoder needs 8 bytes for each of them, so this
/// is 192 MB. A longer animation is made smaller until it fits.
pub const FRAME_PIXELS_KEPT_MAX: u64 = 24_000_000;

/// Bytes of a video.
pub const VIDEO_BYTES_MAX: u64 = 200_000_000;

/// Bytes on disk while a video is prepared: the upload, its conversion and the file that is served.
pub const VIDEO_WORK_BYTES_MAX: u64 = 3 * VIDEO_BYTES_MAX;

/// Time limit for preparing one video, all runs of ffmpeg together. Converting ten minutes of 4K takes about ten
/// minutes.
pub const VIDEO_DEADLINE: std::time::Duration = std::time::Duration::from_secs(1800);

/// Time limit for a short step: reading the properties of a video, taking its poster, or making the sizes of the
/// poster. Each takes a second of CPU, but programs run at the lowest priority.
pub const GLANCE_DEADLINE: std::time::Duration = std::time::Duration::from_secs(120);

/// Duration of a video.
pub const VIDEO_DURATION_MAX: std::time::Duration = std::time::Duration::from_secs(600);
