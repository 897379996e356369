//! The workers: take an order, walk the readers, push, and say that it is done.

use std::sync::Arc;
use std::time::Duration;

use sosik_feed::{PersonId, StoryId};
use sosik_store::{Claim, Order, OrderKind};
use tokio::sync::{Mutex, mpsc};

use super::Inbox;
use crate::sabotage::Sabotage;
use crate::{Service, ServiceResult};

/// Orders finished in one write. What has piled up while the last write was under way goes into the next.
const FINISHED_BATCH_MAX: usize = 512;

/// Rows that one step of a purge removes, so that no write holds up the others for long.
const PURGE_ROWS_MAX: u32 = 500;

impl Service {
    pub(crate) fn spawn_delivery(&self, inbox: Inbox) {
        let Inbox { orders, done } = inbox;
        let orders = Arc::new(Mutex::new(orders));
        for _ in 0..self.0.settings.delivery.workers {
            let (service, orders) = (self.clone(), Arc::clone(&orders));
            self.spawn(async move { service.work(&orders).await });
        }
        let service = self.clone();
        self.spawn(async move { service.finish(done).await });
        let service = self.clone();
        self.spawn(async move { service.sweep().await });
    }

    async fn work(&self, orders: &Mutex<mpsc::Receiver<Order>>) {
        loop {
            let order = tokio::select! {
                () = self.0.stopping.cancelled() => return,
                order = async { orders.lock().await.recv().await } => order,
            };
            let Some(order) = order else { return };
            self.fulfil(order).await;
        }
    }

    async fn fulfil(&self, order: Order) {
        let result = match order.kind {
            OrderKind::Deliver => self.deliver(&order).await,
            OrderKind::Purge => self.purge(&order).await,
        };
        match result {
            Ok(Progress::Done) => {
                // Received until the service stops; an order lost here is done once more after the next start.
                let _ = self.0.courier.done.send((order.story, order.kind));
            }
            Ok(Progress::TakenOver) => {}
            Err(error) => self.give_back(&order, &error.to_string()).await,
        }
    }

    async fn deliver(&self, order: &Order) -> ServiceResult<Progress> {
        let settings = &self.0.settings.delivery;
        let Some(story) = self.stories(&[order.story]).await?.pop().flatten() else {
            return Ok(Progress::Done); // deleted before it got home
        };
        if self
            .0
            .store
            .is_large_author(order.author, settings.large_author)
            .await?
        {
            self.0.fabric.announce(order.story, order.author).await?;
            self.record_lag(order, "large");
            return Ok(Progress::Done);
        }
        let audience = story.record.audience;
        let mut done_to = order.done_to;
        loop {
            let chunk = self
                .0
                .store
                .readers_of(order.author, audience, done_to, settings.chunk)
                .await?;
            let dropped = chunk.last && self.breaks(Sabotage::DropLastChunk);
            if !dropped {
                let taken = self.0.fabric.deliver(order.story, &chunk.readers).await?;
                metrics::counter!("sosik_deliveries_total").increment(taken as u64);
            }
            let Some(last) = chunk.readers.last().copied().filter(|_| !chunk.last) else {
                break;
            };
            done_to = last;
            if !self.progress(order, done_to).await? {
                return Ok(Progress::TakenOver);
            }
        }
        self.record_lag(order, "small");
        Ok(Progress::Done)
    }

    async fn purge(&self, order: &Order) -> ServiceResult<Progress> {
        while !self
            .0
            .store
            .purge_story(order.story, PURGE_ROWS_MAX)
            .await?
        {
            if !self.progress(order, PersonId::default()).await? {
                return Ok(Progress::TakenOver);
            }
        }
        Ok(Progress::Done)
    }

    /// Notes how far it is and keeps the claim; `false` when somebody else has the order by now.
    async fn progress(&self, order: &Order, done_to: PersonId) -> ServiceResult<bool> {
        Ok(self
            .0
            .store
            .order_progress(order.story, order.kind, self.claim(), done_to)
            .await?)
    }

    pub(super) fn claim(&self) -> Claim {
        Claim {
            by: self.0.courier.worker,
            until: self.now().plus(self.0.settings.delivery.claim),
        }
    }

    async fn give_back(&self, order: &Order, error: &str) {
        let settings = &self.0.settings.delivery;
        let pause = back_off(settings.retry_first, settings.retry_max, order.attempts);
        tracing::warn!(story = %order.story, attempts = order.attempts + 1, error, "a delivery failed and is tried again");
        let due = self.now().plus(pause);
        let noted = self
            .0
            .store
            .fail_order(
                order.story,
                order.kind,
                error.to_owned(),
                due,
                settings.attempts_max,
            )
            .await;
        if let Err(error) = noted {
            // The claim runs out and the order is taken up again.
            tracing::warn!(%error, "the failure of a delivery could not be noted");
        }
    }

    async fn finish(&self, mut done: mpsc::UnboundedReceiver<(StoryId, OrderKind)>) {
        loop {
            let mut batch = Vec::new();
            tokio::select! {
                () = self.0.stopping.cancelled() => {
                    done.close();
                    done.recv_many(&mut batch, usize::MAX).await;
                    self.write_finished(batch).await;
                    return;
                }
                _ = done.recv_many(&mut batch, FINISHED_BATCH_MAX) => self.write_finished(batch).await,
            }
        }
    }

    async fn write_finished(&self, batch: Vec<(StoryId, OrderKind)>) {
        if batch.is_empty() {
            return;
        }
        if let Err(error) = self
            .0
            .store
            .finish_orders(batch, self.0.courier.worker)
            .await
        {
            // They are done once more when their claims run out; that changes nothing.
            tracing::warn!(%error, "finished deliveries could not be noted");
        } else if let Err(error) = self.settle().await {
            // The sweeper does it again in a moment.
            tracing::debug!(%error, "the settled point could not be moved on");
        }
    }

    fn record_lag(&self, order: &Order, size: &'static str) {
        let lag = self.now().since(order.created_at);
        metrics::histogram!("sosik_delivery_lag_seconds", "author" => size)
            .record(lag.as_secs_f64());
    }
}

/// How an attempt ended.
enum Progress {
    Done,
    /// The claim ran out and another worker has the order.
    TakenOver,
}

/// Doubles with each attempt, up to the longest pause.
fn back_off(first: Duration, longest: Duration, attempts: u32) -> Duration {
    first
        .saturating_mul(1u32.checked_shl(attempts).unwrap_or(u32::MAX))
        .min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let pause = |attempts| {
            back_off(
                Duration::from_millis(200),
                Duration::from_secs(300),
                attempts,
            )
        };
        assert_eq!(pause(0), Duration::from_millis(200));
        assert_eq!(pause(3), Duration::from_millis(1_600));
        assert_eq!(pause(40), Duration::from_secs(300));
    }
}
