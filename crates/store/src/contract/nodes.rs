//! Node numbers, leased so that no two generators make the same id.

use async_trait::async_trait;
use sosik_feed::Timestamp;
use std::time::Duration;

use crate::{LeaseRequest, NodeLease, StoreResult};

/// Leases of node numbers.
#[async_trait]
pub trait Nodes {
    /// Leases a number of the region whose last holder's `ids_until` has passed by `now`; the epoch grows.
    /// `Busy` when every number is taken. The last number of each region is never leased: imports of old stories
    /// make their ids under it.
    async fn lease_node(&self, request: LeaseRequest) -> StoreResult<NodeLease>;

    /// Extends a lease; `LeaseLost` when another epoch holds the number.
    async fn renew_node(
        &self,
        lease: NodeLease,
        now: Timestamp,
        span: Duration,
    ) -> StoreResult<NodeLease>;

    /// Gives the number back; ids up to `last_id_at` were made.
    async fn release_node(&self, lease: NodeLease, last_id_at: Timestamp) -> StoreResult<()>;
}
