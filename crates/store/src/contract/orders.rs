//! Orders: the durable outbox of deliveries.
//!
//! An order is written by the transaction of the story it is about and goes away only when its effect is done. A
//! queue may announce orders sooner; this is the record.

use async_trait::async_trait;
use sosik_feed::{PersonId, Timestamp};

use crate::{Claim, DeadOrder, Order, OrderFigures, OrderKind, StoreResult};
use sosik_feed::StoryId;

/// The outbox.
#[async_trait]
pub trait Orders {
    /// Takes orders that nobody works on (claim run out, due now), oldest first, at most `limit`, and claims them.
    async fn claim_orders(
        &self,
        claim: Claim,
        now: Timestamp,
        limit: u32,
    ) -> StoreResult<Vec<Order>>;

    /// Notes how far an order has come and extends the claim; `false` when another worker has it by now.
    async fn order_progress(
        &self,
        story: StoryId,
        kind: OrderKind,
        claim: Claim,
        done_to: PersonId,
    ) -> StoreResult<bool>;

    /// Their effect is done: removes the orders. Only those still claimed by `by`; others stay for their new worker.
    async fn finish_orders(&self, done: Vec<(StoryId, OrderKind)>, by: u64) -> StoreResult<()>;

    /// An attempt failed: counts it, keeps the error (cut to 500 characters), and makes the order due again at `due`.
    /// With `attempts_max` attempts it is dead: kept and shown, not tried until somebody asks.
    async fn fail_order(
        &self,
        story: StoryId,
        kind: OrderKind,
        error: String,
        due: Timestamp,
        attempts_max: u32,
    ) -> StoreResult<()>;

    /// For the operator and for alarms.
    async fn order_figures(&self) -> StoreResult<OrderFigures>;

    /// The story of the oldest order that is not done, dead or alive: everything older has been delivered.
    async fn oldest_undelivered(&self) -> StoreResult<Option<StoryId>>;

    /// Dead orders, oldest first.
    async fn dead_orders(&self, limit: u32) -> StoreResult<Vec<DeadOrder>>;

    /// Makes every dead order due now with its attempts at zero; answers how many.
    async fn retry_dead_orders(&self, now: Timestamp) -> StoreResult<u64>;
}
