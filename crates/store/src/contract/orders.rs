//! Orders: the durable outbox of deliveries.
//!
//! An order is written by the transaction of the story it is about and goes away only when its effect is done. A
//! queue may announce orders sooner; this is the record.

use async_trait::async_trait;
use sosik_feed::{PersonId, Timestamp};

use crate::{
    Claim, DeadOrder, FailedOrder, HeldOrder, LateStory, Order, OrderFigures, StoreResult,
    Watermark,
};

/// The outbox.
#[async_trait]
pub trait Orders {
    /// Claims orders that are due and that nobody holds, at most `limit`: those that wait longest. Answers them by
    /// story.
    async fn claim_orders(
        &self,
        claim: Claim,
        now: Timestamp,
        limit: u32,
    ) -> StoreResult<Vec<Order>>;

    /// Records for each order up to which reader it is done, and extends its claim to `until`. Answers for each, in the
    /// order given, whether the claim still holds; nothing changes where it does not.
    async fn order_progress(
        &self,
        progress: Vec<(HeldOrder, PersonId)>,
        until: Timestamp,
    ) -> StoreResult<Vec<bool>>;

    /// Removes orders whose effect is done. An order whose claim does not hold any more stays for the worker that has
    /// it now.
    async fn finish_orders(&self, done: Vec<HeldOrder>) -> StoreResult<()>;

    /// Records failed attempts: counts each, stores its error, releases the order, and sets its next due time. After
    /// `attempts_max` attempts the order is dead: it stays visible, and is not retried until an operator asks. An order
    /// whose claim was lost does not change.
    async fn fail_orders(&self, failed: Vec<FailedOrder>, attempts_max: u32) -> StoreResult<()>;

    /// Releases every order that a process has claimed. They are due now, and no attempt is counted. Returns their
    /// number.
    async fn release_orders(&self, process: u64, now: Timestamp) -> StoreResult<u64>;

    /// For the operator and for alarms.
    async fn order_figures(&self) -> StoreResult<OrderFigures>;

    /// The watermarks of delivery and the backlog, read in one snapshot.
    async fn watermark(&self, now: Timestamp) -> StoreResult<Watermark>;

    /// Late stories after `after`, ascending; `None` when some of them are forgotten. A story becomes late in the
    /// transaction that makes its delivery necessary, so a feed read from the store shows it only after it is here.
    /// The newest 4,096 are kept.
    async fn late_stories(&self, after: u64) -> StoreResult<Option<Vec<LateStory>>>;

    /// Dead orders, oldest first.
    async fn dead_orders(&self, limit: u32) -> StoreResult<Vec<DeadOrder>>;

    /// Makes every dead order due now with its attempts at zero; answers how many. Stories that are delivered by them
    /// are late for all their readers.
    async fn retry_dead_orders(&self, now: Timestamp) -> StoreResult<u64>;
}
