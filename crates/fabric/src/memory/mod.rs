//! The fabric of a single process.

mod live;
mod log;
mod peers;
mod rate_limits;
mod timelines;

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::RwLock;
use sosik_feed::timeline::{MarkExpired, Newer};
use sosik_feed::{PersonId, StoryId, limits};

use crate::contract::{
    Below, Delivery, Fabric, FabricResult, Interest, Reader, Rebuild, Signals, Since, Stats, View,
    Watch,
};
use live::LiveStreams;
use log::PullLog;
pub use peers::{Alone, Hub};
pub use rate_limits::MemoryRateLimits;
use timelines::Timelines;

/// Limits of the memory fabric.
#[derive(Debug, Clone, Copy)]
pub struct MemoryOptions {
    /// Ids in a timeline when it is built; up to twice as many before it is trimmed (*W* of the design).
    pub timeline_stories: usize,
    /// Bytes for all timelines together. The least recently read ones are evicted first.
    pub timelines_bytes: usize,
    /// Stories of large authors in the log. A timeline whose position is older is rebuilt.
    pub pull_log_entries: usize,
    /// A random number that makes the incarnations of this process differ from those of the previous one.
    pub seed: u64,
}

impl Default for MemoryOptions {
    /// The defaults of the configuration.
    fn default() -> Self {
        Self {
            timeline_stories: limits::TIMELINE_STORIES,
            timelines_bytes: 256 << 20,
            pull_log_entries: 65_536,
            seed: 0,
        }
    }
}

/// Timelines, log and streams in this process.
pub struct MemoryFabric {
    timelines: Timelines,
    log: PullLog,
    live: LiveStreams,
    interest: RwLock<Interest>,
}

impl MemoryFabric {
    /// An empty fabric.
    #[must_use]
    pub fn new(options: MemoryOptions) -> Self {
        Self {
            timelines: Timelines::new(options),
            log: PullLog::new(options.pull_log_entries),
            live: LiveStreams::default(),
            interest: RwLock::new(Arc::new(|_reader, _author| true)),
        }
    }

    /// Sets which streams are woken for which authors. Until then, every stream is woken for every large author.
    pub fn set_interest(&self, interest: Interest) {
        *self.interest.write() = interest;
    }
}

#[async_trait]
impl Fabric for MemoryFabric {
    async fn deliver(&self, story: StoryId, readers: &[PersonId]) -> FabricResult<usize> {
        let taken = self.timelines.deliver(story, readers);
        self.live.wake(readers, Signals::STORY);
        Ok(taken)
    }

    async fn deliver_many(&self, deliveries: &[Delivery]) -> FabricResult<usize> {
        let taken = self.timelines.deliver_many(deliveries);
        for delivery in deliveries {
            self.live.wake(&delivery.readers, Signals::STORY);
        }
        Ok(taken)
    }

    async fn announce(&self, story: StoryId, author: PersonId) -> FabricResult<()> {
        self.log.append(story, author);
        let interest = Arc::clone(&self.interest.read());
        self.live
            .wake_matching(|reader| interest(reader, author), Signals::STORY);
        Ok(())
    }

    async fn view(
        &self,
        reader: PersonId,
        who: &dyn Reader,
        below: Below,
    ) -> FabricResult<Option<View>> {
        Ok(self
            .timelines
            .read(reader, who, &self.log, |incarnation, timeline| View {
                incarnation,
                slice: timeline.below(below.before, below.count),
                floor: timeline.floor(),
                mark: timeline.mark(),
            }))
    }

    async fn newer(
        &self,
        reader: PersonId,
        who: &dyn Reader,
        since: Since,
    ) -> FabricResult<Option<Result<Newer, MarkExpired>>> {
        Ok(self
            .timelines
            .read(reader, who, &self.log, |incarnation, timeline| {
                if incarnation == since.incarnation {
                    timeline.newer(since.mark, since.count)
                } else {
                    Err(MarkExpired)
                }
            }))
    }

    async fn above(
        &self,
        reader: PersonId,
        id: StoryId,
        count: usize,
    ) -> FabricResult<Option<Vec<StoryId>>> {
        Ok(self
            .timelines
            .peek(reader, |timeline| timeline.above(id, count)))
    }

    async fn begin_rebuild(&self, reader: PersonId) -> FabricResult<Option<Rebuild>> {
        Ok(self.timelines.begin(reader, self.log.end()))
    }

    async fn finish_rebuild(
        &self,
        rebuild: Rebuild,
        ids: Vec<StoryId>,
        floor: StoryId,
    ) -> FabricResult<bool> {
        Ok(self.timelines.finish(rebuild, ids, floor))
    }

    async fn abandon_rebuild(&self, rebuild: Rebuild) -> FabricResult<()> {
        self.timelines.abandon(rebuild);
        Ok(())
    }

    async fn drop_timeline(&self, reader: PersonId) -> FabricResult<()> {
        self.timelines.drop_timeline(reader);
        Ok(())
    }

    async fn drop_all_timelines(&self) -> FabricResult<()> {
        self.timelines.drop_all_timelines();
        self.live.wake_matching(|_everybody| true, Signals::ALL);
        Ok(())
    }

    fn watch(&self, reader: PersonId) -> Arc<dyn Watch> {
        self.live.watch(reader)
    }

    async fn wake(&self, people: &[PersonId], signals: Signals) -> FabricResult<()> {
        self.live.wake(people, signals);
        Ok(())
    }

    fn stats(&self) -> Stats {
        Stats {
            streams: self.live.streams(),
            ..self.timelines.stats()
        }
    }
}
