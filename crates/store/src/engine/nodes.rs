//! Which node number a new process leases.

use std::collections::BTreeMap;
use std::ops::Range;

use sosik_feed::id::{NODES_PER_REGION, node_of_imports};
use sosik_feed::{RawId, Timestamp};

use crate::{LeaseRequest, NodeLease, StoreError, StoreResult};

/// A number that was leased before.
#[derive(Debug, Clone, Copy)]
pub struct KnownNode {
    /// The number of its leases.
    pub epoch: u64,
    /// Ids up to this time may have been used.
    pub ids_until: Timestamp,
    /// Whether its lease is valid.
    pub is_held: bool,
}

impl LeaseRequest {
    /// The numbers of the region that a process may lease.
    #[must_use]
    pub const fn numbers(&self) -> Range<u16> {
        self.region * NODES_PER_REGION..node_of_imports(self.region)
    }
}

/// Chooses the lowest free number, so a machine that restarts normally keeps its number. `known` are the numbers of the
/// region that were leased before, and `newest` is the newest id of any kind in the store, or 0. The caller stores the
/// lease in the transaction in which it read them.
///
/// # Errors
/// `Busy` while no number is free.
pub fn choose_node(
    request: &LeaseRequest,
    known: &BTreeMap<u16, KnownNode>,
    newest: i64,
) -> StoreResult<NodeLease> {
    let is_free = |node: &u16| known.get(node).is_none_or(|known| !known.is_held);
    let node = request.numbers().find(is_free).ok_or(StoreError::Busy)?;
    let newest_at = match newest {
        0 => Timestamp::default(),
        newest => RawId::from_i64(newest).time(),
    };
    let ids_after = ids_after(node, known, request).max(newest_at);
    Ok(NodeLease {
        node,
        epoch: known.get(&node).map_or(0, |known| known.epoch) + 1,
        ids_after,
        ids_until: request.now.max(ids_after).plus(request.span),
        store_now: None,
    })
}

/// The end of the ids that earlier leases may have used.
fn ids_after(node: u16, known: &BTreeMap<u16, KnownNode>, request: &LeaseRequest) -> Timestamp {
    let own = known
        .get(&node)
        .map_or_else(Timestamp::default, |known| known.ids_until);
    // A lease whose end is after that of a new lease was made by a clock that was ahead. Its holder may have promised
    // that no id up to the end of the lease is new.
    let ahead = |until: &Timestamp| *until > request.now.plus(request.span);
    let ids_until = known.values().map(|known| known.ids_until);
    own.max(ids_until.filter(ahead).max().unwrap_or_default())
}
