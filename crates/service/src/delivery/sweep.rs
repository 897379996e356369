//! The sweeper: makes a worker poll for orders that nobody processes, advances the settled point, and removes expired
//! rows.

use tokio::time::{MissedTickBehavior, interval};

use crate::{Service, ServiceResult};

impl Service {
    /// Makes a worker poll the store now. Call it after an order was added without a post.
    pub fn sweep_soon(&self) {
        self.0.courier.queue.look_in_store();
    }

    pub(super) async fn sweep(&self) {
        let mut tick = interval(self.0.settings.delivery.sweep_every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.0.stopping.cancelled() => return,
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
        self.sweep_soon();
        self.settle().await?;
        self.tidy_up().await
    }

    /// Advances the settled point, and measures how long deliveries have waited in the store.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settle(&self) -> ServiceResult<()> {
        let settled = &self.0.courier.settled;
        let candidate = settled.candidate(|| self.0.ids.last());
        let watermark = self.0.store.watermark(self.now()).await?;
        settled.advance(candidate, &watermark);
        let due = settled.due_since().map(|since| self.now().since(since));
        metrics::gauge!("sosik_delivery_due_wait_seconds")
            .set(due.unwrap_or_default().as_secs_f64());
        Ok(())
    }
}
