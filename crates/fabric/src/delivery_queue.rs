//! The contract of the delivery queue: hints about orders that were just posted.

use async_trait::async_trait;
use sosik_feed::Timestamp;
use sosik_feed::orders::Order;
use tokio::sync::OwnedSemaphorePermit;

use crate::error::FabricResult;

/// Room for one order in the queue of this node. Released when it is dropped, or when the order is taken.
pub type Permit = OwnedSemaphorePermit;

/// Orders to process, and the values that acknowledge them when their outcome is in the store.
#[derive(Debug, Default)]
pub struct Batch {
    /// Oldest first.
    pub orders: Vec<Order>,
    /// For [`DeliveryQueue::done`].
    pub receipt: Receipt,
}

/// Identifies the orders to the engine. It may return them again until [`DeliveryQueue::done`] is called.
#[derive(Debug, Default)]
pub struct Receipt(pub Vec<u64>);

/// Passes orders that were just posted to a worker, each with the claim that was written with the post.
///
/// The order in the store is the record. The queue only saves the read of the store, so it may lose, repeat and reorder
/// orders. A lost order is due in the store when its claim expires. A worker drops a repeated order when it cannot
/// extend the claim.
#[async_trait]
pub trait DeliveryQueue: Send + Sync + 'static {
    /// Room for an order, before its story is written. `None` if the queue is full: the order is then written without a
    /// claim and is due at once. No I/O.
    fn reserve(&self) -> Option<Permit>;

    /// Queues an order that is in the store. After an error or a loss the order is due when its claim expires.
    async fn offer(&self, permit: Permit, order: Order) -> FabricResult<()>;

    /// Waits for orders and returns at least one and at most `orders_max`. Cancel-safe: dropping the future loses none.
    async fn take(&self, orders_max: usize) -> FabricResult<Batch>;

    /// Acknowledges orders. Call it only after their outcome is in the store.
    async fn done(&self, receipt: Receipt) -> FabricResult<()>;

    /// Takes no more orders, and returns those that no worker of this node has taken. Call it after the workers have
    /// ended.
    ///
    /// # Errors
    /// Other workers get these orders later.
    async fn leave(&self) -> FabricResult<()> {
        Ok(())
    }

    /// Orders that were passed on several times and never acknowledged, and messages that are no orders, since the start of
    /// this node. Each is counted by one node. No I/O.
    fn dead_letters(&self) -> u64;

    /// The creation time of the oldest order that waits, as far as this node knows. No I/O.
    fn waits_since(&self) -> Option<Timestamp>;
}
