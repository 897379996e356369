//! Orders: the work that a committed write has promised.

use sosik_feed::{Audience, PersonId, StoryId, Timestamp};

use super::{Claim, ClaimName};

/// What an order asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderKind {
    /// Put the story into the timelines of its readers.
    Deliver,
    /// Remove what a deleted story leaves behind: comments, likes, tags, mentions, notifications.
    Purge,
}

/// A durable order: work that a committed write has promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The story it is about. At most one order of each kind a story.
    pub story: StoryId,
    /// What to do.
    pub kind: OrderKind,
    /// Whose story.
    pub author: PersonId,
    /// Readers up to this one are served; work goes on behind it.
    pub done_to: PersonId,
    /// Attempts that failed so far.
    pub attempts: u32,
    /// When it was given.
    pub created_at: Timestamp,
    /// The claim under which the caller has it.
    pub claim: Claim,
}

impl Order {
    /// The order as the holder of its claim names it.
    #[must_use]
    pub const fn held(&self) -> HeldOrder {
        HeldOrder {
            story: self.story,
            kind: self.kind,
            claim: self.claim.name,
        }
    }
}

/// An order and the claim under which a worker has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldOrder {
    /// The story it is about.
    pub story: StoryId,
    /// What to do.
    pub kind: OrderKind,
    /// The claim of the worker.
    pub claim: ClaimName,
}

/// A failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedOrder {
    /// The order.
    pub held: HeldOrder,
    /// Why it failed. Cut to 500 characters.
    pub error: String,
    /// When to try again.
    pub due: Timestamp,
}

/// Up to where deliveries have come, and what waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watermark {
    /// The oldest story with a delivery that is not done. Dead orders do not count: they would hold the watermark back
    /// for good, and a replay is a late delivery. `None`: every story is delivered.
    pub oldest_undelivered: Option<StoryId>,
    /// Late stories up to this number are delivered, except those whose order is dead.
    pub late: u64,
    /// Since when the delivery that waits longest in the store is due. Deliveries that failed before do not count.
    pub due_since: Option<Timestamp>,
}

/// A story that readers get although later ones were delivered already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LateStory {
    /// Counts late stories, from 1, without gaps, in the order of their commits.
    pub number: u64,
    /// Which.
    pub story: StoryId,
    /// Whose.
    pub author: PersonId,
    /// It is late for friends too. Otherwise only for followers, since friends have it.
    pub to_friends: bool,
}

/// What an operator sees of the orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OrderFigures {
    /// Waiting or being worked on.
    pub pending: u64,
    /// Given up after too many attempts; kept until somebody asks to try again.
    pub dead: u64,
    /// When the oldest pending one was given.
    pub oldest: Option<Timestamp>,
}

/// An order that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadOrder {
    /// What it asks for.
    pub order: Order,
    /// The last failure.
    pub error: String,
}

/// Readers of an author, in ascending order of id: one chunk of the walk.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReaderChunk {
    /// Friends, and followers when the story is public.
    pub readers: Vec<PersonId>,
    /// Nobody is left behind the last one.
    pub last: bool,
}

/// Asks for the readers of one author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadersAsk {
    /// Whose.
    pub author: PersonId,
    /// Of stories for whom.
    pub audience: Audience,
    /// Behind this one.
    pub after: PersonId,
}

/// How many readers to answer at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadersMax {
    /// Of each author.
    pub each: u32,
    /// No further author is looked at once this many are found. Bounds how long the read takes.
    pub total: usize,
}
