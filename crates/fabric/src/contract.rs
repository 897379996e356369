//! The contract of the fabric.

use std::sync::Arc;

use async_trait::async_trait;
use sosik_feed::timeline::{IdSlice, Mark, MarkExpired, Newer};
use sosik_feed::{PersonId, StoryId};

pub use crate::error::{FabricError, FabricResult};

/// Whether a connected reader takes stories from this author. Called only for large authors, whose stories wake streams
/// without being delivered to timelines. A wrong `true` costs one read; a wrong `false` delays the story.
pub type Interest = Arc<dyn Fn(PersonId, PersonId) -> bool + Send + Sync>;

/// The reader's side of filling up a timeline from the log of large authors.
pub trait Reader: Send + Sync {
    /// Whether a story of this author can be in the reader's home feed.
    fn subscribes_to(&self, author: PersonId) -> bool;

    /// Whether this information is still current. The engine calls it before filling up, while the timeline cannot be
    /// dropped. Relations change first and the timeline is dropped afterwards, so `true` is valid for this timeline.
    fn is_current(&self) -> bool;
}

/// The range of a timeline to read.
#[derive(Debug, Clone, Copy)]
pub struct Below {
    /// Ids below this one; from the top if `None`.
    pub before: Option<StoryId>,
    /// Maximum number of ids.
    pub count: usize,
}

/// A story to deliver to some readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The story.
    pub story: StoryId,
    /// The readers.
    pub readers: Vec<PersonId>,
}

/// Where to start a read of newer stories.
#[derive(Debug, Clone, Copy)]
pub struct Since {
    /// The incarnation of the timeline that the mark belongs to.
    pub incarnation: u64,
    /// The position up to which the client has seen the timeline.
    pub mark: Mark,
    /// Maximum number of ids.
    pub count: usize,
}

/// The result of reading a timeline.
#[derive(Debug, Clone)]
pub struct View {
    /// Distinguishes this timeline from earlier and later ones of the same reader. Never 0.
    pub incarnation: u64,
    /// The requested ids.
    pub slice: IdSlice,
    /// The timeline is complete from this id upwards.
    pub floor: StoryId,
    /// The position of the timeline at this read.
    pub mark: Mark,
}

/// The right to build one timeline. Deliveries that arrive in the meantime are kept for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuild {
    /// The reader whose timeline is built.
    pub reader: PersonId,
    /// The incarnation of the new timeline.
    pub incarnation: u64,
}

/// The reasons to wake a live stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signals {
    /// There may be a new story.
    pub story: bool,
    /// There may be a new notification, or notifications were read on another device.
    pub notification: bool,
    /// The session may have ended. The stream must check it.
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

/// One live stream, registered until it is dropped. Signals between two waits are merged; none is lost.
#[async_trait]
pub trait Watch: Send + Sync {
    /// Waits for the next signals.
    async fn signalled(&self) -> Signals;
}

/// Timelines, the log of large authors, and wake-ups.
///
/// A timeline is either absent, being built, or ready. Deliveries to an absent one do nothing: the reader is dormant
/// and the store has the story.
///
/// Every method that returns a result can fail, at any time and for any duration. An engine that calls other machines
/// must return [`FabricError`] within a bounded time. In an engine that outlives a process, the right to build a
/// timeline must expire: a process that dies does not release it.
#[async_trait]
pub trait Fabric: Send + Sync + 'static {
    /// Inserts a story into the timelines of those readers who have one, and wakes their streams. Idempotent. Returns
    /// the number of timelines that inserted it.
    async fn deliver(&self, story: StoryId, readers: &[PersonId]) -> FabricResult<usize>;

    /// Delivers many stories. Equivalent to delivering one after the other, but an engine looks up each timeline once
    /// for all stories. After an error any part of it may be done; redelivery is idempotent.
    async fn deliver_many(&self, deliveries: &[Delivery]) -> FabricResult<usize> {
        let mut taken = 0;
        for delivery in deliveries {
            taken += self.deliver(delivery.story, &delivery.readers).await?;
        }
        Ok(taken)
    }

    /// Appends a story of a large author to the log from which timelines are filled up when they are read. Wakes the
    /// streams of readers who take stories from the author.
    async fn announce(&self, story: StoryId, author: PersonId) -> FabricResult<()>;

    /// A range of a timeline, after filling it up from the log of large authors; `None` if no timeline is ready. Counts
    /// as a read for eviction.
    async fn view(
        &self,
        reader: PersonId,
        who: &dyn Reader,
        below: Below,
    ) -> FabricResult<Option<View>>;

    /// The stories after a mark, after filling up; `None` if no timeline is ready, `MarkExpired` if the mark belongs to
    /// another timeline or is too old.
    async fn newer(
        &self,
        reader: PersonId,
        who: &dyn Reader,
        since: Since,
    ) -> FabricResult<Option<Result<Newer, MarkExpired>>>;

    /// Ids above `id` in a ready timeline, newest first, at most `count`.
    async fn above(
        &self,
        reader: PersonId,
        id: StoryId,
        count: usize,
    ) -> FabricResult<Option<Vec<StoryId>>>;

    /// Acquires the right to build the reader's timeline; from now on deliveries are kept for it. `None` if there is a
    /// timeline or another caller is building it.
    async fn begin_rebuild(&self, reader: PersonId) -> FabricResult<Option<Rebuild>>;

    /// Makes the timeline ready with the ids of the store (read after `begin_rebuild`) and the deliveries since then.
    /// Does nothing if the timeline has been dropped in between. Returns whether it is ready now.
    async fn finish_rebuild(
        &self,
        rebuild: Rebuild,
        ids: Vec<StoryId>,
        floor: StoryId,
    ) -> FabricResult<bool>;

    /// Releases the right without building a timeline. Does nothing if the timeline is ready or has been dropped.
    async fn abandon_rebuild(&self, rebuild: Rebuild) -> FabricResult<()>;

    /// Drops the reader's timeline, ready or not, because its content has changed.
    async fn drop_timeline(&self, reader: PersonId) -> FabricResult<()>;

    /// Drops every timeline, ready or not, and sends all signals to every stream. For cases in which the outdated
    /// timelines are unknown.
    async fn drop_all_timelines(&self) -> FabricResult<()>;

    /// Registers a live stream of a reader.
    fn watch(&self, reader: PersonId) -> Arc<dyn Watch>;

    /// Wakes the streams of these people, wherever they are connected.
    async fn wake(&self, people: &[PersonId], signals: Signals) -> FabricResult<()>;

    /// Statistics for metrics.
    fn stats(&self) -> Stats;
}

/// Statistics of a node's part of the fabric.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Number of timelines, ready or being built.
    pub timelines: usize,
    /// Bytes they take.
    pub timeline_bytes: usize,
    /// Timelines evicted for lack of memory, since the start.
    pub evicted: u64,
    /// Number of open live streams.
    pub streams: usize,
}
