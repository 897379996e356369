//! The lease on the caches of this node, and the leases of the other nodes.
//!
//! Several nodes cache rows of one store. A change is acknowledged after every node has applied it, or can no longer
//! serve from its caches (Gray and Cheriton, "Leases: An Efficient Fault-Tolerant Mechanism for Distributed File Cache
//! Consistency", 1989). See `docs/decisions/0019-caches-are-leased.md`.
//!
//! - *Holding*: a task renews the lease of this node. Each renewal returns the changes that were committed since the
//!   last one. They are applied before the extended lease is used. While the lease is expired, all reads use the store.
//! - *Settling*: changes after which copies in the shared fabric must be dropped (timelines, and entries of the shared
//!   cache) stay in the log until some node has dropped them ([`Settling`]). A node that joins drops those that are left,
//!   so one that dies leaves no outdated copy.
//! - *Waiting*: a writer sends its change to the other nodes and reads the leases after its commit. It waits for each
//!   holder that has not confirmed, as [`Silent`] describes.

#[cfg(test)]
mod model;
mod settling;
mod silent;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use sosik_fabric::CacheGate;
use sosik_fabric::peers::Notice;
use sosik_feed::{Change, CommitPosition, PersonId};
use sosik_store::{
    CacheLease, CacheLeases, Horizon, JoiningMember, RenewedLease, Revocation, StoreResult,
};
use tokio::time::{Instant, sleep_until, timeout};

use super::Core;
use super::invalidations::SharedCopy;
use crate::{ServiceError, ServiceResult};
use settling::Settling;
use silent::{Silent, Verdict};

/// Renewals in the time of one lease. Five of them may fail. A writer that cannot reach a node waits for three of them.
const RENEWALS_PER_HOLD: u32 = 6;

/// Pause before a writer asks again about nodes that have not confirmed. Doubles up to [`ASK_MAX`].
const ASK_FIRST: Duration = Duration::from_millis(10);

/// Longest pause before a writer asks again. A silent node delays writes by its lease, which is seconds.
const ASK_MAX: Duration = Duration::from_millis(100);

/// The problem when another process must be alone, and its remedy.
const ANOTHER_IS_ALONE: &str = "another process uses this store alone. It is `sosik import`, `world` or `rebuild`, which end by themselves, or a \
     node with `fabric.url = \"memory:\"`: nodes that share a store share Redis and NATS too. Set `fabric.url` to \
     redis://… and `queue.url` to nats://… on every node";

/// A store with several nodes.
#[derive(Clone)]
pub struct SharedStore {
    /// The leases on the caches of its nodes.
    pub leases: Arc<dyn CacheLeases>,
    /// The reason why this process must be the only one that uses the store, and what to do if it is not. It is the
    /// error if another one uses it.
    pub alone: Option<&'static str>,
}

/// The lease of this node.
pub(crate) struct CacheLeaseHolder {
    store: Arc<dyn CacheLeases>,
    alone: Option<&'static str>,
    gate: CacheGate,
    hold: Duration,
    /// `None` while this node is not a member.
    member: Mutex<Option<Member>>,
}

/// What this node knows as a member.
#[derive(Default)]
struct Member {
    /// The end of the changes that are applied to the caches.
    horizon: Horizon,
    settling: Settling,
}

impl CacheLeaseHolder {
    pub(crate) fn new(shared: SharedStore, gate: CacheGate, hold: Duration) -> Self {
        Self {
            store: shared.leases,
            alone: shared.alone,
            gate,
            hold,
            member: Mutex::new(None),
        }
    }

    /// The horizons to renew with. `None` while this node is not a member.
    fn horizons(&self, is_confirmed_to: impl Fn(u64) -> bool) -> Option<[Horizon; 2]> {
        let mut member = self.member.lock();
        let Member { horizon, settling } = member.as_mut()?;
        Some([horizon.clone(), settling.settled(is_confirmed_to)])
    }
}

impl Core {
    /// Joins the nodes of the store. If a node stopped without leaving, this waits until its lease expires.
    ///
    /// # Errors
    /// Another node runs, and it or this one must be alone.
    pub(crate) async fn join_nodes(&self) -> ServiceResult<()> {
        let Some(lease) = &self.cache_lease else {
            return Ok(());
        };
        let not_alone = lease.alone.unwrap_or(ANOTHER_IS_ALONE);
        let mut found = Silent::default();
        while !self.join(lease).await? {
            let others = lease.store.cache_leases().await?;
            let silent = found.observe(others.iter().copied(), self.clock.monotonic());
            if silent.len() < others.len() {
                return Err(ServiceError::Failed(not_alone));
            }
            self.revoke_expired(lease, silent).await;
            sleep_until(Instant::now() + ASK_MAX).await;
        }
        Ok(())
    }

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

    /// Renews the lease once. The first renewal of a member makes its lease valid. It depends on the store only: outdated
    /// copies are distrusted here and dropped in the background.
    async fn renew_cache_lease(&self, lease: &CacheLeaseHolder) -> StoreResult<()> {
        let peer = self.engines.peers.me();
        let is_confirmed_to = |number| self.invalidations.is_confirmed_to(number);
        let [since, settled] = match lease.horizons(is_confirmed_to) {
            Some(horizons) => horizons,
            None if self.join(lease).await? => Default::default(),
            None => {
                tracing::error!("{}", lease.alone.unwrap_or(ANOTHER_IS_ALONE));
                return Ok(());
            }
        };
        // The lease counts from before the request, so the store never considers it shorter than this node does.
        let asked_at = self.clock.monotonic();
        let Some(renewed) = lease.store.renew(peer, &since, &settled).await? else {
            tracing::warn!("the lease on the caches was revoked, so they are emptied");
            self.leave_caches(lease);
            return Ok(());
        };
        self.apply_renewal(lease, renewed);
        lease.gate.open_until(asked_at + lease.hold);
        Ok(())
    }

    fn apply_renewal(&self, lease: &CacheLeaseHolder, renewed: RenewedLease) {
        let mut changes = renewed.changes;
        let counted = renewed.counts.into_iter();
        let outdated = counted.filter(|counts| self.lacks_counts(*counts, renewed.at));
        changes.extend(outdated.map(|(story, _)| Change::Story(story)));
        self.apply_and_drop_later(&Notice {
            at: renewed.at,
            changes,
            updates: Vec::new(),
        });
        if renewed.all_copies {
            tracing::info!(
                "no node knows which timelines and sessions in the fabric are outdated, so all of them are dropped"
            );
            self.invalidations.begin_all();
        }
        let newest = self.invalidations.newest();
        if let Some(member) = &mut *lease.member.lock() {
            member.horizon = renewed.horizon.clone();
            member.settling.applied(newest, renewed.horizon);
        }
    }

    /// Whether the reader's timeline may be used.
    pub(crate) fn allows_timeline(&self, reader: PersonId) -> bool {
        self.allows_copy(SharedCopy::Timeline(reader))
    }

    /// Whether a copy in the fabric may be used. In a shared fabric it is used only while this node has its lease:
    /// without it, this node may not know that the copy is outdated.
    pub(super) fn allows_copy(&self, copy: SharedCopy) -> bool {
        let leased = |lease: &CacheLeaseHolder| lease.alone.is_some() || lease.gate.is_open();
        self.cache_lease.as_ref().is_none_or(leased) && self.invalidations.allows(copy)
    }

    /// Whether other nodes may write to the store.
    pub(crate) fn shares_store(&self) -> bool {
        let lease = self.cache_lease.as_ref();
        lease.is_some_and(|lease| lease.alone.is_none())
    }

    /// Adds changes to the log of the store, for the nodes that no notice reaches. Returns the position of the commit.
    ///
    /// # Errors
    /// When the store fails.
    pub(super) async fn log_changes(&self, changes: &[Change]) -> StoreResult<CommitPosition> {
        match &self.cache_lease {
            Some(lease) => lease.store.log_changes(changes).await,
            None => Ok(CommitPosition::LATEST),
        }
    }

    /// Removes changes of the log that every lease has seen, at most `limit`. Returns their number.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn trim_changes(&self, limit: u32) -> StoreResult<u64> {
        match &self.cache_lease {
            Some(lease) => lease.store.trim_changes(limit).await,
            None => Ok(0),
        }
    }

    /// The addresses at which the nodes of the store serve people, also of nodes that died lately.
    ///
    /// # Errors
    /// When the store fails.
    pub(crate) async fn node_addresses(&self) -> StoreResult<Vec<SocketAddr>> {
        match &self.cache_lease {
            Some(lease) => lease.store.addresses().await,
            None => Ok(self.settings.node.address.into_iter().collect()),
        }
    }

    /// Adds this node with empty caches. Returns `false` if another node prevents it.
    async fn join(&self, lease: &CacheLeaseHolder) -> StoreResult<bool> {
        self.caches.clear();
        let member = JoiningMember {
            peer: self.engines.peers.me(),
            hold: lease.hold,
            alone: lease.alone.is_some(),
            address: self.settings.node.address,
        };
        let joined = lease.store.join(member).await?;
        *lease.member.lock() = joined.then(Member::default);
        // Changes from before are unknown.
        self.watched.note_everything();
        Ok(joined)
    }

    /// Stops serving from the caches, and empties them.
    fn leave_caches(&self, lease: &CacheLeaseHolder) {
        lease.gate.close();
        *lease.member.lock() = None;
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
            if self.stopping.is_cancelled() {
                tracing::error!(
                    "the service stopped before the other nodes applied a change; they read it from its log"
                );
                return;
            }
            sleep_until(Instant::now() + pause).await;
            pause = (pause * 2).min(ASK_MAX);
        }
    }

    /// Revokes the expired leases. Returns whether the writer waits for none any more.
    async fn revoke_expired(&self, lease: &CacheLeaseHolder, waiting: Vec<Verdict>) -> bool {
        let mut settled = true;
        for verdict in waiting {
            settled &= match verdict {
                Verdict::Waiting => false,
                Verdict::Expired(expired) => revoke(&*lease.store, expired).await,
            };
        }
        settled
    }
}

/// Revokes a lease. Returns whether its member has none now. Many writers wait for one silent node, so only the one that
/// removed the lease counts and logs it.
async fn revoke(store: &dyn CacheLeases, lease: CacheLease) -> bool {
    match store.revoke(lease).await {
        Ok(Revocation::Revoked) => {
            metrics::counter!("sosik_cache_leases_revoked_total").increment(1);
            tracing::warn!(
                peer = %lease.peer,
                "a node neither confirmed a change nor renewed the lease on its caches, so the lease was revoked"
            );
            true
        }
        Ok(Revocation::Absent) => true,
        Ok(Revocation::Renewed) => false,
        Err(error) => {
            tracing::warn!(%error, "a lease on caches could not be revoked");
            false
        }
    }
}
