//! The workers: take orders, walk the readers, push, and record that it is done.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use sosik_feed::PersonId;
use sosik_store::{FailedOrder, HeldOrder, Order, OrderKind};

use crate::sabotage::Sabotage;
use crate::supervise::{message_of, note_panic};
use crate::{Service, ServiceError, ServiceResult};

/// Orders that a worker takes at once from the queue of the process. One, so that all workers share what waits.
const QUEUED_BATCH_MAX: usize = 1;

/// Orders that a worker claims at once in the store: they share one write, and are done long before the claim expires.
const DUE_BATCH_MAX: u32 = 16;

/// An order is started only with this part of its claim left; otherwise the claim is extended first.
const CLAIM_LEFT_MIN: u32 = 2;

/// Rows that one step of a purge removes, so that no write holds up the others for long.
const PURGE_ROWS_MAX: u32 = 500;

/// Name of the workers as a task in the background.
const WORKER: &str = "delivery_worker";

/// How an attempt ended.
enum Progress {
    Done,
    /// The claim does not hold any more: another worker has the order, or it is gone.
    TakenOver,
    /// The service stops. The rest is for the next start.
    Stopping,
}

impl Service {
    /// Starts the workers and the sweeper.
    pub(crate) fn spawn_delivery(&self) {
        for _ in 0..self.0.settings.delivery.workers {
            let service = self.clone();
            self.supervise(WORKER, move || {
                let service = service.clone();
                async move { service.work().await }
            });
        }
        let service = self.clone();
        self.supervise("sweeper", move || {
            let service = service.clone();
            async move { service.sweep().await }
        });
    }

    async fn work(&self) {
        while let Some(orders) = self.next_orders().await {
            self.fulfil_all(orders).await;
        }
    }

    /// Waits for orders to work on; `None` when the service stops.
    async fn next_orders(&self) -> Option<Vec<Order>> {
        let queue = &self.0.courier.queue;
        while !self.0.stopping.is_cancelled() {
            let taken = queue.take(QUEUED_BATCH_MAX);
            let nothing_waits = taken.is_empty();
            let mut orders = self.still_claimed(taken).await;
            orders.extend(self.due_orders().await);
            if !orders.is_empty() {
                return Some(orders);
            }
            if !nothing_waits {
                continue;
            }
            tokio::select! {
                () = self.0.stopping.cancelled() => return None,
                () = queue.rung() => {}
            }
        }
        None
    }

    /// Those of the orders that this process still has. A claim that is about to expire is extended first.
    async fn still_claimed(&self, orders: Vec<Order>) -> Vec<Order> {
        let good_until = self
            .now()
            .plus(self.0.settings.delivery.claim / CLAIM_LEFT_MIN);
        let (mut fresh, old): (Vec<_>, Vec<_>) = orders
            .into_iter()
            .partition(|order| order.claim.until > good_until);
        if old.is_empty() {
            return fresh;
        }
        let progress = old.iter().map(|order| (order.held(), order.done_to));
        let progress = progress.collect();
        match self
            .0
            .store
            .order_progress(progress, self.claim_until())
            .await
        {
            Ok(holds) => {
                let kept = old.into_iter().zip(holds).filter(|(_, holds)| *holds);
                fresh.extend(kept.map(|(order, _)| order));
            }
            // They are due in the store when their claims expire.
            Err(error) => tracing::warn!(%error, "claims of deliveries could not be extended"),
        }
        fresh
    }

    /// Claims what is due in the store, if somebody asked to look.
    async fn due_orders(&self) -> Vec<Order> {
        let queue = &self.0.courier.queue;
        if !queue.take_look() {
            return Vec::new();
        }
        let claimed = (self.0.store)
            .claim_orders(self.new_claim(), self.now(), DUE_BATCH_MAX)
            .await;
        match claimed {
            Ok(orders) => {
                if orders.len() >= DUE_BATCH_MAX as usize {
                    queue.look_in_store();
                }
                orders
            }
            Err(error) => {
                tracing::warn!(%error, "due deliveries could not be claimed; the next sweep tries again");
                Vec::new()
            }
        }
    }

    async fn fulfil_all(&self, orders: Vec<Order>) {
        let (mut done, mut failed) = (Vec::new(), Vec::new());
        for order in orders {
            if self.0.stopping.is_cancelled() {
                break; // the claims are released
            }
            match self.fulfil_or_fail(&order).await {
                Ok(Progress::Done) => done.push(order.held()),
                Ok(Progress::TakenOver | Progress::Stopping) => {}
                Err(error) => failed.push(self.failure(&order, error)),
            }
        }
        self.record(done, failed).await;
    }

    /// An order whose delivery panics counts as failed: one that panics every time becomes dead instead of stopping the
    /// workers.
    async fn fulfil_or_fail(&self, order: &Order) -> Result<Progress, String> {
        let fulfilled = AssertUnwindSafe(self.fulfil(order)).catch_unwind().await;
        match fulfilled {
            Ok(result) => result.map_err(|error| error.to_string()),
            Err(panic) => {
                note_panic(WORKER, panic.as_ref());
                Err(message_of(panic.as_ref()).to_owned())
            }
        }
    }

    async fn fulfil(&self, order: &Order) -> ServiceResult<Progress> {
        match order.kind {
            OrderKind::Deliver => self.deliver(order).await,
            OrderKind::Purge => self.purge(order).await,
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
            let announced = self.0.fabric.announce(order.story, order.author).await;
            announced.map_err(ServiceError::of_delivery)?;
            self.record_lag(order, "large");
            return Ok(Progress::Done);
        }
        let audience = story.record.audience;
        if order.done_to == PersonId::default() && !self.breaks(Sabotage::ForgetOwnStory) {
            // The one who posted has put it there already, unless that failed.
            let taken = self.0.fabric.deliver(order.story, &[order.author]).await;
            taken.map_err(ServiceError::of_delivery)?;
        }
        let mut done_to = order.done_to;
        loop {
            let chunk = self
                .0
                .store
                .readers_of(order.author, audience, done_to, settings.chunk)
                .await?;
            let dropped = chunk.last && self.breaks(Sabotage::DropLastChunk);
            if !dropped {
                let taken = self.0.fabric.deliver(order.story, &chunk.readers).await;
                let taken = taken.map_err(ServiceError::of_delivery)?;
                metrics::counter!("sosik_deliveries_total").increment(taken as u64);
            }
            let Some(last) = chunk.readers.last().copied().filter(|_| !chunk.last) else {
                break;
            };
            done_to = last;
            if !self.progress(order, done_to).await? {
                return Ok(Progress::TakenOver);
            }
            if self.0.stopping.is_cancelled() {
                return Ok(Progress::Stopping);
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
            if self.0.stopping.is_cancelled() {
                return Ok(Progress::Stopping);
            }
        }
        Ok(Progress::Done)
    }

    /// Records how far the order is done and extends its claim; `false` when the claim does not hold any more.
    async fn progress(&self, order: &Order, done_to: PersonId) -> ServiceResult<bool> {
        let progress = vec![(order.held(), done_to)];
        let holds = self
            .0
            .store
            .order_progress(progress, self.claim_until())
            .await?;
        Ok(holds == [true])
    }

    fn failure(&self, order: &Order, error: String) -> FailedOrder {
        let settings = &self.0.settings.delivery;
        let pause = back_off(settings.retry_first, settings.retry_max, order.attempts);
        tracing::warn!(story = %order.story, attempts = order.attempts + 1, error, "a delivery failed and is tried again");
        FailedOrder {
            held: order.held(),
            error,
            due: self.now().plus(pause),
        }
    }

    /// Records what became of orders. What cannot be recorded is done once more when its claim expires, which changes
    /// nothing.
    async fn record(&self, done: Vec<HeldOrder>, failed: Vec<FailedOrder>) {
        let (store, attempts_max) = (&self.0.store, self.0.settings.delivery.attempts_max);
        if !failed.is_empty()
            && let Err(error) = store.fail_orders(failed, attempts_max).await
        {
            tracing::warn!(%error, "failed deliveries could not be recorded");
        }
        if done.is_empty() {
            return;
        }
        if let Err(error) = store.finish_orders(done).await {
            tracing::warn!(%error, "finished deliveries could not be recorded");
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
