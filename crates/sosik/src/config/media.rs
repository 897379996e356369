//! Photos of stories.

use super::allowed::{Allowed, ShortText};
use super::setting::settings;
use super::units::{Hours, MIB_MAX, Mib, Seconds};

/// Where the files of media are.
#[derive(Debug, Clone, Default)]
pub struct Media {
    /// The URL; empty for the default.
    pub url: String,
}

/// Empty, or a folder.
struct FileUrl;

impl Allowed<String> for FileUrl {
    fn describe(&self) -> String {
        "empty, `file:` and a folder, or `none`".to_owned()
    }

    fn admits(&self, value: &String) -> bool {
        let short = ShortText { bytes_max: 4_096 };
        let folder = value.strip_prefix("file:");
        let is_url = folder.is_some_and(|folder| !folder.is_empty());
        short.admits(value) && (value.is_empty() || value == "none" || is_url)
    }
}

settings! {
    /// Photos of stories: where their files are, and how much of them is accepted.
    "media" {
        /// Where the files are: `file:` and a folder, which is created. Empty: the folder `media` beside the database of
        /// SQLite; with PostgreSQL no uploads. `none`: no uploads. Several nodes cannot share a folder of one machine.
        url => media.url, unit: "URL", allowed: FileUrl;

        /// Processes of this node that decode photos at the same time. Each takes one core, and up to 768 MiB for the
        /// largest photo.
        processes => service.media.workers, unit: "processes", allowed: 1..=64;

        /// Photos of one person, also those that were not posted yet.
        files_per_person => service.media.quota.count_max, unit: "photos", allowed: 1..=1_000_000;

        /// Total size of the files of one person's photos.
        mib_per_person => service.media.quota.bytes_max, unit: Mib, allowed: 1..=MIB_MAX;

        /// Uploads are refused while the disk of the files has less free space than this.
        free_mib_min => service.media.free_bytes_min, unit: Mib, allowed: 1..=MIB_MAX;

        /// How long an upload is kept that belongs to no story.
        unused_hours => service.media.unused_after, unit: Hours, allowed: 1..=720;

        /// Uploads that are stored at once, and as many that wait for that. They take no place of other requests.
        uploads_at_once_max => api.uploads_at_once_max, unit: "uploads", allowed: 1..=1_000;

        /// Memory for uploads that are being received. Further ones get 503. A photo has at most 20 MB.
        uploads_mib_max => api.uploads_bytes_max, unit: Mib, allowed: 32..=MIB_MAX;

        /// How long one upload may take.
        upload_seconds => api.upload_timeout, unit: Seconds, allowed: 1..=3_600;

        /// Requests for files of stories in progress, and as many that wait. They take no place of other requests.
        reads_at_once_max => api.files_at_once_max, unit: "requests", allowed: 1..=100_000;
    }
}
