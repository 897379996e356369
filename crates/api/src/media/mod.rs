//! Photos and videos: uploading, showing and deleting them, and the files of stories and avatars.

pub(crate) mod avatar;
pub(crate) mod delete;
pub(crate) mod file;
pub(crate) mod show;
pub(crate) mod upload;
pub(crate) mod uploads;

use sosik_service::media::PHOTO_BYTES_MAX;

/// Bytes of an uploaded file.
pub(crate) const FILE_BYTES_MAX: usize = 20_000_000;
const _: () = assert!(FILE_BYTES_MAX as u64 == PHOTO_BYTES_MAX);

/// The route of the files of a story.
pub(crate) const FILE: &str = "/media/{story}/{file}";

/// The route of the files of an avatar.
pub(crate) const AVATAR_FILE: &str = "/avatars/{person}/{file}";

/// The route of the viewer's avatar.
pub(crate) const AVATAR: &str = "/v1/me/avatar";

/// The route of small uploads.
pub(crate) const UPLOAD: &str = "/v1/media";
