//! The workers: they make the files of uploads, and remove the files of deleted media.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use sosik_feed::MediaId;
use sosik_media::photo::{Format, Photo, Purpose};
use sosik_media::storage::Name;
use sosik_media::worker::{Failure, Input};
use sosik_store::{MediaFacts, MediaSize, MediaTask, MediaWork, Processed};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::{Media, MediaEngine, folder};
use crate::core::invalidate::position_of;
use crate::{Change, ServiceResult};

/// Attempts to process one upload. Each of them ended with the process, or with a failure of the storage, so one more
/// would most likely end in the same way.
const ATTEMPTS_MAX: u32 = 5;

/// How long a service that stops waits for work in progress. Most photos take less.
const STOP_GRACE: Duration = Duration::from_secs(5);

/// What the author reads about an upload that no attempt could process.
const GIVEN_UP: &str = "the photo could not be processed: save it as JPEG and upload it again";

/// What the author reads about an upload whose file is missing.
const LOST: &str = "the upload was lost: upload the photo again";

impl Media {
    pub(super) fn spawn_workers(&self) {
        for _ in 0..self.core.settings.media.workers {
            let this = self.clone();
            let run = move || {
                let this = this.clone();
                async move { this.work().await }
            };
            self.core.supervise("media", run);
        }
        let this = self.clone();
        let run = move || {
            let this = this.clone();
            async move { this.sweep().await }
        };
        self.core.supervise("media_sweep", run);
    }

    async fn work(&self) {
        let mut tick = interval(self.core.settings.media.poll_every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.core.stopping.cancelled() => return,
                () = self.shared.due.notified() => {}
                _ = tick.tick() => {}
            }
            tokio::select! {
                () = self.stopped_for_long() => return,
                () = self.work_until_done() => {}
            }
        }
    }

    /// Work that takes longer is due again when its claim expires.
    async fn stopped_for_long(&self) {
        self.core.stopping.cancelled().await;
        sleep_until(Instant::now() + STOP_GRACE).await;
    }

    async fn work_until_done(&self) {
        while !self.core.stopping.is_cancelled() {
            match self.work_once().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(%error, "media could not be processed: they are due again when their claims expire");
                    return;
                }
            }
        }
    }

    /// Does the work that has waited longest. Returns whether there was any.
    async fn work_once(&self) -> ServiceResult<bool> {
        let now = self.core.now();
        let until = now.plus(self.core.settings.media.claim);
        let Some(task) = self.core.store.claim_media(now, until).await? else {
            return Ok(false);
        };
        // Another worker takes the next one.
        self.shared.due.notify_one();
        let engine = self.engine()?;
        match &task.work {
            MediaWork::Remove => self.remove(engine, task.media).await?,
            MediaWork::Process { upload, .. } => self.process(engine, &task, upload).await?,
        }
        Ok(true)
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
        let Some(result) = self.result(engine, task, upload).await? else {
            return Ok(()); // the claim expires, and then it is tried again
        };
        let is_ready = matches!(result, Processed::Ready { .. });
        let (media, store) = (task.media, &self.core.store);
        let answer = store.finish_media(media, task.attempt, result).await;
        let at = position_of(&answer);
        match answer?.value {
            Some(story) => self.core.invalidate(at, [Change::Story(story)]).await,
            // It may have been deleted, and its files removed, before the last of them was stored.
            None if store.known_media(&[media]).await?.is_empty() => {
                engine.storage.delete_all(folder(media)).await?;
            }
            None => {}
        }
        if let Some(name) = Name::parse(upload) {
            engine.storage.delete(folder(media), &name).await?;
        }
        let result = if is_ready { "ready" } else { "failed" };
        metrics::counter!("sosik_media_processed_total", "result" => result).increment(1);
        Ok(())
    }

    /// The result of this attempt. `None` if another attempt may succeed.
    async fn result(
        &self,
        engine: &MediaEngine,
        task: &MediaTask,
        upload: &str,
    ) -> ServiceResult<Option<Processed>> {
        let failed = |reason: &str| Ok(Some(Processed::Failed(reason.to_owned())));
        if task.attempt > ATTEMPTS_MAX {
            return failed(GIVEN_UP);
        }
        let Some(name) = Name::parse(upload) else {
            return failed(LOST);
        };
        let Some(file) = engine.storage.get(folder(task.media), &name).await? else {
            return failed(LOST);
        };
        match engine
            .workers
            .photo(Input::Bytes(file), Purpose::Story)
            .await
        {
            Ok(photo) => Ok(Some(keep(engine, task.media, photo).await?)),
            Err(Failure::Refused(refusal)) => failed(&refusal.to_string()),
            Err(failure @ (Failure::TimedOut | Failure::Crashed(_))) => {
                tracing::warn!(media = %task.media, %failure, "a photo could not be decoded");
                failed(GIVEN_UP)
            }
            Err(failure @ (Failure::Busy | Failure::Unavailable(_))) => {
                tracing::warn!(media = %task.media, %failure, "a photo waits for a worker process");
                Ok(None)
            }
        }
    }
}

/// Stores the files of a photo.
async fn keep(engine: &MediaEngine, media: MediaId, photo: Photo) -> ServiceResult<Processed> {
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
