//! The sweeper: has orders looked for that nobody works on, moves the settled point on, and tidies up.

use tokio::time::{MissedTickBehavior, interval};

use crate::{Service, ServiceResult};

impl Service {
    /// Has a worker look into the store now: after something other than a post has given an order.
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
                tracing::warn!(%error, "the sweeper failed and tries again");
            }
        }
    }

    /// One round.
    ///
    /// # Errors
    /// When the store fails; the next round tries again.
    pub async fn sweep_once(&self) -> ServiceResult<()> {
        self.sweep_soon();
        self.settle().await?;
        self.tidy_up().await
    }

    /// Moves the settled point on, and looks how long deliveries wait in the store.
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
