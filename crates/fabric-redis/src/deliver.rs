//! Deliveries. A script inserts some ids into some timelines, and a pipeline carries a few scripts.

use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};
use redis::{Cmd, Pipeline, Value};
use sosik_fabric::timelines::Delivery;
use sosik_feed::{PersonId, StoryId};
use tokio::time::Instant;

use crate::keys::{Key, SlotGroup};
use crate::layout;
use crate::link::Link;
use crate::reply::{self, Failure};
use crate::scripts::{By, DELIVER};
use crate::session::{Lane, Session};

/// Insertions of one script: about 0.1 ms, in which the server does nothing else. Larger scripts are hardly cheaper for
/// each insertion.
const SCRIPT_INSERTIONS_MAX: usize = 64;

/// Scripts of one pipeline. A read on another connection waits for at most one pipeline of each node.
const PIPELINE_SCRIPTS_MAX: usize = 8;

/// Slot groups of Redis Cluster that one call serves at the same time.
pub(crate) const GROUPS_AT_ONCE: usize = 16;

/// An id for the timeline of one reader.
type Insertion = (PersonId, StoryId);

/// Inserts stories into the timelines of readers, and returns the number of insertions.
pub(crate) async fn deliver(
    link: &Link,
    deliveries: &[Delivery],
    keep: usize,
) -> Result<usize, Failure> {
    let call = DeliveryCall {
        link,
        session: link.session()?,
        keep,
        deadline: link.deadline(Lane::Deliveries),
    };
    let insertions = in_order(deliveries, call.session.is_cluster());
    let groups = insertions.chunk_by(|one, other| one.0 == other.0);
    let sends: Vec<_> = groups.map(|group| call.send_group(group)).collect();
    stream::iter(sends)
        .buffer_unordered(GROUPS_AT_ONCE)
        .try_fold(0, async |sum, inserted| Ok(sum + inserted))
        .await
}

/// The insertions by slot group, reader and story, each once. A single server needs no groups.
fn in_order(deliveries: &[Delivery], grouped: bool) -> Vec<(Option<SlotGroup>, Insertion)> {
    let insertion = |story, reader| (grouped.then(|| SlotGroup::of(reader)), (reader, story));
    let mut insertions: Vec<_> = deliveries
        .iter()
        .flat_map(|delivery| {
            let readers = delivery.readers.iter();
            readers.map(|reader| insertion(delivery.story, *reader))
        })
        .collect();
    insertions.sort_unstable();
    insertions.dedup();
    insertions
}

struct DeliveryCall<'a> {
    link: &'a Link,
    session: Arc<Session>,
    keep: usize,
    deadline: Instant,
}

impl DeliveryCall<'_> {
    /// Sends the insertions of one slot group, one pipeline after the other.
    async fn send_group(&self, group: &[(Option<SlotGroup>, Insertion)]) -> Result<usize, Failure> {
        let insertions: Vec<Insertion> = group.iter().map(|(_, insertion)| *insertion).collect();
        let mut inserted = 0;
        for pipeline in insertions.chunks(SCRIPT_INSERTIONS_MAX * PIPELINE_SCRIPTS_MAX) {
            let scripts = pipeline.chunks(SCRIPT_INSERTIONS_MAX).collect();
            inserted += self.send_scripts(scripts).await?;
        }
        Ok(inserted)
    }

    async fn send_scripts(&self, scripts: Vec<&[Insertion]>) -> Result<usize, Failure> {
        let replies = self.run(&scripts, By::Hash).await?;
        let (mut inserted, mut unknown, mut refused) = (0, Vec::new(), Vec::new());
        for (script, reply) in scripts.into_iter().zip(replies) {
            if reply::lacks_script(&reply) {
                unknown.push(script);
            } else if reply::is_out_of_memory(&reply) {
                refused.push(script);
            } else {
                inserted += reply::length(reply)?;
            }
        }
        Ok(inserted + self.send_text(unknown).await? + self.drop_timelines(&refused).await?)
    }

    /// Sends scripts that the server does not have.
    async fn send_text(&self, scripts: Vec<&[Insertion]>) -> Result<usize, Failure> {
        if scripts.is_empty() {
            return Ok(0);
        }
        let replies = self.run(&scripts, By::Text).await?;
        let inserted = replies.into_iter().map(reply::length);
        inserted.sum()
    }

    async fn run(&self, scripts: &[&[Insertion]], by: By) -> Result<Vec<Value>, Failure> {
        let mut commands = Pipeline::with_capacity(scripts.len());
        for insertions in scripts {
            commands.add_command(self.script(insertions, by));
        }
        self.send(scripts, &commands).await
    }

    fn script(&self, insertions: &[Insertion], by: By) -> Cmd {
        let by_reader = || insertions.chunk_by(|one, other| one.0 == other.0);
        let mut call = DELIVER.call(by, by_reader().count());
        for timeline in by_reader() {
            call.arg(Key::Timeline(timeline[0].0));
        }
        call.arg(self.keep);
        if insertions
            .iter()
            .all(|(_, story)| *story == insertions[0].1)
        {
            call.arg(&insertions[0].1.as_u64().to_be_bytes());
            return call;
        }
        for timeline in by_reader() {
            let ids: Vec<StoryId> = timeline.iter().map(|(_, story)| *story).collect();
            call.arg(layout::bytes_of(&ids));
        }
        call
    }

    /// Without memory for a delivery, its readers have no timeline until it is rebuilt. An error would repeat the
    /// delivery for as long as the memory is full.
    async fn drop_timelines(&self, scripts: &[&[Insertion]]) -> Result<usize, Failure> {
        if scripts.is_empty() {
            return Ok(0);
        }
        let mut commands = Pipeline::with_capacity(scripts.len());
        for insertions in scripts {
            let unlink = commands.cmd("UNLINK");
            for (reader, _) in *insertions {
                unlink.arg(Key::Timeline(*reader));
            }
        }
        let replies = self.send(scripts, &commands).await?;
        let dropped: usize = replies
            .into_iter()
            .map(reply::length)
            .sum::<Result<_, _>>()?;
        self.link.no_memory.note(dropped);
        Ok(0)
    }

    /// The scripts are of one slot group.
    async fn send(
        &self,
        scripts: &[&[Insertion]],
        commands: &Pipeline,
    ) -> Result<Vec<Value>, Failure> {
        let reader = scripts.first().and_then(|script| script.first());
        let near = Key::Timeline(reader.map_or_else(PersonId::default, |(reader, _)| *reader));
        let lane = Lane::Deliveries;
        let sent = self
            .link
            .send(&self.session, lane, near, commands, self.deadline);
        sent.await
    }
}
