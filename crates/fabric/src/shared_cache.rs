//! The contract of the cache that nodes share: copies of rows, in front of the store.
//!
//! It is a look-aside cache whose fills are leased (Nishtala et al., "Scaling Memcache at Facebook", 2013). A look-up
//! that finds nothing takes a [`Ticket`]. The caller reads the store and fills the entry with the ticket. Dropping the
//! entry revokes the ticket, so a value that was read before a change is not stored after it.
//!
//! The rule for a caller: take the ticket before the read of the store, and read the latest copy of it. After a change,
//! drop the entry after the commit. An entry is trusted again when a drop that began after the commit is confirmed.

use async_trait::async_trait;

use crate::error::FabricResult;

/// Maximum size of a value in bytes. A session takes less than 900. Larger values are not stored.
pub const VALUE_BYTES_MAX: usize = 1_024;

/// What an entry is a copy of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SharedKey {
    /// A session, by the SHA-256 of its token.
    Session([u8; 32]),
}

impl SharedKey {
    /// The name of its kind in metrics.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Session(_) => "sessions",
        }
    }
}

/// The right to fill one entry. A drop of the entry revokes it. It expires after some seconds, so that a process that
/// dies does not keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket {
    /// The entry.
    pub key: SharedKey,
    /// Distinguishes the ticket from all others of the entry.
    pub number: u64,
}

/// The result of a look-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookUp {
    /// The value.
    Hit(Vec<u8>),
    /// There is no value. With a ticket, the caller may fill the entry. Without one, another caller is filling it.
    Miss(Option<Ticket>),
}

/// Copies of rows, shared by all nodes. An entry may be lost at any time.
///
/// Every method can fail, at any time. An engine that calls other machines must return
/// [`FabricError`](crate::FabricError) within a bounded time. A call that failed may still take effect.
#[async_trait]
pub trait SharedCache: Send + Sync + 'static {
    /// Looks up an entry. If there is none, the caller gets the ticket, unless another caller has it.
    async fn look_up(&self, key: SharedKey) -> FabricResult<LookUp>;

    /// Stores a value that was read from the store after the ticket was taken. Returns `false`, and stores nothing, if
    /// the ticket was revoked or has expired, or if the value exceeds [`VALUE_BYTES_MAX`].
    async fn fill(&self, ticket: Ticket, value: &[u8]) -> FabricResult<bool>;

    /// Drops an entry and revokes its ticket.
    async fn drop_entry(&self, key: SharedKey) -> FabricResult<()>;

    /// Drops every entry and revokes every ticket that existed before the call.
    async fn drop_all_entries(&self) -> FabricResult<()>;
}
