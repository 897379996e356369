//! Records for operators and for the node itself: leases, repairs, statistics, keys.

use std::fmt;
use std::time::Duration;

use sosik_feed::cursor::seal::KEY_BYTES;
use sosik_feed::{CommentId, PersonId, StoryId, Timestamp};

/// The right to make ids under a node number for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeLease {
    /// 0 to 255.
    pub node: u16,
    /// Grows with every holder of the number. An older epoch is rejected (fencing token).
    pub epoch: u64,
    /// Ids must be later than this time. The previous holder may have used all ids up to it, or the store has an id
    /// with this time.
    pub ids_after: Timestamp,
    /// Ids must not be later than this time until the lease is renewed.
    pub ids_until: Timestamp,
    /// What the clock of the store showed when it granted or renewed the lease. Ids are then made by that clock, so that
    /// those of all nodes have one order. `None` if ids are to be made by the clock of the node.
    pub store_now: Option<Timestamp>,
}

/// A request for a lease.
#[derive(Debug, Clone)]
pub struct LeaseRequest {
    /// Region, 0 to 3: the top two bits of the node number.
    pub region: u16,
    /// The name of the process, for operators who read the table.
    pub holder: String,
    /// The current time by the caller's clock.
    pub now: Timestamp,
    /// The duration of the lease.
    pub span: Duration,
}

/// A story id that is in use, and the story that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingStory {
    /// The id of the story.
    pub id: StoryId,
    /// The author.
    pub author: PersonId,
    /// The current text; empty when the story was deleted.
    pub text: String,
    /// The story was edited or deleted, so the original text may differ.
    pub changed: bool,
}

/// The result of repairing one chunk of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RepairedPeople {
    /// The last person checked; `None` when nobody was left.
    pub last: Option<PersonId>,
    /// The number of people checked.
    pub checked: u64,
    /// People with wrong counts.
    pub counts: u64,
    /// People with wrong search terms.
    pub terms: u64,
    /// People with a wrong large-author mark.
    pub large: u64,
}

/// The result of repairing one chunk of stories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RepairedStories {
    /// The last story checked; `None` when none was left.
    pub last: Option<StoryId>,
    /// The number of stories checked, without deleted ones.
    pub checked: u64,
    /// Stories with wrong counts.
    pub counts: u64,
    /// Index entries of tags that were missing or had the wrong audience.
    pub tags: u64,
}

/// The result of repairing one chunk of comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RepairedComments {
    /// The last comment checked; `None` when none was left.
    pub last: Option<CommentId>,
    /// The number of comments checked.
    pub checked: u64,
    /// Comments with wrong counts.
    pub counts: u64,
}

/// Metrics of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreStats {
    /// Size of the write-ahead log.
    pub log_bytes: u64,
    /// Times that the log exceeded its limit and was emptied.
    pub log_emptied: u64,
    /// Times that a read blocked that.
    pub log_blocked: u64,
    /// Times that an I/O error prevented that.
    pub log_failed: u64,
    /// Writes queued for the writer.
    pub writes_waiting: u64,
    /// Committed transactions.
    pub write_batches: u64,
    /// Writes in committed transactions.
    pub writes: u64,
    /// Reads started.
    pub reads: u64,
    /// Times that the write connection was replaced after an I/O error.
    pub reopened: u64,
    /// Free space on the disk; `None` when the system does not report it.
    pub disk_free_bytes: Option<u64>,
}

/// A key that seals cursors.
#[derive(Clone, PartialEq, Eq)]
pub struct CursorKey {
    /// The number of the key. Every cursor that it sealed contains it.
    pub number: u8,
    /// Random bytes.
    pub secret: [u8; KEY_BYTES],
    /// The time at which it was added.
    pub created_at: Timestamp,
}

impl fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CursorKey({}, …)", self.number)
    }
}
