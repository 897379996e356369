//! What operators and the node itself need: leases, upkeep, figures, keys.

use std::fmt;
use std::time::Duration;

use sosik_feed::cursor::seal::KEY_BYTES;
use sosik_feed::{PersonId, StoryId, Timestamp};

/// The right to make ids under a node number for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeLease {
    /// 0 to 1,023.
    pub node: u16,
    /// Grows with every holder of the number: an older epoch is refused (fencing).
    pub epoch: u64,
    /// Ids must be later than this moment: the previous holder may have used everything up to it, or the store holds an id
    /// of it.
    pub ids_after: Timestamp,
    /// Ids must not be later than this moment, until the lease is renewed.
    pub ids_until: Timestamp,
}

/// Asks for a lease.
#[derive(Debug, Clone)]
pub struct LeaseRequest {
    /// Region, 0 to 3: the top two bits of the node number.
    pub region: u16,
    /// Who asks, for people who read the table.
    pub holder: String,
    /// Now, by the clock of the one who asks.
    pub now: Timestamp,
    /// For how long.
    pub span: Duration,
}

/// A story id that is taken, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryPlace {
    /// Which.
    pub id: StoryId,
    /// Whose.
    pub author: PersonId,
    /// As it is now; empty when it was deleted.
    pub text: String,
    /// It was edited or deleted, so its words may have been others.
    pub changed: bool,
}

/// What mending some people has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MendedPeople {
    /// The last one looked at; `None` when there was nobody left.
    pub last: Option<PersonId>,
    /// How many were looked at.
    pub checked: u64,
    /// Their stories, counted.
    pub stories: u64,
    /// People whose figures were wrong.
    pub figures: u64,
    /// People whose search terms were wrong.
    pub terms: u64,
    /// People whose mark as a large author was wrong.
    pub large: u64,
}

/// What mending some stories has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MendedStories {
    /// The last one looked at; `None` when there was none left.
    pub last: Option<StoryId>,
    /// How many were looked at, not counting deleted ones.
    pub checked: u64,
    /// Stories whose figures were wrong.
    pub figures: u64,
    /// Tags that did not lead to their story, or for another audience than it has.
    pub tags: u64,
}

/// How a store is doing, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreFigures {
    /// Size of the write-ahead log.
    pub log_bytes: u64,
    /// How often the log was larger than its limit and was emptied.
    pub log_emptied: u64,
    /// How often it could not be, since a read was in the way.
    pub log_blocked: u64,
    /// How often it could not be, since the disk failed.
    pub log_failed: u64,
    /// Writes that wait for the writer.
    pub writes_waiting: u64,
    /// Transactions committed.
    pub write_batches: u64,
    /// Writes answered by them.
    pub writes: u64,
    /// How often the connection that writes was replaced after the disk had failed.
    pub reopened: u64,
    /// Room on its disk; `None` when the system does not tell.
    pub disk_free_bytes: Option<u64>,
}

/// A key that seals cursors.
#[derive(Clone, PartialEq, Eq)]
pub struct CursorKey {
    /// Part of every cursor that it sealed.
    pub number: u8,
    /// Random.
    pub secret: [u8; KEY_BYTES],
    /// When it was added.
    pub created_at: Timestamp,
}

impl fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CursorKey({}, …)", self.number)
    }
}
