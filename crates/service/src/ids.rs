//! Ids of this process: the generator under its leased node number.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sosik_feed::generator::{IdGenerator, IdRefused, Lease};
use sosik_feed::{RawId, Timestamp};
use sosik_store::{LeaseRequest, NodeLease, Store, StoreError};

use crate::clock::Clock;
use crate::settings::NodeSettings;
use crate::{Service, ServiceError, ServiceResult};

/// An id is waited for at most so often; each wait is some milliseconds.
const WAITS_MAX: u32 = 1_000;

/// Hands out ids and keeps the lease they are made under.
pub(crate) struct Ids {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    region: u16,
    holder: String,
    span: Duration,
    held: Mutex<Held>,
    /// One renewal at a time.
    renewing: tokio::sync::Mutex<()>,
}

struct Held {
    lease: NodeLease,
    generator: IdGenerator,
}

impl Ids {
    pub(crate) async fn lease(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        node: &NodeSettings,
    ) -> ServiceResult<Self> {
        let request = LeaseRequest {
            region: node.region,
            holder: node.name.clone(),
            now: clock.now(),
            span: node.lease,
        };
        let asked_at = clock.monotonic();
        let lease = store.lease_node(request).await?;
        let generator = IdGenerator::new(bounds(&lease, asked_at + node.lease));
        Ok(Self {
            store,
            clock,
            region: node.region,
            holder: node.name.clone(),
            span: node.lease,
            held: Mutex::new(Held { lease, generator }),
            renewing: tokio::sync::Mutex::new(()),
        })
    }

    /// Names this process as a worker: node number and epoch, never the same again.
    pub(crate) fn worker(&self) -> u64 {
        let lease = self.held.lock().lease;
        lease.epoch << 16 | u64::from(lease.node)
    }

    /// The next id.
    pub(crate) async fn next(&self) -> ServiceResult<RawId> {
        for _ in 0..WAITS_MAX {
            match self.try_next() {
                Ok(id) => return Ok(id),
                Err(refused) => self.overcome(refused).await?,
            }
        }
        Err(ServiceError::Busy(crate::error::RETRY_AFTER))
    }

    /// The next id if there is one at once.
    pub(crate) fn try_next(&self) -> Result<RawId, IdRefused> {
        self.held
            .lock()
            .generator
            .next(self.clock.now(), self.clock.monotonic())
    }

    /// Every id that this process makes from now on is larger.
    pub(crate) fn last(&self) -> RawId {
        self.held.lock().generator.last()
    }

    /// Does what makes another attempt worth while.
    pub(crate) async fn overcome(&self, refused: IdRefused) -> ServiceResult<()> {
        match refused {
            IdRefused::Wait(span) => {
                pause(span).await;
                Ok(())
            }
            IdRefused::LeaseOver => self.renew().await,
            IdRefused::ClockWentBack { by } => {
                tracing::error!(
                    behind_ms = by.as_millis(),
                    "the clock of this machine went back: set it right"
                );
                Err(ServiceError::Busy(by))
            }
        }
    }

    /// Extends the lease; takes another node number when this one is lost.
    pub(crate) async fn renew(&self) -> ServiceResult<()> {
        let _one = self.renewing.lock().await;
        let lease = self.held.lock().lease;
        let asked_at = self.clock.monotonic();
        match self
            .store
            .renew_node(lease, self.clock.now(), self.span)
            .await
        {
            Ok(renewed) => {
                let mut held = self.held.lock();
                held.lease = renewed;
                held.generator
                    .renew(renewed.ids_until, asked_at + self.span);
                Ok(())
            }
            Err(StoreError::LeaseLost) => self.take_another().await,
            Err(other) => Err(other.into()),
        }
    }

    async fn take_another(&self) -> ServiceResult<()> {
        tracing::warn!("the lease of the node number was lost; taking another number");
        let request = LeaseRequest {
            region: self.region,
            holder: self.holder.clone(),
            now: self.clock.now(),
            span: self.span,
        };
        let asked_at = self.clock.monotonic();
        let lease = self.store.lease_node(request).await?;
        let mut held = self.held.lock();
        held.lease = lease;
        let bounds = bounds(&lease, asked_at + self.span);
        // Not a new generator: ids of this process rise, whatever number they are made under.
        held.generator.take_over(bounds);
        Ok(())
    }

    /// Gives the number back, so that it is free at once.
    pub(crate) async fn release(&self) {
        let (lease, last_id_at) = {
            let held = self.held.lock();
            (held.lease, held.generator.last_id_at())
        };
        // Without it the number is free a little later.
        if let Err(error) = self.store.release_node(lease, last_id_at).await {
            tracing::warn!(%error, "the node number could not be handed back");
        }
    }
}

fn bounds(lease: &NodeLease, deadline: Duration) -> Lease {
    Lease {
        node: lease.node,
        ids_after: lease.ids_after,
        ids_until: lease.ids_until,
        deadline,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "waits for the clock itself to move on"
)]
async fn pause(span: Duration) {
    tokio::time::sleep(span).await;
}

impl Service {
    /// The next id. Rises within this process; unique among all nodes.
    ///
    /// # Errors
    /// `Busy` when the clock is wrong or the lease cannot be renewed.
    pub async fn next_id(&self) -> ServiceResult<RawId> {
        self.0.ids.next().await
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Renews the lease three times per span.
    pub(crate) fn spawn_lease_keeper(&self) {
        let service = self.clone();
        self.supervise("lease_keeper", move || {
            let service = service.clone();
            async move { service.keep_lease().await }
        });
    }

    async fn keep_lease(&self) {
        let mut tick = tokio::time::interval(self.0.ids.span / 3);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.0.stopping.cancelled() => return,
                _ = tick.tick() => {}
            }
            if let Err(error) = self.0.ids.renew().await {
                tracing::error!(%error, "the node lease could not be renewed; posting stops when it runs out");
            }
        }
    }
}
