//! Node numbers, leased so that no two generators make the same id.

use std::time::Duration;

use async_trait::async_trait;
use sosik_feed::Timestamp;

use crate::{LeaseRequest, NodeLease, StoreResult};

/// Leases of node numbers.
#[async_trait]
pub trait Nodes {
    /// Leases a number of the region that was released, or whose last holder did not renew it in time. The epoch is
    /// incremented. The ids of the lease are later than all ids of the previous holder and than the newest id of any
    /// kind in the store, so ids keep rising even if the clock was ahead and has been corrected. `Busy` if all 63
    /// numbers are taken. The last of the 64 numbers of a region is never leased: imports use it for ids with a past
    /// time (`id::node_of_imports`).
    async fn lease_node(&self, request: LeaseRequest) -> StoreResult<NodeLease>;

    /// Extends a lease by `span`. The number is held until then by the clock. Ids may be later than the clock or the
    /// last id, whichever is later, by the same span. `LeaseLost` if another epoch holds the number.
    async fn renew_node(
        &self,
        lease: NodeLease,
        last_id_at: Timestamp,
        now: Timestamp,
        span: Duration,
    ) -> StoreResult<NodeLease>;

    /// Releases the number. Ids up to `last_id_at` have been made.
    async fn release_node(&self, lease: NodeLease, last_id_at: Timestamp) -> StoreResult<()>;
}
