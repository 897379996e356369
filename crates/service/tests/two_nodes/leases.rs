//! A node with a lease on its caches. The leases here are those of a store without other nodes, and count calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use sosik_decorators::{Faults, Hook, hooked};
use sosik_fabric::Engines;
use sosik_fabric::memory::MemoryOptions;
use sosik_feed::{CommitPosition, PeerId};
use sosik_service::{Parts, Service, SharedStore, SystemClock};
use sosik_store::{
    CacheLease, CacheLeases, Horizon, JoiningMember, RenewedLease, Revocation, StoreResult,
};

use crate::{eventually, open, settings, start};

/// Leases of a store without other nodes.
#[derive(Default)]
pub(crate) struct CountingLeases {
    /// Changes that are still in the log.
    logged: AtomicU64,
    renewals: AtomicU64,
    trims: AtomicU64,
}

#[async_trait]
impl CacheLeases for CountingLeases {
    async fn join(&self, _member: JoiningMember) -> StoreResult<bool> {
        Ok(true)
    }

    async fn renew(&self, _peer: PeerId, _since: &Horizon) -> StoreResult<Option<RenewedLease>> {
        self.renewals.fetch_add(1, Ordering::Relaxed);
        Ok(Some(RenewedLease {
            changes: Vec::new(),
            at: CommitPosition::START,
            horizon: Horizon("1".to_owned()),
        }))
    }

    async fn cache_leases(&self) -> StoreResult<Vec<CacheLease>> {
        Ok(Vec::new())
    }

    async fn revoke(&self, _lease: CacheLease) -> StoreResult<Revocation> {
        Ok(Revocation::Absent)
    }

    async fn leave(&self, _peer: PeerId) -> StoreResult<()> {
        Ok(())
    }

    async fn trim_changes(&self, limit: u32) -> StoreResult<u64> {
        self.trims.fetch_add(1, Ordering::Relaxed);
        let trim = |logged: u64| Some(logged.saturating_sub(u64::from(limit)));
        let before = self
            .logged
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, trim)
            .unwrap();
        Ok(before.min(u64::from(limit)))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clean_up_trims_the_log_of_changes_in_batches_and_renewals_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let leases = Arc::new(CountingLeases::default());
    leases.logged.store(2_500, Ordering::Relaxed);
    let parts = Parts {
        store: open(&folder, "alone.db"),
        shared: Some(SharedStore {
            leases: Arc::<CountingLeases>::clone(&leases),
            alone: false,
        }),
        engines: Engines::memory(MemoryOptions::default(), 1),
        clock: Arc::new(SystemClock),
        settings: settings("one"),
    };
    let node = Service::start(parts).await.unwrap();
    let (trims, renewals) = (&leases.trims, &leases.renewals);
    eventually(async || leases.logged.load(Ordering::Relaxed) == 0).await;
    let before = renewals.load(Ordering::Relaxed);
    eventually(async || renewals.load(Ordering::Relaxed) >= before + 3).await;
    assert_eq!(trims.load(Ordering::Relaxed), 3, "in one clean-up");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stops_leaves_the_other_nodes_and_the_queue() {
    let folder = tempfile::tempdir().unwrap();
    let faults = Arc::new(Faults::default());
    let hook: Arc<dyn Hook> = Arc::<Faults>::clone(&faults);
    let engines = hooked(Engines::memory(MemoryOptions::default(), 1), &hook);
    let node = start("one", open(&folder, "alone.db"), engines).await;
    node.stop().await;
    for call in ["Peers::leave", "WakeUps::leave", "DeliveryQueue::leave"] {
        assert_eq!(faults.begun(call), 1, "{call}");
    }
}
