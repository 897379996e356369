//! The engine of timelines.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::{Pipeline, Value};
use sosik_fabric::FabricResult;
use sosik_fabric::timelines::{
    Arrived, Below, Delivery, Rebuild, Since, TimelineStats, Timelines, View,
};
use sosik_feed::pulled::LogPosition;
use sosik_feed::timeline::{MarkExpired, Timeline};
use sosik_feed::{PersonId, StoryId};

use crate::deliver;
use crate::keys::{Key, TIMELINES_PREFIX};
use crate::layout::{self, LATE_COUNT, NUMBER, READY, Stored};
use crate::link::Link;
use crate::options::RedisOptions;
use crate::reply::{self, Failure};
use crate::scripts::{BEGIN, DISCARD, FINISH};
use crate::unlink;

/// Ids that a read of newer stories takes along. It needs those after the mark of its client, which is seconds or
/// minutes old. A read that needs more is repeated and takes all.
const NEWER_IDS: usize = 64;

/// Timelines in Redis.
pub struct RedisTimelines {
    link: Arc<Link>,
    options: Arc<RedisOptions>,
}

/// The part of a timeline that a read needs.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// The newest ids, at most this number, without the late arrivals.
    Newest(usize),
    /// The newest ids, and the late arrivals.
    NewestAndLate(usize),
    /// All of it.
    Whole,
}

impl RedisTimelines {
    pub(crate) const fn new(link: Arc<Link>, options: Arc<RedisOptions>) -> Self {
        Self { link, options }
    }

    /// Reads a timeline that this server process built. Renews its expiry.
    async fn read(&self, reader: PersonId, part: Part) -> Result<Option<Stored>, Failure> {
        let session = self.link.session()?;
        let key = Key::Timeline(reader);
        let mut commands = match part {
            Part::Newest(count) => self.read_newest(key, LATE_COUNT + NUMBER, count),
            Part::NewestAndLate(count) => self.read_newest(key, READY, count),
            Part::Whole => self.read_whole(key),
        };
        session.add_identity(&mut commands);
        let mut replies = self.link.call(&session, key, &commands).await?;
        let server = session.identity(&mut replies)?;
        let stored = match part {
            Part::Newest(_) | Part::NewestAndLate(_) => newest(replies)?,
            Part::Whole => {
                let bytes = reply::bytes(reply::only(replies)?)?;
                bytes.and_then(|bytes| Stored::parse_whole(&bytes))
            }
        };
        Ok(stored.filter(|stored| stored.server == server))
    }

    fn read_newest(&self, key: Key, header: usize, count: usize) -> Pipeline {
        let mut commands = Pipeline::with_capacity(5);
        commands.atomic();
        commands.cmd("GETRANGE").arg(key).arg(0).arg(header - 1);
        commands.cmd("STRLEN").arg(key);
        let from = -i64::try_from(count.max(1) * NUMBER).unwrap_or(i64::MAX);
        commands.cmd("GETRANGE").arg(key).arg(from).arg(-1);
        let expiry = self.options.expiry_seconds();
        commands.cmd("EXPIRE").arg(key).arg(expiry);
        commands
    }

    fn read_whole(&self, key: Key) -> Pipeline {
        let expiry = self.options.expiry_seconds();
        let mut commands = Pipeline::with_capacity(2);
        commands.cmd("GETEX").arg(key).arg("EX").arg(expiry);
        commands
    }

    /// No timeline has more ids than this.
    fn ids_max(&self) -> usize {
        2 * self.options.timeline_stories
    }

    async fn begin(
        &self,
        rebuild: Rebuild,
        log_from: LogPosition,
        hold: Duration,
    ) -> Result<bool, Failure> {
        let session = self.link.session()?;
        let header = layout::begin_of_header(rebuild.incarnation, session.server(), log_from);
        let hold = u64::try_from(hold.as_millis()).unwrap_or(u64::MAX);
        let expiry = self.options.expiry_seconds();
        let key = Key::Timeline(rebuild.reader);
        let begun = self.link.run(&session, key, |by| {
            let mut call = BEGIN.call(by, 1);
            call.arg(key).arg(&header).arg(hold).arg(expiry);
            call
        });
        Ok(reply::int(begun.await?)? == 1)
    }

    async fn finish(
        &self,
        rebuild: Rebuild,
        ids: Vec<StoryId>,
        floor: StoryId,
    ) -> Result<bool, Failure> {
        let keep = self.options.timeline_stories;
        // Sorted, without repeats, and no more than are kept.
        let timeline = Timeline::new(ids, floor, keep);
        let ids = layout::bytes_of(timeline.ids());
        let floor = timeline.floor().as_u64();
        let expiry = self.options.expiry_seconds();
        let session = self.link.session()?;
        let key = Key::Timeline(rebuild.reader);
        let finished = self.link.run(&session, key, |by| {
            let mut call = FINISH.call(by, 1);
            call.arg(key).arg(&rebuild.incarnation.to_be_bytes());
            call.arg(keep).arg(expiry);
            call.arg(&floor.to_be_bytes());
            call.arg(&floor.saturating_sub(1).to_be_bytes());
            call.arg(&ids);
            call
        });
        Ok(reply::int(finished.await?)? == 1)
    }

    async fn discard_now(&self, rebuild: Rebuild) -> Result<(), Failure> {
        let session = self.link.session()?;
        let key = Key::Timeline(rebuild.reader);
        let discarded = self.link.run(&session, key, |by| {
            let mut call = DISCARD.call(by, 1);
            call.arg(key).arg(&rebuild.incarnation.to_be_bytes());
            call
        });
        reply::int(discarded.await?)?;
        Ok(())
    }

    async fn view_now(&self, reader: PersonId, below: Below) -> Result<Option<View>, Failure> {
        let part = match below.before {
            // One more tells whether more follow.
            None => Part::Newest(below.count.min(self.ids_max()) + 1),
            Some(_) => Part::Whole,
        };
        let stored = self.read(reader, part).await?;
        Ok(stored.map(|stored| View {
            incarnation: stored.incarnation,
            slice: stored.timeline.below(below.before, below.count),
            floor: stored.timeline.floor(),
            mark: stored.timeline.mark(),
            log_from: stored.log_from,
        }))
    }

    async fn newer_now(
        &self,
        reader: PersonId,
        since: Since<'_>,
    ) -> Result<Option<Result<Arrived, MarkExpired>>, Failure> {
        let mut stored = self.read(reader, Part::NewestAndLate(NEWER_IDS)).await?;
        if stored
            .as_ref()
            .is_some_and(|stored| !suffices(stored, since))
        {
            stored = self.read(reader, Part::Whole).await?;
        }
        Ok(stored.map(|stored| arrived(&stored, since)))
    }
}

/// Whether the part has all ids that a read of newer stories needs.
fn suffices(stored: &Stored, since: Since<'_>) -> bool {
    let Some(lowest) = stored.timeline.ids().first() else {
        return true;
    };
    let others = since.others.iter();
    let needed = others.chain([&since.mark.newest]).min();
    stored.whole || stored.incarnation != since.incarnation || needed >= Some(lowest)
}

fn arrived(stored: &Stored, since: Since<'_>) -> Result<Arrived, MarkExpired> {
    if stored.incarnation != since.incarnation {
        return Err(MarkExpired);
    }
    let others = since.others.iter();
    Ok(Arrived {
        newer: stored.timeline.newer(since.mark, since.count)?,
        floor: stored.timeline.floor(),
        log_from: stored.log_from,
        held: others.map(|id| stored.timeline.contains(*id)).collect(),
    })
}

/// Reads the replies to [`RedisTimelines::read_newest`].
fn newest(replies: Vec<Value>) -> Result<Option<Stored>, Failure> {
    let [header, length, tail, _renewed] = reply::exactly(replies)?;
    let (header, tail) = (reply::bytes(header)?, reply::bytes(tail)?);
    let (header, tail) = (header.unwrap_or_default(), tail.unwrap_or_default());
    Ok(Stored::parse(&header, reply::length(length)?, &tail))
}

#[async_trait]
impl Timelines for RedisTimelines {
    async fn deliver(&self, deliveries: &[Delivery]) -> FabricResult<usize> {
        let keep = self.options.timeline_stories;
        Ok(deliver::deliver(&self.link, deliveries, keep).await?)
    }

    async fn view(&self, reader: PersonId, below: Below) -> FabricResult<Option<View>> {
        Ok(self.view_now(reader, below).await?)
    }

    async fn newer(
        &self,
        reader: PersonId,
        since: Since<'_>,
    ) -> FabricResult<Option<Result<Arrived, MarkExpired>>> {
        Ok(self.newer_now(reader, since).await?)
    }

    async fn begin_rebuild(
        &self,
        rebuild: Rebuild,
        log_from: LogPosition,
        hold: Duration,
    ) -> FabricResult<bool> {
        Ok(self.begin(rebuild, log_from, hold).await?)
    }

    async fn finish_rebuild(
        &self,
        rebuild: Rebuild,
        ids: Vec<StoryId>,
        floor: StoryId,
    ) -> FabricResult<bool> {
        Ok(self.finish(rebuild, ids, floor).await?)
    }

    async fn discard(&self, rebuild: Rebuild) -> FabricResult<()> {
        Ok(self.discard_now(rebuild).await?)
    }

    async fn drop_timeline(&self, reader: PersonId) -> FabricResult<()> {
        Ok(unlink::one(&self.link, Key::Timeline(reader)).await?)
    }

    async fn drop_all_timelines(&self) -> FabricResult<()> {
        Ok(unlink::all(&self.link, TIMELINES_PREFIX).await?)
    }

    fn stats(&self) -> TimelineStats {
        self.link.stats()
    }
}
