//! One attempt to process an upload, from the claim to its end.
//!
//! A claim ends with a result, is released, or is lost. A claim that ends in none of these ways is a fault: most likely
//! the node crashed. An attempt is a fault, too, if its process did not end in time, or if the upload was not found. After
//! some faults the upload fails, because another attempt would most likely end in the same way.
//!
//! Any other failure outside of the upload, for example of the storage, never fails an acknowledged upload: its claim is
//! released, and the work is due again after a pause.

use std::time::Duration;

use sosik_store::{MediaTask, Processed};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use super::{Media, MediaEngine};
use crate::ServiceResult;

/// Renewals within the duration of a claim. Two of them may fail.
const RENEWALS: u32 = 3;

/// Maximum faults of one upload.
pub(super) const FAULTS_MAX: u32 = 5;

/// Factor between the pauses after attempts that were late: with the first one of 30 seconds, the last of four is half an
/// hour. A machine may be busy for that long.
const LATE_FACTOR: u32 = 4;

/// How the work of a claim ended.
pub(super) enum Outcome {
    /// With this result.
    Done(Processed),
    /// A failure outside of the upload. The work is due again after a pause.
    NotNow,
    /// The upload was not found in the storage. As [`Self::NotNow`], but it is a fault.
    Missing,
    /// The process did not end in time. As [`Self::Missing`], but each pause is longer than the one before.
    Late,
}

/// How an attempt ended.
enum End {
    Work(Outcome),
    Lost,
    Stopped,
}

impl Outcome {
    /// The upload cannot be shown, for this reason.
    pub(super) fn failed(reason: &str) -> Self {
        Self::Done(Processed::Failed(reason.to_owned()))
    }
}

/// True if another attempt would most likely crash its process, too.
pub(super) const fn is_hopeless(task: &MediaTask) -> bool {
    task.faults >= FAULTS_MAX
}

/// The outcome if an upload is missing in the storage. It fails for `reason` only after several attempts, because one
/// answer of a storage may be wrong.
pub(super) fn missing(task: &MediaTask, reason: &str) -> Outcome {
    match task.faults + 1 < FAULTS_MAX {
        true => Outcome::Missing,
        false => Outcome::failed(reason),
    }
}

/// The outcome if a process did not end in time. The upload fails for `reason` after this many attempts, because the
/// machine may have been busy.
pub(super) fn late(task: &MediaTask, attempts: u32, reason: &str) -> Outcome {
    match task.faults + 1 < attempts {
        true => Outcome::Late,
        false => Outcome::failed(reason),
    }
}

impl Media {
    /// Runs `work` for a claimed upload and renews the claim meanwhile. If the service stops, the work has `grace` to
    /// end. Returns the result to record, or `None` if the claim is lost or released.
    ///
    /// # Errors
    /// The work or the store failed. The caller releases the claim ([`Self::release_failed`]).
    pub(super) async fn attempt(
        &self,
        engine: &MediaEngine,
        task: &MediaTask,
        grace: Duration,
        work: impl Future<Output = ServiceResult<Outcome>> + Send,
    ) -> ServiceResult<Option<Processed>> {
        let end = tokio::select! {
            outcome = work => End::Work(outcome?),
            () = self.claim_is_lost(task) => End::Lost,
            () = self.stopped_for(grace) => End::Stopped,
        };
        let pause = self.core.settings.media.retry_after;
        match end {
            End::Work(Outcome::Done(result)) => return Ok(Some(result)),
            End::Work(Outcome::NotNow) => self.release(engine, task, pause).await?,
            End::Work(Outcome::Missing) => self.fault(task, pause).await?,
            End::Work(Outcome::Late) => {
                let factor = LATE_FACTOR.saturating_pow(task.faults);
                self.fault(task, pause.saturating_mul(factor)).await?;
            }
            End::Stopped => self.release(engine, task, Duration::ZERO).await?,
            End::Lost => self.remove_if_forgotten(engine, task.media).await?,
        }
        Ok(None)
    }

    /// Releases the claim of work that failed outside of the upload, before the error is returned.
    pub(super) async fn release_failed(
        &self,
        engine: &MediaEngine,
        task: &MediaTask,
        done: ServiceResult<()>,
    ) -> ServiceResult<()> {
        let pause = self.core.settings.media.retry_after;
        if done.is_err()
            && let Err(error) = self.release(engine, task, pause).await
        {
            tracing::warn!(media = %task.media, %error, "a claim could not be released: it will expire");
        }
        done
    }

    /// Ends a claim without a result. Another worker continues after the pause.
    async fn release(
        &self,
        engine: &MediaEngine,
        task: &MediaTask,
        pause: Duration,
    ) -> ServiceResult<()> {
        let due_at = self.core.now().plus(pause);
        let store = &self.core.store;
        let released = store.release_media(task.media, task.attempt, due_at);
        if !released.await? {
            self.remove_if_forgotten(engine, task.media).await?;
        }
        Ok(())
    }

    /// Lets the claim expire after `pause`, which counts as a fault.
    async fn fault(&self, task: &MediaTask, pause: Duration) -> ServiceResult<()> {
        let due_at = self.core.now().plus(pause);
        let store = &self.core.store;
        let ended = store.renew_media_claim(task.media, task.attempt, due_at);
        ended.await?;
        Ok(())
    }

    pub(super) async fn stopped_for(&self, grace: Duration) {
        self.core.stopping.cancelled().await;
        sleep_until(Instant::now() + grace).await;
    }

    /// Renews the claim until it is lost.
    async fn claim_is_lost(&self, task: &MediaTask) {
        let claim = self.core.settings.media.claim;
        let mut renewed = Instant::now();
        let mut tick = interval_at(renewed + claim / RENEWALS, claim / RENEWALS);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while renewed.elapsed() < claim {
            tick.tick().await;
            // The claim counts from before the call, however long the call takes.
            let (asked, until) = (Instant::now(), self.core.now().plus(claim));
            let store = &self.core.store;
            let renewal = store.renew_media_claim(task.media, task.attempt, until);
            match renewal.await {
                Ok(true) => renewed = asked,
                Ok(false) => return,
                Err(error) => {
                    tracing::warn!(media = %task.media, %error, "the claim of an upload could not be renewed");
                }
            }
        }
    }
}
