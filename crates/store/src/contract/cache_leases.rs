//! Leases on the caches of nodes, and the log of changes that they follow.

use std::net::SocketAddr;

use async_trait::async_trait;
use sosik_feed::{Change, CommitPosition, PeerId};

use crate::{CacheLease, Horizon, JoiningMember, RenewedLease, Revocation, StoreResult};

/// Which nodes may serve from their caches, for a store with several nodes.
///
/// Every write that outdates a cached value adds its [`Change`](sosik_feed::Change)s to the log in its own
/// transaction, also the new counts of a story. A node may serve from its caches while it holds a lease. Each renewal returns the changes that were
/// committed since the previous one, and the node applies them before it uses the extended lease. So a writer that
/// cannot reach a node waits until that node has applied a renewal that began after the commit, or its lease was revoked.
///
/// No clocks are compared: a lease has a duration and a number of renewals, and each process measures durations by its
/// own clock.
#[async_trait]
pub trait CacheLeases: Send + Sync + 'static {
    /// Adds a member whose caches are empty. It may use them after its first renewal. Returns `false`, and adds nothing,
    /// if the member must be alone and another one has a lease, or if another one must be alone. A member that joins
    /// again starts a new lease.
    async fn join(&self, member: JoiningMember) -> StoreResult<bool>;

    /// Extends the lease of a member, and returns the changes that were committed since `since`. `None` if the lease
    /// was revoked: the member must empty its caches and join again.
    ///
    /// A change that was committed before this call is in the result of this call or of an earlier one.
    ///
    /// `settled` is `since` of this renewal or of an earlier one. Before it, every copy in the shared fabric that had to be
    /// dropped was dropped after the commit of its change. The log keeps later changes, also after the member has died, and until
    /// another member has settled them. A member that joins gets the changes with copies since what the others had settled.
    /// If no other member has settled anything, it gets [`all_copies`](RenewedLease::all_copies).
    async fn renew(
        &self,
        peer: PeerId,
        since: &Horizon,
        settled: &Horizon,
    ) -> StoreResult<Option<RenewedLease>>;

    /// Adds changes to the log that belong to no write: a node learned by itself that something is outdated. Returns the
    /// position of the commit.
    async fn log_changes(&self, changes: &[Change]) -> StoreResult<CommitPosition>;

    /// All leases, also expired ones.
    async fn cache_leases(&self) -> StoreResult<Vec<CacheLease>>;

    /// The addresses at which members serve people, in no particular order. A member that died is listed until its lease
    /// is revoked.
    async fn addresses(&self) -> StoreResult<Vec<SocketAddr>>;

    /// Revokes a lease unless it was renewed after `lease` was read. A renewal in progress is waited for.
    async fn revoke(&self, lease: CacheLease) -> StoreResult<Revocation>;

    /// Removes a member that no longer serves from its caches.
    async fn leave(&self, peer: PeerId) -> StoreResult<()>;

    /// Removes changes of the log that every member has seen and settled, at most `limit`. Returns their number.
    ///
    /// The log is bounded: from one that is too long, changes are removed that every member has seen and not settled. A
    /// member that joins then gets [`all_copies`](RenewedLease::all_copies).
    async fn trim_changes(&self, limit: u32) -> StoreResult<u64>;
}
