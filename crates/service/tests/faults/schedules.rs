//! Controlled schedules: writes, reads and a failing fabric at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sosik_decorators::Fault;
use sosik_feed::{Audience, PersonId, StoryId};

use super::has_timeline;
use crate::common::World;

/// A reader who follows nobody yet, and authors with a story each.
async fn authors(world: &World, count: usize) -> (PersonId, Vec<(PersonId, StoryId)>) {
    let reader = world.person("reader").await;
    let mut authors = Vec::new();
    for author in world.crowd("author", count).await {
        authors.push((author, world.post(author, Audience::Public).await));
    }
    world.quiet().await;
    (reader, authors)
}

fn newest_first(authors: &[(PersonId, StoryId)]) -> Vec<StoryId> {
    authors.iter().rev().map(|(_, story)| *story).collect()
}

#[tokio::test]
async fn two_writes_whose_forgetting_fails_are_both_seen_by_reads_in_between_and_after() {
    let world = World::new().await;
    let (reader, authors) = authors(&world, 2).await;
    assert!(has_timeline(&world, reader).await);
    world.faults.always("Timelines::drop_timeline", Fault::Wait);
    let (service, first) = (world.service.clone(), authors[0].0);
    let following = tokio::spawn(async move { service.relations().follow(reader, first).await });
    world
        .eventually("the first write is dropping the timeline", async || {
            world.faults.begun("Timelines::drop_timeline") >= 1
        })
        .await;
    // Committed and not acknowledged yet: this node's caches are invalidated before the fabric is.
    assert_eq!(world.top(reader).await, newest_first(&authors[..1]));
    world
        .faults
        .always("Timelines::drop_timeline", Fault::Error);
    following.await.unwrap().unwrap();
    assert_eq!(world.top(reader).await, newest_first(&authors[..1]));
    world
        .service
        .relations()
        .follow(reader, authors[1].0)
        .await
        .unwrap();
    assert_eq!(world.top(reader).await, newest_first(&authors));
    world.faults.lift_all();
    world
        .eventually("the timeline is used again", async || {
            assert_eq!(world.top(reader).await, newest_first(&authors));
            has_timeline(&world, reader).await
        })
        .await;
    assert_eq!(world.top(reader).await, newest_first(&authors));
}

#[tokio::test]
async fn a_timeline_built_before_a_write_that_could_not_be_told_is_never_used() {
    let world = World::new().await;
    let (reader, authors) = authors(&world, 1).await;
    world
        .faults
        .always("Timelines::finish_rebuild", Fault::Wait);
    let service = world.service.clone();
    let building = tokio::spawn(async move { service.feeds().warm_up(reader).await });
    world
        .eventually("a narrow timeline is nearly built", async || {
            world.faults.begun("Timelines::finish_rebuild") == 1
        })
        .await;
    world
        .faults
        .always("Timelines::drop_timeline", Fault::Error);
    world
        .service
        .relations()
        .follow(reader, authors[0].0)
        .await
        .unwrap();
    assert_eq!(world.top(reader).await, newest_first(&authors));
    world.faults.lift("Timelines::finish_rebuild");
    building.await.unwrap().unwrap();
    assert_eq!(world.top(reader).await, newest_first(&authors));
    world.faults.lift("Timelines::drop_timeline");
    world
        .eventually("a timeline is used", async || {
            assert_eq!(world.top(reader).await, newest_first(&authors));
            has_timeline(&world, reader).await
        })
        .await;
    assert_eq!(world.top(reader).await, newest_first(&authors));
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_beside_writes_on_a_fabric_that_fails_now_and_then_see_every_answered_write() {
    let world = Arc::new(World::new().await);
    let (reader, authors) = authors(&world, 24).await;
    let stop = Arc::new(AtomicBool::new(false));
    let reading: Vec<_> = (0..3)
        .map(|_| {
            let (world, stop) = (Arc::clone(&world), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    world.top(reader).await;
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let calls = [
        "Timelines::drop_timeline",
        "Timelines::finish_rebuild",
        "Timelines::view",
        "WakeUps::wake",
    ];
    for (place, (author, _)) in authors.iter().enumerate() {
        let fault = [Fault::Error, Fault::LostAnswer][place / 4 % 2];
        world.faults.next(calls[place % 4], fault, 2);
        world
            .service
            .relations()
            .follow(reader, *author)
            .await
            .unwrap();
        assert_eq!(
            world.top(reader).await,
            newest_first(&authors[..=place]),
            "after the answer"
        );
    }
    world.faults.lift_all();
    stop.store(true, Ordering::SeqCst);
    for task in reading {
        task.await.unwrap();
    }
    world.assert_verified(reader).await;
}
