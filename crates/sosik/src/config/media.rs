//! Photos and videos of stories.

use sosik_service::settings::Previews;
use toml::Value;

use super::allowed::{Allowed, Any, Origin, ShortText};
use super::layers::Raw;
use super::secret::Secret;
use super::setting::{Setting, one_of, settings, word_of};
use super::units::{Hours, MIB_MAX, Mib, Seconds};

/// Where the files of media are.
#[derive(Debug, Clone)]
pub struct Media {
    /// The URL; empty for the default.
    pub url: String,
    /// The URL of the server of a bucket; empty for Amazon S3.
    pub s3_endpoint: String,
    /// The region of a bucket.
    pub s3_region: String,
    /// The id of the access key of a bucket.
    pub s3_access_key: String,
    /// The secret access key of a bucket.
    pub s3_secret_key: Secret,
    /// The path of `ffmpeg`; empty to search for it, `none` to use none.
    pub ffmpeg: String,
    /// The folder in which videos are prepared; empty for the default.
    pub work_folder: String,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            url: String::new(),
            s3_endpoint: String::new(),
            s3_region: "us-east-1".to_owned(),
            s3_access_key: String::new(),
            s3_secret_key: Secret::default(),
            ffmpeg: String::new(),
            work_folder: String::new(),
        }
    }
}

/// The scheme of a bucket.
pub const BUCKET: &str = "s3://";

/// Empty, a folder, or a bucket.
struct FilesUrl;

impl Allowed<String> for FilesUrl {
    fn describe(&self) -> String {
        "empty, `file:` and a folder, `s3://` with a bucket and a folder in it, or `none`"
            .to_owned()
    }

    fn admits(&self, value: &String) -> bool {
        let short = ShortText { bytes_max: 4_096 };
        let place = value
            .strip_prefix("file:")
            .or_else(|| value.strip_prefix(BUCKET));
        let is_url = place.is_some_and(|place| !place.is_empty());
        let is_bucket = value
            .strip_prefix(BUCKET)
            .is_none_or(|place| !place.starts_with('/'));
        short.admits(value) && (value.is_empty() || value == "none" || is_url && is_bucket)
    }
}

/// Empty, or the URL of a server.
struct ServerUrl;

impl Allowed<String> for ServerUrl {
    fn describe(&self) -> String {
        "empty, or http:// or https:// with host and optional port".to_owned()
    }

    fn admits(&self, value: &String) -> bool {
        value.is_empty() || Origin.admits(value)
    }
}

const WORDS: [(&str, Previews); 2] = [("on", Previews::On), ("off", Previews::Off)];

impl Setting for Previews {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        one_of(raw, &WORDS)
    }

    fn shown(&self) -> Value {
        word_of(self, &WORDS)
    }
}

settings! {
    /// Photos and videos of stories: where their files are, and how much of them is accepted.
    "media" {
        /// Where the files are: `file:` and a folder, which is created, or `s3://bucket/folder` in an object store. Empty: the
        /// folder `media` beside the database of SQLite; with PostgreSQL no uploads. `none`: no uploads. Several nodes need
        /// a bucket, because they cannot share a folder of one machine.
        url => media.url, unit: "URL", allowed: FilesUrl;

        /// The server of the bucket; empty for that of Amazon in the region. Use `http://` only in a network of your own.
        s3_endpoint => media.s3_endpoint, unit: "URL", allowed: ServerUrl;

        /// The region of the bucket. Most other object stores ignore it.
        s3_region => media.s3_region, unit: "name", allowed: ShortText { bytes_max: 64 };

        /// The name of the key that may list, read, write and delete in the bucket.
        s3_access_key => media.s3_access_key, unit: "name", allowed: ShortText { bytes_max: 256 };

        /// That key. Write it into the environment (`SOSIK_MEDIA__S3_SECRET_KEY`) or into a file that only the server reads.
        s3_secret_key => media.s3_secret_key, unit: "secret", allowed: Any("text");

        /// Processes of this node that decode photos at the same time. Each takes one core, and up to 768 MiB for the
        /// largest photo.
        processes => service.media.workers, unit: "processes", allowed: 1..=64;

        /// Videos that this node converts at the same time. Each takes two cores for minutes, up to 1.5 GiB of memory, and
        /// up to 600 MB in `media.work_folder`.
        video_workers => service.media.video_workers, unit: "videos", allowed: 1..=16;

        /// The program that converts videos and makes their posters: the path of `ffmpeg`, or empty to search it in
        /// `PATH`. `none`, or if there is none: only MP4 videos with H.264 and AAC are accepted, and they have no poster.
        ffmpeg => media.ffmpeg, unit: "path", allowed: ShortText { bytes_max: 4_096 };

        /// The folder of this machine in which videos are prepared: one of its own, on a disk, and not in memory. It is
        /// created, and needs no backup. Empty: the folder `media-work` beside the files, or beside the database of SQLite
        /// if the files are in a bucket. A node with PostgreSQL and a bucket needs this key.
        work_folder => media.work_folder, unit: "path", allowed: ShortText { bytes_max: 4_096 };

        /// Photos and videos of one person, also those that were not posted yet.
        files_per_person => service.media.quota.count_max, unit: "files", allowed: 1..=1_000_000;

        /// Total size of the files of one person's photos and videos.
        mib_per_person => service.media.quota.bytes_max, unit: Mib, allowed: 1..=MIB_MAX;

        /// Uploads are refused while the disk of the files has less free space than this.
        free_mib_min => service.media.free_bytes_min, unit: Mib, allowed: 1..=MIB_MAX;

        /// How long an upload is kept that belongs to no story.
        unused_hours => service.media.unused_after, unit: Hours, allowed: 1..=720;

        /// How long an upload in several requests that is not complete is kept after something arrived.
        upload_expires_hours => service.media.upload_expires, unit: Hours, allowed: 1..=720;
        /// `on`: this server fetches the page of the first link of a story and shows its title, description and picture. It
        /// connects to public addresses only. `off`: stories show their links only. Without a place for files there are no
        /// previews.
        previews => service.media.previews, unit: "word", allowed: Any("on or off");

        /// Memory for files of photos that were read last, so that many readers of a new photo read it once. `0`: each
        /// request reads the file.
        cache_mib => service.media.cache_bytes, unit: Mib, allowed: 0..=MIB_MAX;

        /// Uploads that are stored at once, and as many that wait for that. They take no place of other requests.
        uploads_at_once_max => api.uploads_at_once_max, unit: "uploads", allowed: 1..=1_000;

        /// Memory for uploads that are being received. Further ones get 503. One has at most 20 MB.
        uploads_mib_max => api.uploads_bytes_max, unit: Mib, allowed: 32..=MIB_MAX;

        /// How long one upload may take.
        upload_seconds => api.upload_timeout, unit: Seconds, allowed: 1..=3_600;

        /// Requests for files of stories in progress, and as many that wait. They take no place of other requests.
        reads_at_once_max => api.files_at_once_max, unit: "requests", allowed: 1..=100_000;
    }
}
