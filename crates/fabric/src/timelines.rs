//! The contract of timelines.

use std::time::Duration;

use async_trait::async_trait;
use sosik_feed::pulled::LogPosition;
use sosik_feed::timeline::{IdSlice, Mark, MarkExpired, Newer};
use sosik_feed::{PersonId, StoryId};

use crate::error::FabricResult;

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
pub struct Since<'a> {
    /// The incarnation of the timeline that the mark belongs to.
    pub incarnation: u64,
    /// The position up to which the client has seen the timeline.
    pub mark: Mark,
    /// Maximum number of ids.
    pub count: usize,
    /// Ids to look up in the timeline.
    pub others: &'a [StoryId],
}

/// The arrivals in a timeline since a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// The arrivals.
    pub newer: Newer,
    /// The timeline is complete from this id upwards.
    pub floor: StoryId,
    /// See [`View`].
    pub log_from: LogPosition,
    /// For each of [`Since::others`], whether the timeline contains it.
    pub held: Vec<bool>,
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
    /// The stories of large authors up to this position in their log are in the timeline, those after it are not. The
    /// timeline together with the entries after this position is complete from the floor upwards.
    pub log_from: LogPosition,
}

/// The right to build one timeline. Deliveries that arrive in the meantime are kept for it. The builder draws the
/// incarnation at random, so it also identifies the builder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuild {
    /// The reader whose timeline is built.
    pub reader: PersonId,
    /// The incarnation of the new timeline. Never 0.
    pub incarnation: u64,
}

/// Statistics of this node's part of the timelines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimelineStats {
    /// Number of timelines, ready or being built.
    pub timelines: usize,
    /// Bytes they take.
    pub bytes: usize,
    /// Timelines evicted for lack of memory, since the start.
    pub evicted: u64,
}

/// Timelines of the recently active readers.
///
/// A timeline is either absent, being built, or ready. Deliveries to an absent one do nothing: the reader is dormant
/// and the store has the story.
///
/// Every method that returns a result can fail, at any time and for any duration. An engine that calls other machines
/// must return [`FabricError`](crate::FabricError) within a bounded time.
#[async_trait]
pub trait Timelines: Send + Sync + 'static {
    /// Inserts stories into the timelines of those readers who have one. Returns the number of insertions. Idempotent: a
    /// repeated delivery is no insertion. Equivalent to delivering one story after the other. After an error any part of
    /// it may be done.
    async fn deliver(&self, deliveries: &[Delivery]) -> FabricResult<usize>;

    /// A range of a timeline; `None` if no timeline is ready. Counts as a read for eviction.
    async fn view(&self, reader: PersonId, below: Below) -> FabricResult<Option<View>>;

    /// The stories after a mark; `None` if no timeline is ready, `MarkExpired` if the mark belongs to another timeline
    /// or is too old. Counts as a read for eviction.
    async fn newer(
        &self,
        reader: PersonId,
        since: Since<'_>,
    ) -> FabricResult<Option<Result<Arrived, MarkExpired>>>;

    /// Acquires the right to build the reader's timeline; from now on deliveries are kept for it. `false` if there is a
    /// timeline or another builder. `log_from` is a position in the log of large authors that was read before this
    /// call. The right expires after `hold`, so that a process that dies does not keep it.
    async fn begin_rebuild(
        &self,
        rebuild: Rebuild,
        log_from: LogPosition,
        hold: Duration,
    ) -> FabricResult<bool>;

    /// Makes the timeline ready with the ids of the store (read after `begin_rebuild`) and the deliveries since then.
    /// `false` if the right was lost.
    async fn finish_rebuild(
        &self,
        rebuild: Rebuild,
        ids: Vec<StoryId>,
        floor: StoryId,
    ) -> FabricResult<bool>;

    /// Drops the timeline, being built or ready, if it is still this incarnation.
    async fn discard(&self, rebuild: Rebuild) -> FabricResult<()>;

    /// Drops the reader's timeline of any incarnation, because its content has changed.
    async fn drop_timeline(&self, reader: PersonId) -> FabricResult<()>;

    /// Drops every timeline. For cases in which the outdated timelines are unknown.
    async fn drop_all_timelines(&self) -> FabricResult<()>;

    /// Statistics for metrics. No I/O.
    fn stats(&self) -> TimelineStats;
}
