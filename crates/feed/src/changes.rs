//! Changes that outdate cached values.

use crate::{PersonId, StoryId};

/// A change of the store. Every read on any node that begins after the response to the write sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Text, audience or existence of a story.
    Story(StoryId),
    /// The profile of a person.
    Person(PersonId),
    /// A person is now hidden from this reader, or fewer of their stories are visible. The timeline stays, because
    /// reads filter it.
    CircleShrank(PersonId),
    /// Stories that are missing from this reader's timeline now belong in it. The timeline is dropped and rebuilt.
    CircleGrew(PersonId),
    /// Sessions of a person that ended, by the SHA-256 of their tokens. Their entries in the shared cache are dropped.
    SessionsEnded(PersonId, Vec<[u8; 32]>),
    /// State of a person that only they see. Their next read on any node sees it.
    Own(PersonId, Own),
    /// The effect of a write is unknown, so everything in the caches may be outdated.
    Everything,
}

impl Change {
    /// Whether copies that nodes share outside of the store must be dropped: a timeline, or entries of the shared cache.
    #[must_use]
    pub const fn outdates_a_copy(&self) -> bool {
        match self {
            Self::CircleGrew(_) | Self::SessionsEnded(..) | Self::Everything => true,
            Self::Story(_) | Self::Person(_) | Self::CircleShrank(_) | Self::Own(..) => false,
        }
    }
}

/// State of one person that only they see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Own {
    /// The stories that they like.
    Likes,
    /// Their read position, moved to this story. It never goes back.
    ReadPosition(StoryId),
}
