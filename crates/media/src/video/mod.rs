//! Videos that play everywhere: MP4 with H.264 and AAC, at most 1080p, the index in front, no metadata.
//!
//! An MP4 is copied box by box ([`remux`]): nothing is decoded, and boxes that playing does not need are left out. If a
//! worker process finds the copy playable, it is served. Other files are converted by `ffmpeg`, if it is installed, and
//! the result is copied and checked in the same way.
//!
//! Without `ffmpeg` there is no decoder for video. Then other files are refused with a reason, and there is no poster.

mod boxes;
pub(crate) mod check;
mod ffmpeg;
mod output;
mod remux;
mod work;

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::{
    Kind, Refusal, SNIFF_BYTES_MAX,
    limits::{GLANCE_DEADLINE, VIDEO_BYTES_MAX},
    photo::{Photo, Purpose},
    worker::{Failure, Input, Protection, Workers},
};

pub use ffmpeg::Ffmpeg;
pub use remux::remux;
pub use work::{Room, VideoFolder, WorkFolder};

/// The size and the duration of a playable video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Pixels in a row, as shown.
    pub width: u32,
    /// Rows, as shown.
    pub height: u32,
    /// How long it plays.
    pub duration: Duration,
    /// True if it has sound.
    pub sound: bool,
}

/// A video that can be stored and served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Video {
    /// The file, in the folder that the caller gave.
    pub file: PathBuf,
    /// Its size and duration.
    pub facts: Facts,
    /// A picture from its start, for [`Workers::photo`]. Needs `ffmpeg`.
    pub poster: Option<Bytes>,
}

/// Prepares videos.
#[derive(Clone, Debug)]
pub struct Videos {
    workers: Arc<Workers>,
    ffmpeg: Option<Ffmpeg>,
}

impl Videos {
    /// Uses workers of their own, because a video takes minutes and a photo must not wait for it.
    pub fn new(workers: Arc<Workers>, ffmpeg: Option<Ffmpeg>) -> Self {
        Self { workers, ffmpeg }
    }

    /// The program that converts videos, if it is installed.
    pub fn ffmpeg(&self) -> Option<&Ffmpeg> {
        self.ffmpeg.as_ref()
    }

    /// Reports which protections hold for `ffmpeg`.
    ///
    /// # Errors
    ///
    /// The process cannot be started or does not answer.
    pub async fn protection(&self) -> Result<Protection, Failure> {
        self.workers.check_program().await
    }

    /// Prepares an upload. `folder` is empty except for the upload, if it is there, and belongs to this call; the
    /// caller deletes it. Including the upload, its files have at most
    /// [`VIDEO_WORK_BYTES_MAX`](crate::limits::VIDEO_WORK_BYTES_MAX). The call takes at most the deadline of the
    /// workers.
    ///
    /// # Errors
    ///
    /// [`Failure::Refused`] with a reason for the author; otherwise as [`Workers::photo`].
    pub async fn prepare(&self, upload: &Path, folder: &Path) -> Result<Video, Failure> {
        let prepared = Box::pin(self.prepare_all(upload, folder));
        let prepared = timeout(self.workers.deadline(), prepared).await;
        prepared.map_err(|_elapsed| Failure::Late)?
    }

    /// Makes the sizes of a poster. It uses the workers for videos, so that photos do not wait for it.
    ///
    /// # Errors
    ///
    /// As [`Workers::photo`].
    pub async fn poster_sizes(&self, poster: Bytes) -> Result<Photo, Failure> {
        let sizes = self.workers.photo(Input::Bytes(poster), Purpose::Story);
        let sizes = timeout(GLANCE_DEADLINE, sizes).await;
        sizes.map_err(|_elapsed| Failure::Late)?
    }

    async fn prepare_all(&self, upload: &Path, folder: &Path) -> Result<Video, Failure> {
        let file = folder.join("video.mp4");
        let kind = video_kind(upload).map_err(Failure::Unavailable)??;
        let facts = match self.playable(kind, upload, &file).await {
            Err(Failure::Refused(Refusal::NotPlayable(reason))) => {
                let input = ffmpeg::Input {
                    kind,
                    file: upload,
                    work: folder,
                };
                self.convert(input, reason, &file).await
            }
            other => other,
        }?;
        let poster = self.poster(&file, folder).await;
        Ok(Video {
            file,
            facts,
            poster,
        })
    }

    /// Copies the upload and checks the copy, which is what is served. QuickTime and WebM never play everywhere, even
    /// with codecs that do.
    async fn playable(&self, kind: Kind, upload: &Path, file: &Path) -> Result<Facts, Failure> {
        if kind != Kind::Mp4 {
            return Err(Refusal::NotPlayable(kind.to_string()).into());
        }
        copy(open(upload)?, file).await?;
        self.check(file).await
    }

    async fn check(&self, file: &Path) -> Result<Facts, Failure> {
        self.workers.video(Input::File(open(file)?)).await
    }

    async fn convert(
        &self,
        input: ffmpeg::Input<'_>,
        reason: String,
        file: &Path,
    ) -> Result<Facts, Failure> {
        let Some(ffmpeg) = &self.ffmpeg else {
            return Err(Refusal::NotPlayable(reason).into());
        };
        remove(file).await?;
        let converted = ffmpeg.convert(&self.workers, input).await?;
        copy(converted, file).await?;
        self.check(file).await
    }

    /// The poster, or `None` after an error: a video without a poster is better than none.
    async fn poster(&self, file: &Path, folder: &Path) -> Option<Bytes> {
        let ffmpeg = self.ffmpeg.as_ref()?;
        let input = ffmpeg::Input {
            kind: Kind::Mp4,
            file,
            work: folder,
        };
        ffmpeg.poster(&self.workers, input).await.ok()
    }
}

/// Removes a file, if it exists, to free disk space.
async fn remove(file: &Path) -> Result<(), Failure> {
    match tokio::fs::remove_file(file).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::Unavailable(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn open(file: &Path) -> Result<File, Failure> {
    File::open(file).map_err(Failure::Unavailable)
}

/// Copies a video box by box to a new file, which other programs cannot write to.
async fn copy(upload: File, file: &Path) -> Result<(), Failure> {
    let file = file.to_owned();
    let copy = tokio::task::spawn_blocking(move || {
        let output = File::create_new(file).map_err(Failure::Unavailable)?;
        remux(upload, output)
    });
    let copied = copy.await.map_err(io::Error::other);
    copied.map_err(Failure::Unavailable)?
}

fn video_kind(upload: &Path) -> io::Result<Result<Kind, Refusal>> {
    let file = File::open(upload)?;
    let bytes = file.metadata()?.len();
    let mut head = Vec::new();
    file.take(SNIFF_BYTES_MAX as u64).read_to_end(&mut head)?;
    Ok(accepted(bytes, &head))
}

fn accepted(bytes: u64, head: &[u8]) -> Result<Kind, Refusal> {
    if bytes == 0 {
        return Err(Refusal::Empty);
    }
    if bytes > VIDEO_BYTES_MAX {
        let max = VIDEO_BYTES_MAX;
        return Err(Refusal::TooManyBytes { max });
    }
    let kind = Kind::sniff(head).ok_or(Refusal::Unknown)?;
    if kind.is_video() {
        Ok(kind)
    } else {
        Err(Refusal::WrongKind(kind))
    }
}
