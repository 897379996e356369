//! Leases on caches.

use std::net::SocketAddr;
use std::time::Duration;

use sosik_feed::{Change, CommitPosition, PeerId, StoryId};

/// A member to add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JoiningMember {
    /// Its id.
    pub peer: PeerId,
    /// The duration of its lease.
    pub hold: Duration,
    /// It shares nothing but the store with other nodes, so there must be none.
    pub alone: bool,
    /// Where it serves people; `None` if it does not.
    pub address: Option<SocketAddr>,
}

/// The lease of one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheLease {
    /// The holder.
    pub peer: PeerId,
    /// Number of renewals.
    pub renewals: u64,
    /// A renewal is valid for this time, counted from before it was requested.
    pub hold: Duration,
    /// The holder must be the only member.
    pub alone: bool,
}

/// The outcome of a revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revocation {
    /// This call removed the lease. Of concurrent calls for one lease, only one returns it.
    Revoked,
    /// The member had no lease any more.
    Absent,
    /// The lease was renewed after it was read, and is still valid.
    Renewed,
}

/// The end of the changes that a member has applied. The engine defines its form, because the order of commits is not the
/// order of any number in a row.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Horizon(pub String);

/// A renewed lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenewedLease {
    /// The changes since the last horizon, in no particular order. To apply before the extended lease is used. A change
    /// may be repeated. If the member has just joined, or if there are too many: [`Change::Everything`], and the
    /// changes that outdate copies in the shared fabric and that no member has settled ([`Change::outdates_a_copy`]).
    pub changes: Vec<Change>,
    /// Stories whose counts changed, each with the [revision](sosik_feed::StoryCounts::revision) of its new counts.
    /// Nobody waited for these, so a member that missed the message finds them here. Empty if everything is outdated.
    pub counts: Vec<(StoryId, u64)>,
    /// Any copy in the shared fabric may be outdated, because no member has kept a record of the changes.
    pub all_copies: bool,
    /// A position that covers these changes.
    pub at: CommitPosition,
    /// For the next renewal.
    pub horizon: Horizon,
}
