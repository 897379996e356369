//! Deliveries into timelines of this process, and what those take in memory.

use serde_json::json;
use sosik_fabric::Fabric;
use sosik_fabric::memory::{MemoryFabric, MemoryOptions};
use sosik_feed::{PersonId, StoryId};

use crate::measure::{per_second, report, resident_bytes, timed_async};

const READERS: u64 = 20_000;
const STORIES: u64 = 800;
const DELIVERIES: u64 = 400;
const READERS_OF_A_STORY: usize = 300;

pub(crate) fn measure() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime without drivers starts");
    runtime.block_on(run());
}

async fn run() {
    let fabric = MemoryFabric::new(MemoryOptions {
        timeline_stories: 800,
        timelines_bytes: 4 << 30,
        pull_log_entries: 1_000,
        seed: 1,
    });
    let before = resident_bytes();
    for reader in 1..=READERS {
        let rebuild = fabric
            .begin_rebuild(PersonId::from_u64(reader))
            .await
            .ok()
            .flatten()
            .expect("nobody else builds");
        let ids = (1..=STORIES)
            .map(|story| StoryId::from_u64(story << 22))
            .collect();
        let ready = fabric
            .finish_rebuild(rebuild, ids, StoryId::default())
            .await;
        assert!(matches!(ready, Ok(true)));
    }
    let resident = (resident_bytes() - before) / READERS;
    let accounted = fabric.figures().timeline_bytes as u64 / READERS;
    report(&json!({
        "name": "timeline_memory", "stories": STORIES, "resident_bytes_each": resident,
        "accounted_bytes_each": accounted, "bytes_of_ids": STORIES * 8,
    }));

    // The readers of a story are scattered over the table, as friends are.
    let readers: Vec<PersonId> = (0..READERS)
        .map(|place| PersonId::from_u64(place * 7_919 % READERS + 1))
        .collect();
    let mut taken = 0;
    let work = async {
        for story in 0..DELIVERIES {
            let id = StoryId::from_u64((STORIES + 1 + story) << 22);
            for chunk in readers.chunks(READERS_OF_A_STORY) {
                taken += fabric.deliver(id, chunk).await.unwrap_or_default();
            }
        }
    };
    let ((), span) = timed_async(work).await;
    report(&json!({
        "name": "delivery_memory", "deliveries": taken, "readers": READERS,
        "deliveries_per_second": per_second(taken, span), "threads": 1,
    }));
}
