//! Prepares videos on the disk of this machine, with separate workers.
//! A video takes minutes, so its worker renews the claim meanwhile. A worker that lost its claim stops at once: another
//! worker has the work, or the video was deleted. No video is held in memory as a whole.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use sosik_media::storage::{Parts, StorageError};
use sosik_media::video::{Room, Video, VideoFolder, Videos, WorkFolder};
use sosik_store::{MediaFacts, MediaQueue, MediaTask, MediaWork, Processed};
use tokio::fs::File;

use super::claims::{Outcome, is_hopeless, missing};
use super::process::{LOST, keep, not_processed};
use super::{Media, MediaEngine, folder};
use crate::ServiceResult;

/// The ending of the files of videos.
const ENDING: &str = "mp4";

/// Attempts of a video that is not ready before the deadline, which is half an hour.
const ATTEMPTS: u32 = 2;

/// What the author reads about a video that no attempt could process.
const GIVEN_UP: &str =
    "the video could not be processed: save it as MP4 with H.264 and AAC and upload it again";

/// The workers of videos and their folder.
pub struct VideoEngine {
    /// The processes and programs.
    pub videos: Videos,
    /// The folder on this machine.
    pub work: WorkFolder,
}

impl Media {
    /// Prepares the video that has waited longest. Returns whether there was one. If the disk has too little room it
    /// claims nothing, so another node can take the work.
    pub(super) async fn video_once(&self) -> ServiceResult<bool> {
        let engine = self.engine()?;
        let Some(room) = engine.video.work.reserve() else {
            return Ok(false);
        };
        let Some(task) = self.claim(MediaQueue::Videos).await? else {
            return Ok(false);
        };
        let done = self.process_video(engine, &task, room).await;
        self.release_failed(engine, &task, done).await?;
        Ok(true)
    }

    /// A service that stops does not wait for a video: it releases the claim, and another node starts at once.
    async fn process_video(
        &self,
        engine: &MediaEngine,
        task: &MediaTask,
        room: Room,
    ) -> ServiceResult<()> {
        let MediaWork::Process { upload, .. } = &task.work else {
            return Ok(()); // not in this queue
        };
        let place = room.make().map_err(StorageError::from)?;
        let work = Box::pin(prepare(engine, task, upload, place.path()));
        let result = self.attempt(engine, task, Duration::ZERO, work).await;
        remove(place).await;
        match result? {
            Some(result) => self.record(engine, task, result).await,
            None => Ok(()),
        }
    }
}

/// Makes the files of a video.
async fn prepare(
    engine: &MediaEngine,
    task: &MediaTask,
    upload: &str,
    place: &Path,
) -> ServiceResult<Outcome> {
    if is_hopeless(task) {
        return Ok(Outcome::failed(GIVEN_UP));
    }
    let file = place.join("upload");
    if !fetch(engine, task, upload, &file).await? {
        return Ok(missing(task, LOST));
    }
    match engine.video.videos.prepare(&file, place).await {
        Ok(video) => Ok(Outcome::Done(keep_video(engine, task, video).await?)),
        Err(failure) => Ok(not_processed(task, &failure, ATTEMPTS, GIVEN_UP)),
    }
}

/// Copies the upload to the disk of this machine. `false` if it is missing.
async fn fetch(
    engine: &MediaEngine,
    task: &MediaTask,
    upload: &str,
    to: &Path,
) -> ServiceResult<bool> {
    let Some(parts) = Parts::parse(upload) else {
        return Ok(false);
    };
    let mut file = File::create_new(to).await.map_err(StorageError::from)?;
    let copied = engine
        .storage
        .copy_parts(folder(task.media), &parts, &mut file);
    Ok(copied.await?.is_some())
}

/// Stores the file of a video and the sizes of its poster.
async fn keep_video(
    engine: &MediaEngine,
    task: &MediaTask,
    video: Video,
) -> ServiceResult<Processed> {
    let (poster, mut bytes) = match video.poster {
        Some(poster) => keep_poster(engine, task, poster).await?,
        None => (MediaFacts::default(), 0),
    };
    let stored = engine
        .storage
        .put_file(folder(task.media), &video.file, ENDING);
    let name = stored.await?;
    let size = tokio::fs::metadata(&video.file).await;
    bytes += size.map_err(StorageError::from)?.len();
    let facts = MediaFacts {
        width: video.facts.width,
        height: video.facts.height,
        duration_ms: Some(milliseconds(video.facts.duration)),
        video: Some(name.to_string()),
        ..poster
    };
    Ok(Processed::Ready { facts, bytes })
}

/// Makes and stores the sizes of a poster. If that fails, the video has no poster.
async fn keep_poster(
    engine: &MediaEngine,
    task: &MediaTask,
    poster: Bytes,
) -> ServiceResult<(MediaFacts, u64)> {
    match engine.video.videos.poster_sizes(poster).await {
        Ok(photo) => match keep(engine, task.media, photo).await? {
            Processed::Ready { facts, bytes } => Ok((facts, bytes)),
            Processed::Failed(_) => Ok((MediaFacts::default(), 0)),
        },
        Err(failure) => {
            tracing::warn!(media = %task.media, %failure, "a video has no poster");
            Ok((MediaFacts::default(), 0))
        }
    }
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

/// Removes a folder on a blocking thread, because its files have hundreds of megabytes.
async fn remove(place: VideoFolder) {
    let removed = tokio::task::spawn_blocking(move || drop(place)).await;
    if let Err(error) = removed {
        tracing::warn!(%error, "the folder of a video could not be removed: the next start removes it");
    }
}
