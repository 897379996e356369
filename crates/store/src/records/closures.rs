//! Deleted accounts.

use sosik_feed::{CommentId, PersonId, Timestamp};

/// The deletion of an account, as its owner asked for it.
#[derive(Debug, Clone)]
pub struct AccountClosing {
    /// The owner.
    pub person: PersonId,
    /// The stored hash that the password was checked against.
    pub checked: String,
    /// The time of the request.
    pub now: Timestamp,
}

/// A closed account that is not erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedAccount {
    /// The person who closed the account.
    pub person: PersonId,
    /// When it was closed.
    pub closed_at: Timestamp,
}

/// What a person left on stories of others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonRemains {
    /// Comments by the person, without deleted ones.
    pub comments: Vec<CommentId>,
    /// Comments that the person likes.
    pub liked_comments: Vec<CommentId>,
}

/// Whether a bounded removal left rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsLeft {
    /// There may be more rows.
    Some,
    /// There was nothing to remove beyond the limit.
    None,
}
