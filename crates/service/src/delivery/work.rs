//! The workers: take orders, walk the readers, push, and record the progress.

use std::mem::take;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use sosik_fabric::FabricResult;
use sosik_fabric::delivery_queue::{Batch, Receipt};
use sosik_feed::PersonId;
use sosik_store::{FailedOrder, HeldOrder, Order, OrderKind};
use tokio::time::timeout;

use super::Delivery;
use crate::ServiceResult;
use crate::core::supervise::{message_of, note_panic};

/// Orders that a worker takes at once from the queue. A larger batch would hardly make the shared reads
/// and writes cheaper, and its first order would wait longer for its last. At 40 readers each, a batch takes some 10
/// ms.
const QUEUED_BATCH_MAX: usize = 256;

/// Orders that a worker claims at once in the store, for the same reason.
const DUE_BATCH_MAX: u32 = 256;

/// An order is started only if more than this part of its claim is left (2: half of it); otherwise the claim is
/// extended first.
const CLAIM_LEFT_MIN: u32 = 2;

/// Pause of a worker after an error of the queue.
const QUEUE_PAUSE: Duration = Duration::from_secs(1);

/// Rows that one step of a purge deletes, so that no write blocks the others for long.
const PURGE_ROWS_MAX: u32 = 500;

/// Name of the workers as a background task.
const WORKER: &str = "delivery_worker";

impl Delivery {
    /// Starts the workers and the sweeper.
    pub(crate) fn spawn_workers(&self) {
        // A node that has delivered nothing reports 0.
        metrics::counter!("sosik_deliveries_total").absolute(0);
        for _ in 0..self.core.settings.delivery.workers {
            let this = self.clone();
            self.core.supervise(WORKER, move || {
                let this = this.clone();
                async move { this.work().await }
            });
        }
        let this = self.clone();
        self.core.supervise("sweeper", move || {
            let this = this.clone();
            async move { this.sweep().await }
        });
    }

    async fn work(&self) {
        while let Some(batch) = self.next_batch().await {
            self.process(batch).await;
        }
    }

    /// Waits for orders; `None` when the service stops.
    async fn next_batch(&self) -> Option<Batch> {
        let queue = &self.core.engines.queue;
        while !self.core.stopping.is_cancelled() {
            let mut batch = tokio::select! {
                () = self.core.stopping.cancelled() => return None,
                () = self.shared.due.notified() => self.due_orders().await,
                taken = queue.take(QUEUED_BATCH_MAX) => self.queued_orders(taken).await,
            };
            if !batch.orders.is_empty() {
                return Some(batch);
            }
            // Other workers have them.
            self.acknowledge(take(&mut batch.receipt)).await;
        }
        None
    }

    /// The orders of the queue whose claims this process still holds. Pauses while the queue fails.
    async fn queued_orders(&self, taken: FabricResult<Batch>) -> Batch {
        match self.core.fabric_result("take", taken) {
            Some(batch) => Batch {
                orders: self.renew_claims(batch.orders).await,
                receipt: batch.receipt,
            },
            None => {
                let _stopping = timeout(QUEUE_PAUSE, self.core.stopping.cancelled()).await;
                Batch::default()
            }
        }
    }

    async fn acknowledge(&self, receipt: Receipt) {
        if receipt.0.is_empty() {
            return;
        }
        let done = self.core.engines.queue.done(receipt).await;
        // After an error the orders come again, and their claims have changed by then.
        let _counted = self.core.fabric_result("done", done);
    }

    /// Returns the orders whose claims this process still holds. Claims that are about to expire are extended first.
    async fn renew_claims(&self, orders: Vec<Order>) -> Vec<Order> {
        let good_until = self
            .core
            .now()
            .plus(self.core.settings.delivery.claim / CLAIM_LEFT_MIN);
        let (mut fresh, old): (Vec<_>, Vec<_>) = orders
            .into_iter()
            .partition(|order| order.claim.until > good_until);
        if old.is_empty() {
            return fresh;
        }
        let progress = old.iter().map(|order| (order.held(), order.done_to));
        let progress = progress.collect();
        match self
            .core
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

    /// Claims the orders that are due in the store.
    async fn due_orders(&self) -> Batch {
        let claimed = (self.core.store)
            .claim_orders(self.new_claim(), self.core.now(), DUE_BATCH_MAX)
            .await;
        match claimed {
            Ok(orders) => {
                if orders.len() >= DUE_BATCH_MAX as usize {
                    self.notify_workers();
                }
                Batch {
                    orders,
                    receipt: Receipt::default(),
                }
            }
            Err(error) => {
                tracing::warn!(%error, "due deliveries could not be claimed; the next sweep tries again");
                Batch::default()
            }
        }
    }

    async fn process(&self, batch: Batch) {
        let Batch { orders, receipt } = batch;
        self.record_waits(&orders);
        let (deliveries, purges): (Vec<_>, Vec<_>) = orders
            .into_iter()
            .partition(|order| order.kind == OrderKind::Deliver);
        let outcome = self.deliver_all(&deliveries).await;
        let mut recorded = self.record(outcome).await;
        for order in purges {
            if self.core.stopping.is_cancelled() {
                recorded = false;
                break; // the claims are released
            }
            let mut outcome = Outcome::default();
            match attempt(self.purge(&order)).await {
                Ok(true) => outcome.done.push(order.held()),
                Ok(false) => {}
                Err(error) => outcome.failed.push(self.failure(&order, error)),
            }
            recorded &= self.record(outcome).await;
        }
        if recorded {
            self.acknowledge(receipt).await;
        }
        self.try_advance_watermark().await;
    }

    /// Delivers a batch. If the batch fails, delivers its orders one by one, so that an order that cannot be delivered
    /// does not block the others.
    async fn deliver_all(&self, orders: &[Order]) -> Outcome {
        let mut outcome = Outcome::default();
        match attempt(self.deliver_batch(orders)).await {
            Ok(done) => outcome.done = done,
            Err(error) => {
                if let [lone] = orders {
                    outcome.failed.push(self.failure(lone, error));
                } else {
                    for order in orders {
                        self.deliver_one(order, &mut outcome).await;
                    }
                }
            }
        }
        outcome
    }

    async fn deliver_one(&self, order: &Order, outcome: &mut Outcome) {
        match attempt(self.deliver_batch(std::slice::from_ref(order))).await {
            Ok(done) => outcome.done.extend(done),
            Err(error) => outcome.failed.push(self.failure(order, error)),
        }
    }

    /// Deletes the remaining rows of a deleted story. Returns `false` if the claim is lost or the service stops first.
    async fn purge(&self, order: &Order) -> ServiceResult<bool> {
        while !self
            .core
            .store
            .purge_story(order.story, PURGE_ROWS_MAX)
            .await?
        {
            let progress = vec![(order.held(), PersonId::default())];
            let holds = self
                .core
                .store
                .order_progress(progress, self.claim_until())
                .await?;
            if holds != [true] || self.core.stopping.is_cancelled() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn failure(&self, order: &Order, error: String) -> FailedOrder {
        let settings = &self.core.settings.delivery;
        let pause = back_off(settings.retry_first, settings.retry_max, order.attempts);
        tracing::warn!(story = %order.story, attempts = order.attempts + 1, error, "a delivery failed and will be retried");
        FailedOrder {
            held: order.held(),
            error,
            due: self.core.now().plus(pause),
        }
    }

    /// Records the outcome of orders. If it cannot be recorded, the orders are repeated when their claims expire, which
    /// is idempotent. Returns whether it is recorded.
    pub(super) async fn record(&self, outcome: Outcome) -> bool {
        let mut recorded = true;
        let Outcome { done, failed } = outcome;
        let (store, attempts_max) = (&self.core.store, self.core.settings.delivery.attempts_max);
        if !failed.is_empty()
            && let Err(error) = store.fail_orders(failed, attempts_max).await
        {
            tracing::warn!(%error, "failed deliveries could not be recorded");
            recorded = false;
        }
        if !done.is_empty()
            && let Err(error) = store.finish_orders(done).await
        {
            tracing::warn!(%error, "finished deliveries could not be recorded");
            recorded = false;
        }
        recorded
    }

    async fn try_advance_watermark(&self) {
        if let Err(error) = self.advance_watermark().await {
            // The next sweep retries.
            tracing::debug!(%error, "the delivery watermark could not be advanced");
        }
    }

    /// Records how long orders waited for a worker. Retries are excluded, because they waited for their back-off.
    fn record_waits(&self, orders: &[Order]) {
        let now = self.core.now();
        metrics::histogram!("sosik_delivery_batch_orders").record(count(orders.len()));
        let waits = metrics::histogram!("sosik_delivery_queue_wait_seconds");
        for order in orders.iter().filter(|order| order.attempts == 0) {
            waits.record(now.since(order.created_at).as_secs_f64());
        }
    }
}

/// Runs work and turns a panic into a failure. An order that panics every time becomes dead and does not stop the
/// workers.
async fn attempt<T>(work: impl Future<Output = ServiceResult<T>>) -> Result<T, String> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(panic) => {
            note_panic(WORKER, panic.as_ref());
            Err(message_of(panic.as_ref()).to_owned())
        }
    }
}

/// The outcome of a batch of orders.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) done: Vec<HeldOrder>,
    pub(super) failed: Vec<FailedOrder>,
}

/// Exact up to 2^53, which no batch reaches.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn count(number: usize) -> f64 {
    number as f64
}

/// Doubles with each attempt, up to `longest`.
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
