//! Orders: the durable outbox of deliveries.
//!
//! An order is written in the transaction of its story and removed only after its effect is complete. A queue may
//! announce orders sooner; the order in the store is the record.

use async_trait::async_trait;
use sosik_feed::{PersonId, Timestamp};

use crate::{
    Claim, DeadOrder, DeliveryProgress, FailedOrder, HeldOrder, LateStory, Order, OrderStats,
    StoreResult,
};

/// The outbox.
#[async_trait]
pub trait Orders {
    /// Claims orders that are due and not claimed, at most `limit`, those that have waited longest. Returns them in
    /// order of their stories.
    async fn claim_orders(
        &self,
        claim: Claim,
        now: Timestamp,
        limit: u32,
    ) -> StoreResult<Vec<Order>>;

    /// Records for each order the last reader served, and extends its claim to `until`. Returns for each, in the given
    /// order, whether the claim still holds. An order whose claim is lost does not change.
    async fn order_progress(
        &self,
        progress: Vec<(HeldOrder, PersonId)>,
        until: Timestamp,
    ) -> StoreResult<Vec<bool>>;

    /// Removes orders whose effect is complete. An order whose claim is lost stays for its new owner.
    async fn finish_orders(&self, done: Vec<HeldOrder>) -> StoreResult<()>;

    /// Records failed attempts: counts each, stores its error, releases the order, and sets its next due time. After
    /// `attempts_max` attempts the order is dead: it stays visible, and is not retried until an operator asks. An order
    /// whose claim was lost does not change.
    async fn fail_orders(&self, failed: Vec<FailedOrder>, attempts_max: u32) -> StoreResult<()>;

    /// Releases every order that a process has claimed. They are due now, and no attempt is counted. Returns their
    /// number.
    async fn release_orders(&self, process: u64, now: Timestamp) -> StoreResult<u64>;

    /// Statistics for operators and alerts.
    async fn order_stats(&self) -> StoreResult<OrderStats>;

    /// The watermarks of delivery and the backlog, read in one snapshot.
    async fn delivery_progress(&self, now: Timestamp) -> StoreResult<DeliveryProgress>;

    /// Late stories after `after`, ascending; `None` if some of them are no longer kept. A story becomes late in the
    /// transaction that makes its delivery necessary, so a feed read from the store never shows it earlier. The newest
    /// 4,096 are kept.
    async fn late_stories(&self, after: u64) -> StoreResult<Option<Vec<LateStory>>>;

    /// Dead orders, oldest first.
    async fn dead_orders(&self, limit: u32) -> StoreResult<Vec<DeadOrder>>;

    /// Makes the oldest dead orders due now, at most [`RETRIED_ORDERS_MAX`](crate::RETRIED_ORDERS_MAX), and resets
    /// their attempts to zero. Returns their number: fewer than the maximum means that none is left. The stories
    /// delivered by these orders are late for all their readers.
    async fn retry_dead_orders(&self, now: Timestamp) -> StoreResult<u64>;
}
