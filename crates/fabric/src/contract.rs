//! The contract of the fabric.

use std::sync::Arc;

use async_trait::async_trait;
use sosik_feed::timeline::{Forgotten, Mark, Newer, Stretch};
use sosik_feed::{PersonId, StoryId};

/// Answers of the fabric.
pub type FabricResult<T> = Result<T, FabricError>;

/// The fabric did not answer. The call may or may not have had its effect; repeating it is safe.
///
/// The caller never passes this on to a client. A read is answered from the store. A write
/// continues: the invalidation is retried, and the timelines concerned are not used until it succeeds.
#[derive(Debug, thiserror::Error)]
#[error("the fabric did not answer")]
pub struct FabricError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Does a connected reader take stories from this author? Asked for large authors only, whose stories are announced
/// to streams without being delivered to timelines. Saying yes in doubt costs a look, saying no costs promptness.
pub type Interest = Arc<dyn Fn(PersonId, PersonId) -> bool + Send + Sync>;

/// What a timeline needs to know of its reader to be filled up from the log of large authors.
pub trait Reader: Send + Sync {
    /// Could a story of this author be in the reader's home feed?
    fn takes_from(&self, author: PersonId) -> bool;

    /// Is what this says still what holds? Asked before filling up, in a moment in which the timeline cannot be
    /// forgotten: relations change first and the timeline is forgotten then, so a yes belongs to this timeline.
    fn is_current(&self) -> bool;
}

/// Which part of a timeline to look at.
#[derive(Debug, Clone, Copy)]
pub struct Below {
    /// Ids below this one; from the top when there is none.
    pub before: Option<StoryId>,
    /// At most so many.
    pub count: usize,
}

/// A story on its way to some readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The story.
    pub story: StoryId,
    /// To whom.
    pub readers: Vec<PersonId>,
}

/// From where on to look for what came since.
#[derive(Debug, Clone, Copy)]
pub struct Since {
    /// Of the timeline the mark is of.
    pub incarnation: u64,
    /// What had been seen.
    pub mark: Mark,
    /// At most so many.
    pub count: usize,
}

/// A look at a timeline.
#[derive(Debug, Clone)]
pub struct View {
    /// Tells this timeline from others that the same reader had. Never 0.
    pub incarnation: u64,
    /// The ids asked for.
    pub stretch: Stretch,
    /// Complete from here on.
    pub floor: StoryId,
    /// Up to where the timeline was filled at this look.
    pub mark: Mark,
}

/// The right to fill one timeline. Deliveries that come in the meantime are kept for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuild {
    /// Whose.
    pub reader: PersonId,
    /// Number of the timeline to be.
    pub incarnation: u64,
}

/// What a live stream is woken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signals {
    /// There may be a new story.
    pub story: bool,
    /// There may be a new notification, or they were read on another device.
    pub notification: bool,
    /// The session may have ended: look.
    pub session: bool,
}

impl Signals {
    /// A new story.
    pub const STORY: Self = Self {
        story: true,
        notification: false,
        session: false,
    };
    /// A new notification.
    pub const NOTIFICATION: Self = Self {
        story: false,
        notification: true,
        session: false,
    };
    /// A session ended.
    pub const SESSION: Self = Self {
        story: false,
        notification: false,
        session: true,
    };
    /// All signals.
    pub const ALL: Self = Self {
        story: true,
        notification: true,
        session: true,
    };

    /// The union of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            story: self.story || other.story,
            notification: self.notification || other.notification,
            session: self.session || other.session,
        }
    }
}

/// One live stream, registered until it is dropped. Wake-ups between two waits come as one; none is lost.
#[async_trait]
pub trait Watch: Send + Sync {
    /// Waits for the next signals.
    async fn woken(&self) -> Signals;
}

/// Timelines, the log of large authors, and wake-ups.
///
/// A timeline is either absent, being built, or ready. Deliveries to an absent one do nothing: the reader is dormant
/// and the store has the story.
///
/// Every method that returns a result can fail, at any moment and for any span. An engine that calls other machines
/// must return [`FabricError`] within a bounded time. An engine that outlives a process must let the right to build a
/// timeline expire: a process that dies does not give it back.
#[async_trait]
pub trait Fabric: Send + Sync + 'static {
    /// Puts a story into the timelines of those readers who have one, and wakes their streams. Again: no change.
    /// Answers how many timelines took it.
    async fn deliver(&self, story: StoryId, readers: &[PersonId]) -> FabricResult<usize>;

    /// Delivers many stories. The same as delivering one after the other, but an engine looks up each timeline once,
    /// however many of the stories it takes. When it fails, any part of it may be done; redelivery is idempotent.
    async fn deliver_many(&self, deliveries: &[Delivery]) -> FabricResult<usize> {
        let mut taken = 0;
        for delivery in deliveries {
            taken += self.deliver(delivery.story, &delivery.readers).await?;
        }
        Ok(taken)
    }

    /// Puts a story of a large author into the log that timelines are filled up from when they are read, and wakes
    /// the streams whose reader takes from the author.
    async fn announce(&self, story: StoryId, author: PersonId) -> FabricResult<()>;

    /// A part of a timeline, after filling it up from the log of large authors; `None` when there is none that is
    /// ready. Counts as a read for what stays in memory.
    async fn view(
        &self,
        reader: PersonId,
        who: &dyn Reader,
        below: Below,
    ) -> FabricResult<Option<View>>;

    /// What came since a mark, after filling up; `None` when there is no timeline that is ready, `Forgotten` when
    /// the mark is of another timeline or too old.
    async fn newer(
        &self,
        reader: PersonId,
        who: &dyn Reader,
        since: Since,
    ) -> FabricResult<Option<Result<Newer, Forgotten>>>;

    /// Ids above `id` in a ready timeline, newest first, at most `count`.
    async fn above(
        &self,
        reader: PersonId,
        id: StoryId,
        count: usize,
    ) -> FabricResult<Option<Vec<StoryId>>>;

    /// Claims the right to build the reader's timeline; from now on deliveries are kept for it. `None` when there is
    /// one already or somebody else builds it.
    async fn begin_rebuild(&self, reader: PersonId) -> FabricResult<Option<Rebuild>>;

    /// Makes the timeline ready with what the store had (read after `begin_rebuild`) and what was delivered
    /// meanwhile. Does nothing when the timeline was forgotten in between. Answers whether it is ready now.
    async fn finish_rebuild(
        &self,
        rebuild: Rebuild,
        ids: Vec<StoryId>,
        floor: StoryId,
    ) -> FabricResult<bool>;

    /// Gives the right back without a timeline. Does nothing when the timeline is ready or was forgotten.
    async fn abandon_rebuild(&self, rebuild: Rebuild) -> FabricResult<()>;

    /// Drops the reader's timeline, ready or not: what belongs into it has changed.
    async fn forget(&self, reader: PersonId) -> FabricResult<()>;

    /// Drops every timeline, ready or not, and signals everything to every stream. For cases in which the outdated
    /// timelines are unknown.
    async fn forget_everybody(&self) -> FabricResult<()>;

    /// Registers a live stream of a reader.
    fn watch(&self, reader: PersonId) -> Arc<dyn Watch>;

    /// Wakes the streams of these people, wherever they are connected.
    async fn wake(&self, people: &[PersonId], signals: Signals) -> FabricResult<()>;

    /// Figures for metrics.
    fn figures(&self) -> Figures;
}

/// Figures of a node's part of the fabric.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Timelines kept, ready or being built.
    pub timelines: usize,
    /// Bytes they take.
    pub timeline_bytes: usize,
    /// Timelines that had to go for lack of room, since the start.
    pub evicted: u64,
    /// Live streams open.
    pub streams: usize,
}
