//! The sweeper: makes a worker poll for orders that nobody processes, advances the delivery watermark, and removes
//! expired rows.

use std::time::Duration;

use sosik_feed::RawId;
use sosik_store::ID_AGE_MAX;
use tokio::time::{MissedTickBehavior, interval};

use super::Delivery;
use crate::ServiceResult;

/// Time from the id of a post to its commit, on any node.
///
/// PostgreSQL rejects a story whose id is older than [`ID_AGE_MAX`] by its clock, for example of a node that was paused. It
/// checks this directly before COMMIT. The rest is for COMMIT itself.
const COMMIT_MAX: Duration = Duration::from_secs(ID_AGE_MAX.as_secs() + 10);

impl Delivery {
    /// Makes a worker poll the store now. Call it after an order was added without a post.
    pub fn notify_workers(&self) {
        self.shared.due.notify_one();
    }

    pub(super) async fn sweep(&self) {
        let mut tick = interval(self.core.settings.delivery.sweep_every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.core.stopping.cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(error) = self.sweep_once().await {
                tracing::warn!(%error, "a sweep failed: the next one retries");
            }
        }
    }

    /// Runs one sweep.
    ///
    /// # Errors
    /// When the store fails; the next sweep retries.
    pub async fn sweep_once(&self) -> ServiceResult<()> {
        self.notify_workers();
        self.advance_watermark().await?;
        self.clean_up().await
    }

    /// An id such that every later id is larger, and that no post of another node in flight has or is below.
    fn last_settled(&self) -> RawId {
        match self.core.shares_store() {
            true => self
                .core
                .ids
                .last_before(self.core.ids.now().minus(COMMIT_MAX)),
            false => self.core.ids.last(),
        }
    }

    /// Advances the delivery watermark, and measures how long deliveries have waited in the store.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn advance_watermark(&self) -> ServiceResult<()> {
        let watermark = &self.shared.watermark;
        let candidate = watermark.candidate(|| self.last_settled());
        let progress = self.core.store.delivery_progress(self.core.now()).await?;
        watermark.note_due(&progress);
        // The order of a logged story is done only after the story was appended. So no cursor marks a story as seen
        // that this node could not merge.
        let caught_up = self.core.engines.log.catch_up().await;
        if self.core.fabric_result("catch_up", caught_up).is_some() {
            watermark.advance(candidate, &progress);
        }
        let due = watermark
            .due_since()
            .map(|since| self.core.now().since(since));
        metrics::gauge!("sosik_delivery_due_wait_seconds")
            .set(due.unwrap_or_default().as_secs_f64());
        Ok(())
    }
}
