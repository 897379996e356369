//! The sweeper: takes up what nobody works on, moves the settled point on, and tidies up.

use tokio::time::{MissedTickBehavior, interval};

use crate::{Service, ServiceResult};

/// Orders taken up in one write.
const CLAIM_BATCH_MAX: u32 = 256;

impl Service {
    /// Looks for open orders now: after something other than a post has given one.
    pub fn sweep_soon(&self) {
        self.0.courier.sweep_soon();
    }

    pub(super) async fn sweep(&self) {
        let mut tick = interval(self.0.settings.delivery.sweep_every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.0.stopping.cancelled() => return,
                _ = tick.tick() => {}
                () = self.0.courier.sweep.notified() => {}
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
        self.take_up_orders().await?;
        self.settle().await?;
        self.tidy_up().await
    }

    async fn take_up_orders(&self) -> ServiceResult<()> {
        // Never more than fit into the queue: an order claimed and not queued would wait for its claim to run out.
        loop {
            let room = u32::try_from(self.0.courier.orders.capacity())
                .unwrap_or(u32::MAX)
                .min(CLAIM_BATCH_MAX);
            if room == 0 {
                return Ok(());
            }
            let orders = self
                .0
                .store
                .claim_orders(self.claim(), self.now(), room)
                .await?;
            let all = orders.len() < room as usize;
            orders
                .into_iter()
                .for_each(|order| self.0.courier.send(order));
            if all {
                return Ok(());
            }
        }
    }

    /// Moves the settled point on.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settle(&self) -> ServiceResult<()> {
        let candidate = self
            .0
            .courier
            .settled
            .candidate(self.now(), || self.0.ids.last());
        let oldest = self.0.store.oldest_undelivered().await?;
        self.0.courier.settled.advance(candidate, oldest);
        Ok(())
    }
}
