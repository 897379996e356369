//! What only the engines of a single process do: eviction, and dropping every timeline.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]

use std::time::Duration;

use sosik_fabric::Timelines;
use sosik_fabric::memory::{MemoryOptions, MemoryTimelines};
use sosik_fabric::timelines::{Below, Delivery, Rebuild};
use sosik_feed::pulled::LogPosition;
use sosik_feed::{PersonId, StoryId};

const OPTIONS: MemoryOptions = MemoryOptions {
    timeline_stories: 800,
    timelines_bytes: 64 << 20,
    pull_log_entries: 100,
    queued_max: 10,
};

async fn begin(timelines: &MemoryTimelines, reader: PersonId) -> Rebuild {
    let incarnation = 1;
    let rebuild = Rebuild {
        reader,
        incarnation,
    };
    let hold = Duration::from_secs(60);
    let begun = timelines.begin_rebuild(rebuild, LogPosition::NONE, hold);
    assert!(begun.await.unwrap());
    rebuild
}

async fn built(timelines: &MemoryTimelines, reader: PersonId, stories: u64) {
    let rebuild = begin(timelines, reader).await;
    let ids = (1..=stories).map(StoryId::from_u64).collect();
    let finished = timelines.finish_rebuild(rebuild, ids, StoryId::default());
    assert!(finished.await.unwrap());
}

async fn is_ready(timelines: &MemoryTimelines, reader: PersonId) -> bool {
    let below = Below {
        before: None,
        count: 1,
    };
    timelines.view(reader, below).await.unwrap().is_some()
}

#[tokio::test]
async fn the_least_recently_read_timelines_go_when_the_room_is_used_up() {
    let budget = 4 << 20;
    let timelines = MemoryTimelines::new(MemoryOptions {
        timelines_bytes: budget,
        ..OPTIONS
    });
    let readers: Vec<PersonId> = (1..=2_000).map(PersonId::from_u64).collect();
    let favourite = readers[0];
    let to_everybody = [Delivery {
        story: StoryId::from_u64(1_000),
        readers: readers.clone(),
    }];
    for reader in &readers {
        built(&timelines, *reader, 800).await;
        // Delivered to all readers, read by one.
        timelines.deliver(&to_everybody).await.unwrap();
        assert!(is_ready(&timelines, favourite).await, "what is read stays");
    }
    let stats = timelines.stats();
    assert!(stats.bytes <= budget, "{stats:?}");
    assert!(stats.timelines > 400 && stats.evicted > 1_000, "{stats:?}");
}

#[tokio::test]
async fn every_timeline_can_be_dropped_also_those_that_are_being_built() {
    let timelines = MemoryTimelines::new(OPTIONS);
    let (one, other) = (PersonId::from_u64(1), PersonId::from_u64(2));
    built(&timelines, one, 3).await;
    let rebuild = begin(&timelines, other).await;
    timelines.drop_all_timelines().await.unwrap();
    assert!(!is_ready(&timelines, one).await);
    let ids = vec![StoryId::from_u64(1)];
    let finished = timelines.finish_rebuild(rebuild, ids, StoryId::default());
    assert!(!finished.await.unwrap(), "it began before");
    let stats = timelines.stats();
    assert_eq!((stats.timelines, stats.bytes), (0, 0));
}
