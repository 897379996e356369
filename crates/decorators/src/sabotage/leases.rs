//! Leases on caches that break promises of several nodes.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sosik_feed::{Change, CommitPosition, PeerId};
use sosik_store::{
    CacheLease, CacheLeases, Horizon, JoiningMember, RenewedLease, Revocation, StoreResult,
};
use tokio::time::timeout;

use super::Sabotage;

/// A renewal without an answer by then counts as one that found no changes. It is shorter than a lease.
const RENEWAL_MAX: Duration = Duration::from_millis(300);

/// Leases that break a promise.
pub(super) struct SabotagedLeases {
    pub(super) promise: Sabotage,
    pub(super) leases: Arc<dyn CacheLeases>,
}

/// A renewal that found no changes.
fn unchanged(at: CommitPosition, horizon: Horizon) -> RenewedLease {
    RenewedLease {
        changes: Vec::new(),
        counts: Vec::new(),
        all_copies: false,
        at,
        horizon,
    }
}

#[async_trait]
impl CacheLeases for SabotagedLeases {
    async fn join(&self, member: JoiningMember) -> StoreResult<bool> {
        self.leases.join(member).await
    }

    async fn renew(
        &self,
        peer: PeerId,
        since: &Horizon,
        settled: &Horizon,
    ) -> StoreResult<Option<RenewedLease>> {
        let renewal = self.leases.renew(peer, since, settled);
        match self.promise {
            Sabotage::ServeWithoutLease => Ok(Some(match timeout(RENEWAL_MAX, renewal).await {
                Ok(Ok(Some(renewed))) => renewed,
                _not_renewed => unchanged(CommitPosition::START, since.clone()),
            })),
            Sabotage::SkipChangeLog => {
                let renewed = renewal.await?;
                Ok(renewed.map(|renewed| unchanged(renewed.at, renewed.horizon)))
            }
            _ => renewal.await,
        }
    }

    async fn log_changes(&self, changes: &[Change]) -> StoreResult<CommitPosition> {
        self.leases.log_changes(changes).await
    }

    async fn cache_leases(&self) -> StoreResult<Vec<CacheLease>> {
        match self.promise {
            // A writer that finds no lease waits for nobody.
            Sabotage::AnswerBeforeNodes => Ok(Vec::new()),
            _ => self.leases.cache_leases().await,
        }
    }

    async fn addresses(&self) -> StoreResult<Vec<SocketAddr>> {
        self.leases.addresses().await
    }

    async fn revoke(&self, lease: CacheLease) -> StoreResult<Revocation> {
        self.leases.revoke(lease).await
    }

    async fn leave(&self, peer: PeerId) -> StoreResult<()> {
        self.leases.leave(peer).await
    }

    async fn trim_changes(&self, limit: u32) -> StoreResult<u64> {
        self.leases.trim_changes(limit).await
    }
}
