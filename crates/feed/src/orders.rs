//! Orders: durable background jobs that a write commits together with its rows, and the claims on them.

use crate::id::{PersonId, StoryId};
use crate::time::Timestamp;

/// The kind of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderKind {
    /// Insert the story into the timelines of its readers.
    Deliver,
    /// Remove the rows of a deleted story: comments, likes, tags, mentions, notifications.
    Purge,
}

/// A durable background job, committed in the transaction of the write that needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The story. There is at most one order of each kind per story.
    pub story: StoryId,
    /// The kind of work.
    pub kind: OrderKind,
    /// The author of the story.
    pub author: PersonId,
    /// The last reader served. Work continues with the next one.
    pub done_to: PersonId,
    /// Failed attempts so far.
    pub attempts: u32,
    /// The time at which it was created.
    pub created_at: Timestamp,
    /// The claim that the caller holds.
    pub claim: Claim,
}

impl Order {
    /// The key of the order together with the claim that is held on it.
    #[must_use]
    pub const fn held(&self) -> HeldOrder {
        HeldOrder {
            story: self.story,
            kind: self.kind,
            claim: self.claim.name,
        }
    }
}

/// An order, and the claim that a worker holds on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldOrder {
    /// The story.
    pub story: StoryId,
    /// The kind of work.
    pub kind: OrderKind,
    /// The name of the claim that the worker holds.
    pub claim: ClaimName,
}

/// The name of one claim. No two claims of a store have the same name. A worker whose claim expired therefore changes
/// nothing about an order that was claimed again, not even when its own process claimed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ClaimName {
    /// Node number and epoch of the process. Never used by another process.
    pub process: u64,
    /// Counts the claims of the process, from 1.
    pub number: u64,
}

/// The right to work on an order for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Claim {
    /// The name of the claim.
    pub name: ClaimName,
    /// The time at which the claim expires. Any worker may then claim the order.
    pub until: Timestamp,
}
