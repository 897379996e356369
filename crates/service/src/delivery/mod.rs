//! Delivery: a story's way from its order to the timelines of its readers.
//!
//! The order in the store is the record. The queue of the fabric only saves the read of the store for orders that were
//! just posted. An order is removed only after its effect is complete, so a crash at any point repeats it;
//! redelivery is idempotent. Every claim of an order has a unique name, so a worker that lost its claim changes nothing
//! for the new owner (`docs/decisions/0006-the-order-table-is-the-queue.md`).
//!
//! Nothing is delivered to dormant readers. A large author's story is one entry in a log, which is merged into timelines
//! when they are read.

mod batch;
mod cleanup;
mod sweep;
pub mod watermark;
mod work;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sosik_fabric::delivery_queue::Permit;
use sosik_feed::{StoryId, Timestamp};
use sosik_store::{Claim, ClaimName, Order, RETRIED_ORDERS_MAX};
use tokio::sync::Notify;

use crate::core::Core;
use crate::error::RETRY_AFTER;
use crate::{ServiceError, ServiceResult};
use cleanup::Cleanup;
use watermark::DeliveryWatermark;

/// The delivery of stories to timelines. Cheap to clone.
#[derive(Clone)]
pub struct Delivery {
    core: Core,
    pub(crate) shared: Arc<Shared>,
}

/// State that posts and workers share.
pub(crate) struct Shared {
    /// Identifies this process in claims.
    process: u64,
    /// Number of claims made so far.
    claims: AtomicU64,
    /// Wakes a worker when the store may have orders that are due. It is local, so that the sweeper can wake the
    /// workers while the queue fails.
    due: Notify,
    /// Every story up to this one is delivered.
    pub(crate) watermark: DeliveryWatermark,
    cleanup: Cleanup,
}

impl Shared {
    fn new(process: u64) -> Self {
        Self {
            process,
            claims: AtomicU64::new(0),
            due: Notify::new(),
            watermark: DeliveryWatermark::new(),
            cleanup: Cleanup::default(),
        }
    }

    /// A unique name for a claim.
    fn next_claim(&self) -> ClaimName {
        ClaimName {
            process: self.process,
            number: self.claims.fetch_add(1, Ordering::Relaxed) + 1,
        }
    }
}

impl Delivery {
    pub(crate) fn new(core: Core) -> Self {
        let shared = Arc::new(Shared::new(core.ids.worker()));
        Self { core, shared }
    }

    /// Sheds posts while deliveries wait longer than the maximum. Only deliveries that wait for a worker and never
    /// failed count. Orders that failed before and orders in progress do not. Reads are never shed because of the
    /// backlog.
    ///
    /// # Errors
    /// `Busy`.
    pub(crate) fn admit_post(&self) -> ServiceResult<()> {
        if self.queue_wait() <= self.backlog_wait_max() {
            return Ok(());
        }
        metrics::counter!("sosik_posts_shed_total").increment(1);
        Err(ServiceError::Busy(RETRY_AFTER))
    }

    /// Without workers here, a delivery that is not in the queue waits for the sweep of another node, and this node learns
    /// from its own next sweep that it was taken.
    fn backlog_wait_max(&self) -> Duration {
        let settings = &self.core.settings.delivery;
        match settings.workers {
            0 => settings.backlog_wait_max + 2 * settings.sweep_every,
            _ => settings.backlog_wait_max,
        }
    }

    /// The wait of the oldest delivery, in the queue or in the store.
    #[must_use]
    pub fn queue_wait(&self) -> Duration {
        let now = self.core.now();
        let queued = self.core.engines.queue.waits_since();
        let since = [queued, self.shared.watermark.due_since()];
        let waits = since.into_iter().flatten().map(|since| now.since(since));
        waits.max().unwrap_or_default()
    }

    /// Room in the queue for an order, before its story is written.
    pub(crate) fn reserve(&self) -> Option<Permit> {
        let permit = self.core.engines.queue.reserve();
        if permit.is_none() {
            metrics::counter!("sosik_delivery_queue_full_total").increment(1);
        }
        permit
    }

    /// Hands an order that is in the store to the workers. If the queue fails, the order is due when its claim expires.
    pub(crate) async fn offer(&self, permit: Permit, order: Order) {
        let offered = self.core.engines.queue.offer(permit, order).await;
        let _counted = self.core.fabric_result("offer", offered);
    }

    /// A new claim that begins now.
    pub(crate) fn new_claim(&self) -> Claim {
        Claim {
            name: self.shared.next_claim(),
            until: self.claim_until(),
        }
    }

    /// The expiry of a claim that is made or extended now.
    fn claim_until(&self) -> Timestamp {
        self.core.now().plus(self.core.settings.delivery.claim)
    }

    /// Releases the claims of this process, so that the next start takes the orders immediately. Call it after the
    /// workers have ended.
    pub(crate) async fn release_claims(&self) {
        let released = self
            .core
            .store
            .release_orders(self.shared.process, self.core.now())
            .await;
        if let Err(error) = released {
            tracing::warn!(%error, "claimed deliveries could not be released; they are due when their claims expire");
        }
    }

    /// Retries the dead orders from their beginning, in steps between which other writes proceed. Returns their number.
    /// Orders that die again meanwhile, and those left after an error, wait for the next call.
    ///
    /// # Errors
    /// When the store fails. Some of the orders may be due by then.
    pub async fn retry_dead_orders(&self) -> ServiceResult<u64> {
        let (store, now) = (&self.core.store, self.core.now());
        let (dead, mut retried) = (store.order_stats().await?.dead, 0);
        while retried < dead {
            let step = store.retry_dead_orders(now).await?;
            retried += step;
            if step < u64::from(RETRIED_ORDERS_MAX) {
                break;
            }
        }
        self.notify_workers();
        Ok(retried)
    }

    /// Late stories up to this number are delivered.
    pub(crate) fn late_watermark(&self) -> u64 {
        self.shared.watermark.late()
    }

    /// Every story up to this one is delivered.
    pub fn watermark(&self) -> StoryId {
        self.shared.watermark.id()
    }
}
