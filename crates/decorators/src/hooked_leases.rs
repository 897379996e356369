//! Leases on caches that call a hook before and after every call.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use sosik_feed::{Change, CommitPosition, PeerId};
use sosik_store::{
    CacheLease, CacheLeases, Horizon, JoiningMember, RenewedLease, Revocation, StoreError,
    StoreResult,
};

use crate::hooked::{Hook, Refused};

/// The calls of leases that a hook sees.
pub const LEASE_CALLS: &[&str] = &[
    "CacheLeases::join",
    "CacheLeases::renew",
    "CacheLeases::log_changes",
    "CacheLeases::cache_leases",
    "CacheLeases::addresses",
    "CacheLeases::revoke",
    "CacheLeases::leave",
    "CacheLeases::trim_changes",
];

/// Wraps leases. The hook sees the calls of [`LEASE_CALLS`].
pub fn hooked_leases(leases: Arc<dyn CacheLeases>, hook: &Arc<dyn Hook>) -> Arc<dyn CacheLeases> {
    let hook = Arc::clone(hook);
    Arc::new(HookedLeases { leases, hook })
}

struct HookedLeases {
    leases: Arc<dyn CacheLeases>,
    hook: Arc<dyn Hook>,
}

impl HookedLeases {
    async fn around<T>(
        &self,
        call: &'static str,
        work: impl Future<Output = StoreResult<T>>,
    ) -> StoreResult<T> {
        let failed = |Refused(reason)| StoreError::failed("use the leases on caches", reason);
        self.hook.before(call).await.map_err(failed)?;
        let answer = work.await;
        self.hook.after(call).await.map_err(failed)?;
        answer
    }
}

#[async_trait]
impl CacheLeases for HookedLeases {
    async fn join(&self, member: JoiningMember) -> StoreResult<bool> {
        let work = self.leases.join(member);
        self.around("CacheLeases::join", work).await
    }

    async fn renew(
        &self,
        peer: PeerId,
        since: &Horizon,
        settled: &Horizon,
    ) -> StoreResult<Option<RenewedLease>> {
        let work = self.leases.renew(peer, since, settled);
        self.around("CacheLeases::renew", work).await
    }

    async fn log_changes(&self, changes: &[Change]) -> StoreResult<CommitPosition> {
        let work = self.leases.log_changes(changes);
        self.around("CacheLeases::log_changes", work).await
    }

    async fn cache_leases(&self) -> StoreResult<Vec<CacheLease>> {
        let work = self.leases.cache_leases();
        self.around("CacheLeases::cache_leases", work).await
    }

    async fn addresses(&self) -> StoreResult<Vec<SocketAddr>> {
        let work = self.leases.addresses();
        self.around("CacheLeases::addresses", work).await
    }

    async fn revoke(&self, lease: CacheLease) -> StoreResult<Revocation> {
        let work = self.leases.revoke(lease);
        self.around("CacheLeases::revoke", work).await
    }

    async fn leave(&self, peer: PeerId) -> StoreResult<()> {
        let work = self.leases.leave(peer);
        self.around("CacheLeases::leave", work).await
    }

    async fn trim_changes(&self, limit: u32) -> StoreResult<u64> {
        let work = self.leases.trim_changes(limit);
        self.around("CacheLeases::trim_changes", work).await
    }
}
