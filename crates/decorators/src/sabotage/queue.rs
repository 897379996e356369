//! Delivery queues that break the promises of prompt and complete deliveries.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sosik_fabric::delivery_queue::{Batch, Permit, Receipt};
use sosik_fabric::{DeliveryQueue, FabricResult};
use sosik_feed::Timestamp;
use sosik_feed::orders::Order;
use sosik_store::Store;
use tokio::time::{Instant, sleep_until};

/// Longer than the promised 2 s.
const TOO_LATE: Duration = Duration::from_millis(2_500);

/// Queues every order too late.
pub(super) struct LateQueue(pub(super) Arc<dyn DeliveryQueue>);

#[async_trait]
impl DeliveryQueue for LateQueue {
    fn reserve(&self) -> Option<Permit> {
        self.0.reserve()
    }

    async fn offer(&self, permit: Permit, order: Order) -> FabricResult<()> {
        let queue = Arc::clone(&self.0);
        tokio::spawn(async move {
            sleep_until(Instant::now() + TOO_LATE).await;
            // After an error the order is due when its claim expires, which is later still.
            let _queued_or_not = queue.offer(permit, order).await;
        });
        Ok(())
    }

    async fn take(&self, orders_max: usize) -> FabricResult<Batch> {
        self.0.take(orders_max).await
    }

    async fn done(&self, receipt: Receipt) -> FabricResult<()> {
        self.0.done(receipt).await
    }

    async fn leave(&self) -> FabricResult<()> {
        self.0.leave().await
    }

    fn dead_letters(&self) -> u64 {
        self.0.dead_letters()
    }

    fn waits_since(&self) -> Option<Timestamp> {
        self.0.waits_since()
    }
}

/// Records orders as done when they are taken.
pub(super) struct EarlyQueue {
    pub(super) queue: Arc<dyn DeliveryQueue>,
    pub(super) store: Arc<dyn Store>,
}

#[async_trait]
impl DeliveryQueue for EarlyQueue {
    fn reserve(&self) -> Option<Permit> {
        self.queue.reserve()
    }

    async fn offer(&self, permit: Permit, order: Order) -> FabricResult<()> {
        self.queue.offer(permit, order).await
    }

    async fn take(&self, orders_max: usize) -> FabricResult<Batch> {
        let batch = self.queue.take(orders_max).await?;
        let held = batch.orders.iter().map(Order::held).collect();
        // After an error the promise is kept this time.
        let _recorded_or_not = self.store.finish_orders(held).await;
        Ok(batch)
    }

    async fn done(&self, receipt: Receipt) -> FabricResult<()> {
        self.queue.done(receipt).await
    }

    async fn leave(&self) -> FabricResult<()> {
        self.queue.leave().await
    }

    fn dead_letters(&self) -> u64 {
        self.queue.dead_letters()
    }

    fn waits_since(&self) -> Option<Timestamp> {
        self.queue.waits_since()
    }
}
