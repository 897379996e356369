//! Deliveries into timelines of this process, and the memory of these timelines.

use std::time::Duration;

use sosik_fabric::Timelines;
use sosik_fabric::memory::{MemoryOptions, MemoryTimelines};
use sosik_fabric::timelines::{Delivery, Rebuild};
use sosik_feed::pulled::LogPosition;
use sosik_feed::{PersonId, StoryId, limits};

use crate::measure::{Samples, float, per_second, process_cpu, resident_bytes, rounded};
use crate::report::{Report, Row};
use crate::scale::Scale;

/// Stories of a full timeline.
const STORIES: u64 = limits::TIMELINE_STORIES as u64;
const READERS_OF_A_STORY: usize = 300;
/// A prime, to visit the readers out of order.
const STRIDE: u64 = 7_919;

/// Longer than a build takes.
const HOLD: Duration = Duration::from_secs(60);

pub(crate) fn measure(scale: &Scale, report: &mut Report) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(run(scale, report))
}

async fn run(scale: &Scale, report: &mut Report) -> anyhow::Result<()> {
    let timelines = MemoryTimelines::new(MemoryOptions {
        timeline_stories: limits::TIMELINE_STORIES,
        timelines_bytes: 4 << 30,
        ..MemoryOptions::default()
    });
    let before = resident_bytes("self");
    build_timelines(&timelines, scale.delivery_readers).await?;
    let resident = resident_bytes("self").saturating_sub(before) / scale.delivery_readers;
    let accounted = timelines.stats().bytes as u64 / scale.delivery_readers;
    report.add(
        Row::new("memory_timeline")
            .with("stories", STORIES)
            .with("resident_bytes_each", resident)
            .with("accounted_bytes_each", accounted)
            .with("bytes_of_ids", STORIES * 8),
    );

    // The readers of a story are scattered over the table, as friends are.
    let readers = (0..scale.delivery_readers)
        .map(|place| PersonId::from_u64(place * STRIDE % scale.delivery_readers + 1));
    let readers: Vec<PersonId> = readers.collect();
    let mut rates = Vec::new();
    let (mut taken_in_all, mut used_in_all) = (0, Duration::ZERO);
    let stories: Vec<u64> = (1..=scale.delivery_stories).collect();
    for part in stories.chunks(stories.len().div_ceil(scale.rounds)) {
        // Seconds of this thread's CPU time, not of wall time: other programs share the core.
        let before = process_cpu();
        let taken = deliver(&timelines, &readers, part).await?;
        let used = process_cpu().saturating_sub(before);
        rates.push(per_second(taken, used));
        taken_in_all += taken;
        used_in_all += used;
    }
    // All batches together: timelines grow or are trimmed now and then, and all do so at about the same time.
    let rate = per_second(taken_in_all, used_in_all);
    let rates = Samples::new(rates);
    report.add(
        Row::new("delivery_memory")
            .with("deliveries_per_second", rate)
            .with("lowest", rates.lowest())
            .with("highest", rates.highest())
            .with("nanoseconds_each", rounded(1e9 / rate, 1.0))
            .with("deliveries", taken_in_all)
            .with("timelines", scale.delivery_readers)
            .with("readers_of_a_story", float(READERS_OF_A_STORY))
            .with("cores", 1),
    );
    Ok(())
}

async fn build_timelines(timelines: &MemoryTimelines, readers: u64) -> anyhow::Result<()> {
    for reader in 1..=readers {
        let rebuild = Rebuild {
            reader: PersonId::from_u64(reader),
            incarnation: 1,
        };
        let begun = timelines.begin_rebuild(rebuild, LogPosition::NONE, HOLD);
        anyhow::ensure!(begun.await?, "another task rebuilds this timeline");
        let ids = (1..=STORIES).map(|story| StoryId::from_u64(story << 22));
        let ready = timelines
            .finish_rebuild(rebuild, ids.collect(), StoryId::default())
            .await?;
        anyhow::ensure!(ready, "a timeline was not built");
    }
    Ok(())
}

async fn deliver(
    timelines: &MemoryTimelines,
    readers: &[PersonId],
    stories: &[u64],
) -> anyhow::Result<usize> {
    let mut taken = 0;
    for story in stories {
        let id = StoryId::from_u64((STORIES + story) << 22);
        for chunk in readers.chunks(READERS_OF_A_STORY) {
            let readers = chunk.to_vec();
            taken += timelines
                .deliver(&[Delivery { story: id, readers }])
                .await?;
        }
    }
    Ok(taken)
}
