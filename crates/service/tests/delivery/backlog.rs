//! Posts are shed while deliveries wait too long; other requests are not.

use std::time::Duration;

use sosik_fabric::memory::MemoryOptions;
use sosik_feed::Audience;
use sosik_service::{ServiceError, ServiceResult, Settings};

use crate::world::{World, ids};

const MAX: Duration = Duration::from_secs(600);
const LONGER: Duration = Duration::from_secs(601);

fn one_worker(settings: &mut Settings) {
    settings.delivery.workers = 1;
    settings.delivery.backlog_wait_max = MAX;
}

fn is_shed<T>(answer: &ServiceResult<T>) -> bool {
    matches!(answer, Err(ServiceError::Busy(_)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_are_shed_while_an_order_waits_too_long_for_a_worker_and_reads_are_not() {
    let world = World::with(one_worker).await;
    let [author, friend] = world.people(["author", "friend"]).await;
    world.befriend(author, friend).await;
    world.gate.guard(friend);
    let first = world.post(author, Audience::Friends).await;
    let in_hand = world.gate.next().await;
    world.clock.advance(LONGER);
    let second = world.post(author, Audience::Friends).await; // an order in progress does not count as waiting
    world.clock.advance(LONGER);
    assert!(world.service.delivery().queue_wait() > MAX);
    let answer = world.try_post(author, Audience::Friends, None).await;
    assert!(is_shed(&answer), "{answer:?}");
    assert_eq!(ids(&world.top(author).await), [second, first]);

    world.gate.open();
    in_hand.pass();
    world.quiet().await;
    let third = world.post(author, Audience::Friends).await;
    world.quiet().await;
    assert_eq!(ids(&world.top(friend).await), [third, second, first]);
    world.service.stop().await;
}

fn no_room() -> MemoryOptions {
    MemoryOptions {
        queued_max: 0,
        ..MemoryOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_without_room_in_memory_waits_in_the_store_and_counts() {
    let world = World::with_engines(no_room(), one_worker).await;
    let [author, friend] = world.people(["author", "friend"]).await;
    world.befriend(author, friend).await;
    world.gate.guard(friend);
    let mut stories = vec![world.post(author, Audience::Friends).await];
    let in_hand = world.gate.next().await;
    for _ in 0..3 {
        stories.push(world.post(author, Audience::Friends).await);
    }
    world.clock.advance(LONGER);
    world.service.delivery().advance_watermark().await.unwrap();
    let answer = world.try_post(author, Audience::Friends, None).await;
    assert!(is_shed(&answer), "{answer:?}");
    world.gate.open();
    in_hand.pass();
    world.quiet().await;
    stories.push(world.post(author, Audience::Friends).await);
    world.quiet().await;
    stories.reverse();
    assert_eq!(ids(&world.top(friend).await), stories);
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_fails_again_and_again_sheds_no_posts() {
    let world = World::with(one_worker).await;
    let [author, friend] = world.people(["author", "friend"]).await;
    world.befriend(author, friend).await;
    world.gate.fail(friend);
    let story = world.post(author, Audience::Friends).await;
    world
        .eventually("the attempt failed", async || {
            world.gate.tries(story, friend) > 0
        })
        .await;
    let [other] = world.people(["other"]).await;
    world.post(other, Audience::Friends).await;
    world
        .eventually("only the failed one is left", async || {
            world.pending().await == 1
        })
        .await;
    world.clock.advance(LONGER);
    world.service.delivery().advance_watermark().await.unwrap();
    assert!(world.try_post(other, Audience::Friends, None).await.is_ok());
    world.gate.open();
    world.service.stop().await;
}
