//! What the nodes tell each other about committed writes.
//!
//! Every node caches rows of the store. A client that got the answer to its write may ask another node next. So the
//! caches of every node drop what a write outdated *before* its answer: these are the [`Change`]s. [`Update`]s only make
//! other nodes fresher, so nothing waits for them.
//!
//! It carries no data that only it knows: a node that hears nothing still reads the truth from the store, but not from
//! its caches.

use async_trait::async_trait;
use sosik_feed::{CommitPosition, PersonId, StoryCounts, StoryId};
use tokio::sync::oneshot;

use crate::error::FabricResult;

/// A change of the store. Every read that begins after the answer of its write sees it, on every node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Text, audience or existence of a story.
    Story(StoryId),
    /// The profile of a person.
    Person(PersonId),
    /// Somebody became hidden from this reader, or fewer of their stories are visible. The timeline stays, because reads
    /// filter it.
    CircleShrank(PersonId),
    /// Stories that are not in the timeline of this reader belong into it now. The timeline is dropped and rebuilt.
    CircleGrew(PersonId),
    /// Sessions of a person that ended, by the SHA-256 of their tokens.
    SessionsEnded(PersonId, Vec<[u8; 32]>),
    /// A person's own state. They find it on their next read, on any node.
    Own(PersonId, Own),
    /// The effect of a write is unknown: everything that is cached may be outdated.
    Everything,
}

/// State of one person that only they see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Own {
    /// The stories that they like.
    Likes,
    /// Their read position, moved to this story. It never goes back.
    ReadPosition(StoryId),
}

/// A new value that other nodes see soon. If it is lost, they see it when their entry is evicted. It never widens who
/// sees a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// The counts of a story. A node ignores counts that are older than its own.
    Counts(StoryId, StoryCounts),
}

/// One message to the other nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notice {
    /// Where the write was committed. The caches are filled again from a copy of the store that has this position.
    pub at: CommitPosition,
    /// Confirmed by every node before the sender answers.
    pub changes: Vec<Change>,
    /// Not confirmed.
    pub updates: Vec<Update>,
}

impl Notice {
    /// Whether there is nothing to tell.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.updates.is_empty()
    }
}

/// The other nodes.
#[async_trait]
pub trait Peers: Send + Sync + 'static {
    /// Tells the other nodes. Returns after each of them has applied the changes, or may no longer serve from its
    /// caches. A notice without changes is sent without waiting.
    ///
    /// # Errors
    /// Some node may not have applied the changes. The caller tells again; applying twice is harmless.
    async fn tell(&self, notice: &Notice) -> FabricResult<()>;

    /// Waits for the next notice of another node. Notices of one sender arrive in their order. May be dropped at any
    /// time without losing one.
    ///
    /// # Errors
    /// Notices may have been lost. The sender is not confirmed and tells again.
    async fn hear(&self) -> FabricResult<Heard>;
}

/// A notice of another node. Dropping it without [`applied`](Self::applied) confirms nothing.
#[derive(Debug)]
pub struct Heard {
    /// What to apply.
    pub notice: Notice,
    confirm: oneshot::Sender<()>,
}

impl Heard {
    /// A notice, and the channel on which its sender waits.
    #[must_use]
    pub const fn new(notice: Notice, confirm: oneshot::Sender<()>) -> Self {
        Self { notice, confirm }
    }

    /// Tells the sender that every read on this node sees the changes from now on.
    pub fn applied(self) {
        // After an update, nobody waits.
        let _nobody_waits = self.confirm.send(());
    }
}
