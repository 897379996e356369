//! Idempotency keys.

use sosik_feed::{CommentId, RawId};

use crate::{Idempotency, Posted};

/// The kind of write that a key is for, with its number in the tables. The same key can be used once for each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// A story.
    Story = 1,
    /// A comment.
    Comment = 2,
}

/// The state of a key before a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// The key was unused.
    New,
    /// The same request had this id as its result.
    Repeated(RawId),
    /// Another request used the key.
    Reused,
}

impl Earlier {
    /// The state of a key that an earlier request with this fingerprint and this result used.
    #[must_use]
    pub const fn used(fingerprint: u64, answer: RawId, asked: &Idempotency) -> Self {
        if fingerprint == asked.fingerprint {
            Self::Repeated(answer)
        } else {
            Self::Reused
        }
    }

    /// The outcome of the earlier comment, if there was one.
    #[must_use]
    pub const fn comment(self) -> Option<Posted<CommentId>> {
        match self {
            Self::New => None,
            Self::Repeated(id) => Some(Posted::Repeated(CommentId::new(id))),
            Self::Reused => Some(Posted::KeyReused),
        }
    }
}
