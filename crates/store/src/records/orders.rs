//! Orders: durable background jobs that a write commits together with its rows.

use sosik_feed::{Audience, PersonId, StoryId, Timestamp};

pub use sosik_feed::orders::{HeldOrder, Order, OrderKind};

/// Maximum number of dead orders that one write retries: some ten milliseconds of the writer. An outage of an hour can
/// leave a million of them.
pub const RETRIED_ORDERS_MAX: u32 = 500;

/// A failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedOrder {
    /// The order.
    pub held: HeldOrder,
    /// Why it failed. Cut to 500 characters.
    pub error: String,
    /// The time of the next attempt.
    pub due: Timestamp,
}

/// The watermarks of delivery, and the age of the backlog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeliveryProgress {
    /// The oldest story with a delivery that is not done. Dead orders do not count: they would block the watermark
    /// permanently, and a retry is a late delivery. `None`: every story is delivered.
    pub oldest_undelivered: Option<StoryId>,
    /// Late stories up to this number are delivered, except those whose order is dead.
    pub late: u64,
    /// The time at which the oldest waiting delivery in the store became due. Retries of failed deliveries do not
    /// count.
    pub due_since: Option<Timestamp>,
}

/// A story that is delivered after newer stories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateStory {
    /// Counts late stories, from 1, without gaps, in the order of their commits.
    pub number: u64,
    /// The id of the story.
    pub story: StoryId,
    /// The author.
    pub author: PersonId,
    /// Whether friends get it too. Otherwise friends already have it, and only followers get it.
    pub to_friends: bool,
}

/// The state of the order table, for operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrderStats {
    /// Orders that wait or are in progress.
    pub pending: u64,
    /// Orders that failed too often. They stay until an operator retries them.
    pub dead: u64,
    /// The time at which the oldest pending order was created.
    pub oldest: Option<Timestamp>,
}

/// An order that failed too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadOrder {
    /// The order.
    pub order: Order,
    /// The last failure.
    pub error: String,
}

/// One chunk of the readers of an author, in ascending order of id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReaderChunk {
    /// Friends, and followers when the story is public.
    pub readers: Vec<PersonId>,
    /// No readers follow this chunk.
    pub last: bool,
}

/// A query for the readers of one author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadersQuery {
    /// The author.
    pub author: PersonId,
    /// The audience of the story.
    pub audience: Audience,
    /// Readers after this id.
    pub after: PersonId,
}

/// The maximum number of readers in one result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadersMax {
    /// Readers of one author, at most.
    pub each: u32,
    /// The query skips the remaining authors when it has found this many. Bounds the duration of the read.
    pub total: usize,
}
