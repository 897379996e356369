//! One claim, one worker: a worker that lost its claim changes nothing for the new owner.

use std::sync::Arc;
use std::time::Duration;

use sosik_feed::Audience;

use crate::world::World;

/// Longer than a claim.
const CLAIM_IS_OVER: Duration = Duration::from_secs(31);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_story_made_public_during_its_delivery_is_delivered_to_followers_although_the_first_worker_ends_first()
 {
    let world = World::with(|settings| settings.delivery.workers = 2).await;
    let [author, friend, follower, other] = world
        .people(["author", "friend", "follower", "other"])
        .await;
    world.befriend(author, friend).await;
    world.befriend(author, other).await;
    world
        .service
        .relations()
        .follow(follower, author)
        .await
        .unwrap();
    world.top(follower).await;
    world.gate.guard(friend);

    let story = world.post(author, Audience::Friends).await;
    let first = world.gate.next().await;
    world.make_public(author, story).await;
    let second = world.gate.next().await;
    assert_eq!((first.story, second.story), (story, story));

    // The first worker ends, and the next one is done, so the end of the first one is recorded.
    world.gate.open();
    first.pass();
    let next = world.post(other, Audience::Public).await;
    world
        .eventually("the next story is delivered", async || {
            world.gate.tries(next, author) > 0 && world.pending().await <= 1
        })
        .await;
    second.fail();
    world
        .eventually("the failed attempt is retried", async || {
            world.clock.advance(Duration::from_secs(1));
            world.service.delivery().sweep_once().await.unwrap();
            world.in_timeline(follower, story).await
        })
        .await;
    world.quiet().await;
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_that_wait_longer_than_their_claim_are_delivered_once() {
    let world = World::with(|settings| settings.delivery.workers = 1).await;
    let [author, friend] = world.people(["author", "friend"]).await;
    world.befriend(author, friend).await;
    world.gate.guard(friend);
    let mut stories = vec![world.post(author, Audience::Friends).await];
    let first = world.gate.next().await;
    for _ in 0..20 {
        stories.push(world.post(author, Audience::Friends).await);
    }
    for _ in 0..3 {
        world.clock.advance(CLAIM_IS_OVER);
        world.service.delivery().sweep_once().await.unwrap();
    }
    world.gate.open();
    first.pass();
    world.quiet().await;
    // The later orders in memory are done by now, too.
    stories.push(world.post(author, Audience::Friends).await);
    world.quiet().await;
    let tries: Vec<_> = stories
        .iter()
        .map(|story| world.gate.tries(*story, friend))
        .collect();
    assert_eq!(tries, vec![1; stories.len()]);
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_fails_after_its_claim_ran_out_does_not_disturb_the_one_who_has_the_order() {
    let world = World::with(|settings| settings.delivery.workers = 2).await;
    let [author, friend] = world.people(["author", "friend"]).await;
    world.befriend(author, friend).await;
    world.gate.guard(friend);
    let story = world.post(author, Audience::Friends).await;
    let first = world.gate.next().await;
    world.clock.advance(CLAIM_IS_OVER);
    world.service.delivery().sweep_once().await.unwrap();
    let second = world.gate.next().await;
    first.fail();
    // The failure is recorded once the worker has taken another order and reached the gate with it.
    world.post(author, Audience::Friends).await;
    let third = world.gate.next().await;
    world.gate.open();
    second.pass();
    third.pass();
    world.quiet().await;
    assert_eq!(world.gate.tries(story, friend), 2, "nobody repeated it");
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_in_the_hands_of_a_service_that_stops_are_taken_at_once_by_the_next_start() {
    let mut world = World::with(|settings| settings.delivery.workers = 1).await;
    let [author, friend] = world.people(["author", "friend"]).await;
    world.befriend(author, friend).await;
    world.gate.guard(friend);
    let first = world.post(author, Audience::Friends).await;
    let stopped = world.gate.next().await;
    for _ in 0..3 {
        world.post(author, Audience::Friends).await;
    }
    let (gate, service) = (Arc::clone(&world.gate), world.service.clone());
    let stopping = tokio::spawn(async move { service.stop().await });
    world.service.stopping().cancelled().await;
    gate.open();
    assert_eq!(stopped.story, first);
    stopped.pass();
    stopping.await.unwrap();
    assert_eq!(world.rows_of_stopped("orders"), 3);
    assert_eq!(
        world.rows_of_stopped("orders WHERE claimed_by <> 0 OR attempts <> 0"),
        0
    );

    world.start_again().await;
    world.quiet().await;
    assert_eq!(world.stats().await.dead, 0);
    world.service.stop().await;
}
