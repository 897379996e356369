//! The contract of the delivery queue: hints about orders that were just posted.

use async_trait::async_trait;
use sosik_feed::Timestamp;
use sosik_feed::orders::Order;
use tokio::sync::OwnedSemaphorePermit;

use crate::error::FabricResult;

/// Room for one order in the queue of this node. Released when it is dropped, or when the order is taken.
pub type Permit = OwnedSemaphorePermit;

/// Orders to work on, and what to acknowledge when their outcome is in the store.
#[derive(Debug, Default)]
pub struct Batch {
    /// The oldest first.
    pub orders: Vec<Order>,
    /// For [`DeliveryQueue::done`].
    pub receipt: Receipt,
}

/// Numbers of the engine. Without [`DeliveryQueue::done`] the orders may come again.
#[derive(Debug, Default)]
pub struct Receipt(pub Vec<u64>);

/// Hands orders that were just posted to a worker, each under the claim that was written with the post.
///
/// The order in the store is the record. The queue only saves the read of the store, so it may lose, repeat and reorder
/// orders: a lost one is due in the store when its claim expires, and a worker loses a repeated one when it extends the
/// claim.
#[async_trait]
pub trait DeliveryQueue: Send + Sync + 'static {
    /// Room for an order, before its story is written. `None` if the queue is full: the order is then written without a
    /// claim and is due at once. No I/O.
    fn reserve(&self) -> Option<Permit>;

    /// Hands over an order that is in the store. After an error or a loss it is due when its claim expires.
    async fn offer(&self, permit: Permit, order: Order) -> FabricResult<()>;

    /// Waits for orders and returns at least one and at most `orders_max`. Cancel-safe: dropping the future loses none.
    async fn take(&self, orders_max: usize) -> FabricResult<Batch>;

    /// The outcome of the orders is in the store. Never called before that.
    async fn done(&self, receipt: Receipt) -> FabricResult<()>;

    /// The creation time of the oldest order that waits, as far as this node knows. No I/O.
    fn waits_since(&self) -> Option<Timestamp>;
}
