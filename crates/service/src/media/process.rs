//! The workers: they make the files of uploads, and remove the files of deleted media.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use sosik_feed::MediaId;
use sosik_media::photo::{Format, Photo, Purpose};
use sosik_media::storage::{Name, Parts};
use sosik_media::worker::{Failure, Input};
use sosik_store::{
    Finished, MediaFacts, MediaKind, MediaQueue, MediaSize, MediaTask, MediaWork, Processed,
};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::claims::{FAULTS_MAX, Outcome, is_hopeless, late, missing};
use super::{Media, MediaEngine, folder};
use crate::core::invalidate::position_of;
use crate::{Change, ServiceResult};

/// How long a service that stops waits for work in progress. Most photos take less.
pub(super) const STOP_GRACE: Duration = Duration::from_secs(5);

/// How long a service that stops waits for a worker in total. Unfinished work is due again when its claim expires.
const STOP_DEADLINE: Duration = Duration::from_secs(8);

/// What the author reads about an upload that no attempt could process.
const GIVEN_UP: &str = "the photo could not be processed: save it as JPEG and upload it again";

/// What the author reads about an upload whose file is missing.
pub(super) const LOST: &str = "the upload was lost: upload the file again";

impl Media {
    pub(super) fn spawn_workers(&self) {
        let settings = &self.core.settings.media;
        for _ in 0..settings.workers {
            self.spawn_worker("media", MediaQueue::Short);
        }
        for _ in 0..settings.video_workers {
            self.spawn_worker("media_videos", MediaQueue::Videos);
        }
        let this = self.clone();
        let run = move || {
            let this = this.clone();
            async move { this.make_previews().await }
        };
        self.core.supervise("previews", run);
        let this = self.clone();
        let run = move || {
            let this = this.clone();
            async move { this.sweep().await }
        };
        self.core.supervise("media_sweep", run);
    }

    fn spawn_worker(&self, task: &'static str, queue: MediaQueue) {
        let this = self.clone();
        let run = move || {
            let this = this.clone();
            async move { this.work(queue).await }
        };
        self.core.supervise(task, run);
    }

    async fn work(&self, queue: MediaQueue) {
        self.work_until_stopped(queue).await;
        if let Some(engine) = self.shared.engine.get() {
            // Wait for aborts, because pieces of an aborted file would stay in the bucket.
            let settled = timeout(STOP_GRACE, engine.storage.settled()).await;
            if settled.is_err() {
                tracing::warn!("a file is still being stored: its pieces may stay in the storage");
            }
        }
    }

    async fn work_until_stopped(&self, queue: MediaQueue) {
        let mut tick = interval(self.core.settings.media.poll_every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.core.stopping.cancelled() => return,
                () = self.shared.due(queue).notified() => {}
                _ = tick.tick() => {}
            }
            tokio::select! {
                () = self.stopped_for(STOP_DEADLINE) => return,
                () = self.work_until_done(queue) => {}
            }
        }
    }

    async fn work_until_done(&self, queue: MediaQueue) {
        while !self.core.stopping.is_cancelled() {
            let done = match queue {
                MediaQueue::Short => self.work_once().await,
                MediaQueue::Videos => self.video_once().await,
            };
            match done {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, "media could not be processed or removed: they are tried again soon");
                    return;
                }
            }
        }
    }

    /// Does the work that has waited longest. Returns whether there was any.
    async fn work_once(&self) -> ServiceResult<bool> {
        let Some(task) = self.claim(MediaQueue::Short).await? else {
            return Ok(false);
        };
        let engine = self.engine()?;
        let done = match &task.work {
            MediaWork::Remove => self.remove(engine, task.media).await,
            MediaWork::Process {
                kind: MediaKind::Avatar,
                upload,
            } => self.process_avatar(engine, &task, upload).await,
            MediaWork::Process { upload, .. } => self.process(engine, &task, upload).await,
        };
        self.release_failed(engine, &task, done).await?;
        Ok(true)
    }

    pub(super) async fn claim(&self, queue: MediaQueue) -> ServiceResult<Option<MediaTask>> {
        let now = self.core.now();
        let until = now.plus(self.core.settings.media.claim);
        let task = self.core.store.claim_media(queue, now, until).await?;
        if task.is_some() {
            // Another worker takes the next one.
            self.shared.due(queue).notify_one();
        }
        Ok(task)
    }

    /// The row goes last: until then the removal is repeated.
    async fn remove(&self, engine: &MediaEngine, media: MediaId) -> ServiceResult<()> {
        engine.storage.delete_all(folder(media)).await?;
        self.core.store.forget_media(media).await?;
        Ok(())
    }

    async fn process(
        &self,
        engine: &MediaEngine,
        task: &MediaTask,
        upload: &str,
    ) -> ServiceResult<()> {
        let work = photo(engine, task, upload, Purpose::Story);
        match self.attempt(engine, task, STOP_GRACE, work).await? {
            Some(result) => self.record(engine, task, result).await,
            None => Ok(()),
        }
    }

    /// Records a result, and removes the upload. A worker that lost its claim removes nothing: the upload belongs to the
    /// worker that has it.
    pub(super) async fn record(
        &self,
        engine: &MediaEngine,
        task: &MediaTask,
        result: Processed,
    ) -> ServiceResult<()> {
        let is_ready = matches!(result, Processed::Ready { .. });
        let (media, store) = (task.media, &self.core.store);
        let answer = store.finish_media(media, task.attempt, result).await;
        let at = position_of(&answer);
        match answer?.value {
            Finished::Lost => return self.remove_if_forgotten(engine, media).await,
            Finished::Recorded(Some(story)) => {
                self.core.invalidate(at, [Change::Story(story)]).await;
            }
            Finished::Recorded(None) => {}
        }
        self.end_upload(engine, media, is_ready).await
    }

    /// Removes the files of a medium without a row. A medium may have been deleted, and its files removed, before the
    /// last file was stored.
    pub(super) async fn remove_if_forgotten(
        &self,
        engine: &MediaEngine,
        media: MediaId,
    ) -> ServiceResult<()> {
        if self.core.store.known_media(&[media]).await?.is_empty() {
            engine.storage.delete_all(folder(media)).await?;
        }
        Ok(())
    }

    /// Deletes an upload that has a result, and counts it.
    pub(super) async fn end_upload(
        &self,
        engine: &MediaEngine,
        media: MediaId,
        is_ready: bool,
    ) -> ServiceResult<()> {
        engine.storage.delete_parts(folder(media)).await?;
        let result = if is_ready { "ready" } else { "failed" };
        metrics::counter!("sosik_media_processed_total", "result" => result).increment(1);
        Ok(())
    }
}

/// Makes the files of a photo or an avatar.
pub(super) async fn photo(
    engine: &MediaEngine,
    task: &MediaTask,
    upload: &str,
    purpose: Purpose,
) -> ServiceResult<Outcome> {
    if is_hopeless(task) {
        return Ok(Outcome::failed(GIVEN_UP));
    }
    let Some(parts) = Parts::parse(upload) else {
        return Ok(Outcome::failed(LOST));
    };
    let Some(file) = engine.storage.get_parts(folder(task.media), &parts).await? else {
        return Ok(missing(task, LOST));
    };
    match engine.workers.photo(Input::Bytes(file), purpose).await {
        Ok(mut photo) => {
            photo.renditions.retain(|it| is_served(it.format, purpose));
            Ok(Outcome::Done(keep(engine, task.media, photo).await?))
        }
        Err(failure) => Ok(not_processed(task, &failure, FAULTS_MAX, GIVEN_UP)),
    }
}

/// What the failure of a worker process means for an upload. One that is late is tried again, up to this many attempts.
pub(super) fn not_processed(
    task: &MediaTask,
    failure: &Failure,
    attempts: u32,
    given_up: &str,
) -> Outcome {
    match failure {
        Failure::Refused(refusal) => Outcome::failed(&refusal.to_string()),
        Failure::CpuTimeUsed | Failure::Crashed(_) => {
            tracing::warn!(media = %task.media, %failure, "an upload could not be processed");
            Outcome::failed(given_up)
        }
        Failure::Late => {
            let (media, attempt) = (task.media, task.faults + 1);
            tracing::warn!(%media, attempt, of = attempts, %failure, "an upload could not be processed in time");
            late(task, attempts, given_up)
        }
        Failure::Busy | Failure::Unavailable(_) => {
            tracing::warn!(media = %task.media, %failure, "an upload waits for a worker process");
            Outcome::NotNow
        }
    }
}

/// Avatars are served as WebP only, because every client that shows them supports it.
fn is_served(format: Format, purpose: Purpose) -> bool {
    purpose != Purpose::Avatar || format == Format::WebP
}

/// Stores the files of a photo.
pub(super) async fn keep(
    engine: &MediaEngine,
    media: MediaId,
    photo: Photo,
) -> ServiceResult<Processed> {
    let mut facts = MediaFacts {
        thumbhash: Some(BASE64_STANDARD.encode(&photo.thumbhash)),
        animated: photo.animated,
        ..MediaFacts::default()
    };
    let mut bytes = 0;
    for rendition in photo.renditions {
        let file = Bytes::from(rendition.bytes);
        bytes += file.len() as u64;
        let ending = rendition.format.extension();
        let name = engine.storage.put(folder(media), file, ending).await?;
        facts.width = facts.width.max(rendition.width);
        facts.height = facts.height.max(rendition.height);
        place(
            &mut facts.sizes,
            rendition.format,
            &name,
            [rendition.width, rendition.height],
        );
    }
    Ok(Processed::Ready { facts, bytes })
}

/// Adds a file to its size. The WebP file of a size comes before its JPEG file.
fn place(sizes: &mut Vec<MediaSize>, format: Format, name: &Name, [width, height]: [u32; 2]) {
    let name = name.to_string();
    match (format, sizes.last_mut()) {
        (Format::Jpeg, Some(size)) => size.jpeg = Some(name),
        (Format::WebP | Format::Jpeg, _) => sizes.push(MediaSize {
            width,
            height,
            webp: name,
            jpeg: None,
        }),
    }
}
