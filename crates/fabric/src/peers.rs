//! Messages between nodes about committed writes.
//!
//! Every node caches rows of the store. A client may send its next request to another node. So every node invalidates
//! its caches *before* the response to a write: these are the [`Change`]s. [`Update`]s only refresh the caches of other
//! nodes sooner, so nothing waits for them.
//!
//! The messages contain no data of their own. A node that receives none still reads the truth from the store, but its
//! caches may be outdated.

use async_trait::async_trait;
pub use sosik_feed::{Change, Own, PeerId};
use sosik_feed::{CommitPosition, PersonId, StoryCounts, StoryId};
use tokio::sync::oneshot;

use crate::error::FabricResult;

/// A new value that other nodes see soon. If the message is lost, they see the value when their entry is evicted. An
/// update never shows a story to more people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Update {
    /// The counts of a story. A node ignores counts that are older than its own.
    Counts(StoryId, StoryCounts),
    /// A comment on a story was written, edited, deleted or liked. Comments are not cached. The streams of readers who
    /// show the story and may see this author are signalled.
    Comment {
        /// The story.
        story: StoryId,
        /// The author of the comment, or the person who liked it.
        author: PersonId,
    },
}

/// One message to the other nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notice {
    /// The position of the commit. The caches are refilled from a copy of the store that has this position.
    pub at: CommitPosition,
    /// Confirmed by every node before the sender answers.
    pub changes: Vec<Change>,
    /// Not confirmed.
    pub updates: Vec<Update>,
}

impl Notice {
    /// Whether the notice is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.updates.is_empty()
    }
}

/// The answers of the other nodes to a notice. Both lists are empty if the notice has no changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// The nodes that applied the changes.
    pub confirmed: Vec<PeerId>,
    /// The nodes that seem to be running and did not confirm in time.
    pub silent: Vec<PeerId>,
}

impl Told {
    /// Whether every node that seems to be running confirmed.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.silent.is_empty()
    }
}

/// The other nodes.
///
/// An engine knows a node by its messages. So a node that is paused or disconnected is in neither list of [`Told`] after
/// a while, although it may serve from its caches when it continues. A caller that must not depend on this compares
/// [`Told::confirmed`] with the nodes that hold a lease on their caches in the store.
#[async_trait]
pub trait Peers: Send + Sync + 'static {
    /// The id of this node. No I/O.
    fn me(&self) -> PeerId;

    /// Sends a notice to the other nodes. Returns when each of them has applied the changes, or after the deadline of
    /// the engine. A notice without changes is sent without waiting.
    ///
    /// # Errors
    /// The notice may have reached no node. The caller retries; applying a notice twice is harmless.
    async fn tell(&self, notice: &Notice) -> FabricResult<Told>;

    /// Waits for the next notice of another node. Notices of one sender arrive in order. After a possible loss of
    /// notices, the engine adds one with [`Change::Everything`]. Cancel-safe: dropping the future loses no notice.
    ///
    /// # Errors
    /// Notices may have been lost. Their senders get no confirmation and retry.
    async fn hear(&self) -> FabricResult<Heard>;

    /// Tells the other nodes that this one stops, so that none waits for it. The last call.
    ///
    /// # Errors
    /// The other nodes notice it later.
    async fn leave(&self) -> FabricResult<()> {
        Ok(())
    }
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

    /// Confirms to the sender that every later read on this node sees the changes.
    pub fn applied(self) {
        // The sender of an update does not wait.
        let _nobody_waits = self.confirm.send(());
    }
}
