//! A rebuild that fails half-way: the reader is served, and the timeline is built later.

use std::time::Duration;

use sosik_decorators::Fault;
use sosik_feed::{Audience, PersonId, StoryId};
use sosik_service::Settings;

use super::{ERRORS, has_timeline};
use crate::common::World;

/// A reader without a timeline, and the story in their feed.
async fn cold_reader(world: &World) -> (PersonId, StoryId) {
    let people = world.people(&["author", "reader"]).await;
    world.befriend(people[0], people[1]).await;
    let story = world.post(people[0], Audience::Friends).await;
    world.quiet().await;
    world
        .service
        .engines()
        .timelines
        .drop_timeline(people[1])
        .await
        .unwrap();
    (people[1], story)
}

async fn gets_a_timeline(world: &World, reader: PersonId) {
    world
        .eventually("the reader has a timeline", async || {
            has_timeline(world, reader).await
        })
        .await;
}

#[tokio::test]
async fn a_rebuild_that_panics_after_its_client_hung_up_is_given_back() {
    let world = World::new().await;
    let (reader, story) = cold_reader(&world).await;
    world
        .faults
        .always("Timelines::finish_rebuild", Fault::Wait);
    let service = world.service.clone();
    let request = tokio::spawn(async move { service.feeds().warm_up(reader).await.map(|_| ()) });
    world
        .eventually("the timeline is nearly built", async || {
            world.faults.begun("Timelines::finish_rebuild") == 1
        })
        .await;
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    world
        .faults
        .next("Timelines::finish_rebuild", Fault::Panic, 1);
    assert_eq!(world.top(reader).await, [story]);
    gets_a_timeline(&world, reader).await;
}

#[tokio::test]
async fn whatever_fails_while_a_timeline_is_built_it_is_built_later() {
    for call in ["Timelines::begin_rebuild", "Timelines::finish_rebuild"] {
        for fault in ERRORS.into_iter().chain([Fault::Panic]) {
            let world = World::new().await;
            let (reader, story) = cold_reader(&world).await;
            world.faults.next(call, fault, 1);
            assert_eq!(world.top(reader).await, [story], "{call:?} {fault:?}");
            assert!(world.faults.begun(call) > 0);
            gets_a_timeline(&world, reader).await;
            assert_eq!(world.top(reader).await, [story], "{call:?} {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_rebuild_that_cannot_be_given_back_is_forgotten_later() {
    for fault in ERRORS.into_iter().chain([Fault::Panic]) {
        let mut settings = Settings::default();
        settings.feed.rebuilds_at_once = 1;
        settings.feed.rebuild_wait = Duration::from_millis(1);
        let world = World::with(settings, None).await;
        let (reader, story) = cold_reader(&world).await;
        let first_in_line = world.person("first").await;
        world
            .faults
            .always("Timelines::finish_rebuild", Fault::Wait);
        let service = world.service.clone();
        let first = tokio::spawn(async move { service.feeds().warm_up(first_in_line).await });
        world
            .eventually("the only permit is taken", async || {
                world.faults.begun("Timelines::finish_rebuild") == 1
            })
            .await;
        world.faults.next("Timelines::discard", fault, 1);
        assert_eq!(world.top(reader).await, [story], "{fault:?}");
        assert_eq!(world.faults.begun("Timelines::discard"), 1);
        world.faults.lift_all();
        assert!(first.await.unwrap().unwrap());
        gets_a_timeline(&world, reader).await;
    }
}

#[tokio::test]
async fn rebuilds_that_panic_do_not_use_up_the_turns() {
    let mut settings = Settings::default();
    settings.feed.rebuilds_at_once = 1;
    let world = World::with(settings, None).await;
    for reader in world.crowd("reader", 5).await {
        world
            .faults
            .next("Timelines::finish_rebuild", Fault::Panic, 1);
        assert!(world.top(reader).await.is_empty());
        gets_a_timeline(&world, reader).await;
    }
}
