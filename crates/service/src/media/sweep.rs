//! Removes what nobody uses: uploads that were not posted, and files without a row.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use sosik_feed::MediaId;
use sosik_media::storage::{Entry, Stored};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{Media, folder};
use crate::ServiceResult;

/// Media that one write deletes: some milliseconds of the writer.
const UNUSED_MAX: u32 = 100;

/// Media that are looked up together.
const LOOK_UPS_MAX: usize = 200;

/// Files without a row stay for this long: an upload is stored before its row.
pub(super) const ORPHAN_AGE: Duration = Duration::from_secs(3600);

/// How much the time of a file may differ from the clock of this process.
const CLOCK_MARGIN: Duration = Duration::from_secs(2);

/// Interval between listings of all files. A listing reads every folder.
const LIST_EVERY: Duration = Duration::from_secs(3600);

/// The files that one listing found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MediaUse {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Media without a row, whose files were removed.
    pub orphans: u64,
}

impl Media {
    pub(super) async fn sweep(&self) {
        tokio::select! {
            () = self.core.stopping.cancelled() => return,
            removed = self.remove_interrupted() => if let Err(error) = removed {
                tracing::warn!(%error, "files that were not complete could not be removed: the next listing retries");
            }
        }
        let mut tick = interval(self.core.settings.media.sweep_every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut listed: Option<Instant> = None;
        loop {
            tokio::select! {
                () = self.core.stopping.cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(error) = self.sweep_once().await {
                tracing::warn!(%error, "unused media could not be deleted: the next sweep retries");
            }
            if listed.is_none_or(|at| at.elapsed() >= LIST_EVERY) {
                listed = Some(Instant::now());
                if let Err(error) = self.collect_orphans().await {
                    tracing::warn!(%error, "media without a row could not be removed: the next listing retries");
                }
            }
        }
    }

    /// Removes files on this machine that the process before this one did not complete. No other process uses the folder.
    async fn remove_interrupted(&self) -> ServiceResult<()> {
        let started_at = Duration::from_millis(self.shared.started_at.as_millis());
        let storage = &self.engine()?.storage;
        storage.remove_staged(started_at, CLOCK_MARGIN).await?;
        Ok(())
    }

    /// Deletes uploads that were not completed or not posted in time, and counts the work that is left.
    ///
    /// # Errors
    /// When the store fails; the next sweep retries.
    pub async fn sweep_once(&self) -> ServiceResult<()> {
        self.delete_unused().await?;
        self.expire_uploads().await?;
        self.sweep_links().await?;
        let stats = self.core.store.media_stats().await?;
        let gauge = |number: u64| number as f64;
        metrics::gauge!("sosik_media_processing").set(gauge(stats.processing));
        metrics::gauge!("sosik_media_removing").set(gauge(stats.removing));
        Ok(())
    }

    /// Deletes all media that were not posted in time.
    async fn delete_unused(&self) -> ServiceResult<()> {
        let (store, now) = (&self.core.store, self.core.now());
        let before = now.minus(self.core.settings.media.unused_after);
        while !self.core.stopping.is_cancelled() {
            let deleted = store.delete_unused_media(before, now, UNUSED_MAX).await?;
            if deleted > 0 {
                self.notify_workers();
            }
            if deleted < u64::from(UNUSED_MAX) {
                break;
            }
        }
        Ok(())
    }

    /// Lists all files, and removes those of media without a row, uploads of media that are processed, and files that were
    /// never completed.
    ///
    /// # Errors
    /// When the store or the storage fails; the next listing retries.
    pub async fn collect_orphans(&self) -> ServiceResult<MediaUse> {
        let engine = self.engine()?;
        let now = Duration::from_millis(self.core.now().as_millis());
        let mut files = std::pin::pin!(engine.storage.list(now));
        let (mut used, mut old) = (MediaUse::default(), Old::default());
        while let Some(entry) = files.next().await {
            let Entry::File(file) = entry? else { continue };
            used.files += 1;
            used.bytes += file.bytes;
            old.note(&file);
            if old.media.len() + old.uploads.len() >= LOOK_UPS_MAX {
                used.orphans += self.remove_old(std::mem::take(&mut old)).await?;
            }
        }
        used.orphans += self.remove_old(old).await?;
        engine.storage.remove_staged(now, ORPHAN_AGE).await?;
        metrics::gauge!("sosik_media_bytes").set(used.bytes as f64);
        Ok(used)
    }

    async fn remove_old(&self, old: Old) -> ServiceResult<u64> {
        self.remove_uploads(old.uploads).await?;
        self.remove_orphans(old.media).await
    }

    /// Removes uploads of processed media. A worker leaves them if it is killed after recording the result. They
    /// contain data that processing removes, for example the position of a photo.
    async fn remove_uploads(&self, media: BTreeSet<MediaId>) -> ServiceResult<()> {
        let asked: Vec<_> = media.into_iter().collect();
        let known = self.core.store.media_files(&asked).await?;
        for settled in known.iter().filter(|media| media.is_settled) {
            let storage = &self.engine()?.storage;
            storage.delete_parts(folder(settled.media)).await?;
        }
        Ok(())
    }

    async fn remove_orphans(&self, media: BTreeSet<MediaId>) -> ServiceResult<u64> {
        let asked: Vec<_> = media.iter().copied().collect();
        let mut known = self.core.store.known_media(&asked).await?;
        known.extend(self.core.store.known_folders(&asked).await?);
        let mut removed = 0;
        for orphan in media.iter().filter(|media| !known.contains(media)) {
            self.engine()?.storage.delete_all(folder(*orphan)).await?;
            removed += 1;
        }
        Ok(removed)
    }
}

/// Media with files that may have to be removed.
#[derive(Default)]
struct Old {
    /// Media with files older than [`ORPHAN_AGE`]. The files are removed if the medium has no row.
    media: BTreeSet<MediaId>,
    /// Media with files of an upload, of any age. An upload is not read any more when the medium has a result.
    uploads: BTreeSet<MediaId>,
}

impl Old {
    fn note(&mut self, file: &Stored) {
        let media = MediaId::from_u64(file.folder.medium());
        if file.name.is_upload() {
            self.uploads.insert(media);
        }
        if file.age >= ORPHAN_AGE {
            self.media.insert(media);
        }
    }
}
