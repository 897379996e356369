//! The lease on the caches of this node, and the leases of the other nodes.
//!
//! Several nodes cache rows of one store. A change is acknowledged after every node has applied it, or can no longer
//! serve from its caches (Gray and Cheriton, "Leases: An Efficient Fault-Tolerant Mechanism for Distributed File Cache
//! Consistency", 1989). See `docs/decisions/0019-caches-are-leased.md`.
//!
//! - *Holding*: a task renews the lease of this node. Each renewal returns the changes that were committed since the
//!   last one. They are applied before the extended lease is used. While the lease is expired, all reads use the store.
//! - *Waiting*: a writer sends its change to the other nodes and reads the leases after its commit. It waits for each
//!   holder that has not confirmed, as [`Silent`] describes.

mod silent;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sosik_fabric::CacheGate;
use sosik_fabric::peers::Notice;
use sosik_feed::PeerId;
use sosik_store::{CacheLeases, Horizon, StoreResult};
use tokio::time::{Instant, sleep_until, timeout};

use super::Core;
use silent::{Silent, Verdict};

/// Renewals in the time of one lease. Five of them may fail. A writer that cannot reach a node waits for three of them.
const RENEWALS_PER_HOLD: u32 = 6;

/// Pause before a writer asks again about nodes that have not confirmed. Doubles up to [`ASK_MAX`].
const ASK_FIRST: Duration = Duration::from_millis(10);

/// Longest pause before a writer asks again. A silent node delays writes by its lease, which is seconds.
const ASK_MAX: Duration = Duration::from_millis(100);

/// Changes removed from the log in one step.
const TRIM_ROWS: u32 = 1_000;

/// The lease of this node.
pub(crate) struct CacheLeaseHolder {
    store: Arc<dyn CacheLeases>,
    gate: CacheGate,
    hold: Duration,
    /// `None` while this node is not a member.
    horizon: Mutex<Option<Horizon>>,
}

impl CacheLeaseHolder {
    pub(crate) const fn new(store: Arc<dyn CacheLeases>, gate: CacheGate, hold: Duration) -> Self {
        Self {
            store,
            gate,
            hold,
            horizon: Mutex::new(None),
        }
    }
}

impl Core {
    /// Renews the lease until the service stops.
    pub(crate) fn spawn_cache_lease(&self) {
        if self.cache_lease.is_none() {
            return;
        }
        let core = self.clone();
        self.supervise("cache_lease", move || {
            let core = core.clone();
            async move {
                if let Some(lease) = &core.cache_lease {
                    core.keep_cache_lease(lease).await;
                }
            }
        });
    }

    async fn keep_cache_lease(&self, lease: &CacheLeaseHolder) {
        let every = lease.hold / RENEWALS_PER_HOLD;
        while !self.stopping.is_cancelled() {
            let next = Instant::now() + every;
            match timeout(lease.hold, self.renew_cache_lease(lease)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(%error, "the lease on the caches was not renewed"),
                Err(_elapsed) => tracing::warn!("the renewal of the lease on the caches timed out"),
            }
            tokio::select! {
                () = self.stopping.cancelled() => {}
                () = sleep_until(next) => {}
            }
        }
    }

    /// Renews the lease once. The first renewal of a member makes its lease valid.
    async fn renew_cache_lease(&self, lease: &CacheLeaseHolder) -> StoreResult<()> {
        let peer = self.engines.peers.me();
        let known = lease.horizon.lock().clone();
        let horizon = match known {
            Some(horizon) => horizon,
            None => self.join(lease, peer).await?,
        };
        // The lease counts from before the request, so the store never considers it shorter than this node does.
        let asked_at = self.clock.monotonic();
        let Some(renewed) = lease.store.renew(peer, &horizon).await? else {
            tracing::warn!("the lease on the caches was revoked, so they are emptied");
            self.leave_caches(lease);
            return Ok(());
        };
        let notice = Notice {
            at: renewed.at,
            changes: renewed.changes,
            updates: Vec::new(),
        };
        let timelines = self.apply_to_caches(&notice);
        *lease.horizon.lock() = Some(renewed.horizon);
        lease.gate.open_until(asked_at + lease.hold);
        self.drop_timelines(timelines).await;
        lease.store.trim_changes(TRIM_ROWS).await?;
        Ok(())
    }

    async fn join(&self, lease: &CacheLeaseHolder, peer: PeerId) -> StoreResult<Horizon> {
        self.caches.clear();
        lease.store.join(peer, lease.hold).await?;
        Ok(Horizon::default())
    }

    /// Stops to serve from the caches.
    fn leave_caches(&self, lease: &CacheLeaseHolder) {
        lease.gate.close();
        *lease.horizon.lock() = None;
        self.caches.clear();
    }

    /// Gives up the lease, so that no writer waits for this node.
    pub(crate) async fn release_cache_lease(&self) {
        let Some(lease) = &self.cache_lease else {
            return;
        };
        self.leave_caches(lease);
        // If this fails, a writer revokes the lease when it expires.
        if let Err(error) = lease.store.leave(self.engines.peers.me()).await {
            tracing::warn!(%error, "the lease on the caches could not be released");
        }
    }

    /// Sends the notice to the other nodes. Returns when none of them can serve what it outdates.
    pub(super) async fn tell_lease_holders(&self, lease: &CacheLeaseHolder, notice: &Notice) {
        let mut silent = Silent::default();
        let mut pause = ASK_FIRST;
        loop {
            let (told, leases) =
                tokio::join!(self.engines.peers.tell(notice), lease.store.cache_leases());
            let confirmed = self.fabric_result("tell", told);
            silent.confirmed(confirmed.unwrap_or_default().confirmed);
            match leases {
                Ok(leases) => {
                    let me = self.engines.peers.me();
                    let others = leases.into_iter().filter(|lease| lease.peer != me);
                    let waiting = silent.observe(others, self.clock.monotonic());
                    if self.revoke_expired(lease, waiting).await {
                        return;
                    }
                }
                Err(error) => tracing::warn!(%error, "the leases on caches could not be read"),
            }
            sleep_until(Instant::now() + pause).await;
            pause = (pause * 2).min(ASK_MAX);
        }
    }

    /// Revokes the expired leases. Returns whether no other one is waited for.
    async fn revoke_expired(&self, lease: &CacheLeaseHolder, waiting: Vec<Verdict>) -> bool {
        let mut settled = true;
        for verdict in waiting {
            settled &= match verdict {
                Verdict::Waiting => false,
                Verdict::Expired(expired) => match lease.store.revoke(expired).await {
                    Ok(true) => {
                        metrics::counter!("sosik_cache_leases_revoked_total").increment(1);
                        tracing::warn!(
                            peer = %expired.peer,
                            "a node neither confirmed a change nor renewed the lease on its caches, so the lease was revoked"
                        );
                        true
                    }
                    Ok(false) => false,
                    Err(error) => {
                        tracing::warn!(%error, "a lease on caches could not be revoked");
                        false
                    }
                },
            };
        }
        settled
    }
}
