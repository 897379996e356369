//! A request is repeated because the response to its first attempt was lost.

use sosik_feed::Audience;

use crate::world::{World, ids};

const KEY: Option<&str> = Some("key");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_and_its_repeat_are_in_the_authors_feed_though_the_fabric_did_not_take_the_first() {
    let world = World::new().await;
    let [author] = world.people(["author"]).await;
    world.top(author).await;
    world.gate.fail(author);
    // Committed, but neither the request nor the delivery reaches the author's timeline.
    let first = world
        .try_post(author, Audience::Friends, KEY)
        .await
        .unwrap();
    assert_eq!(ids(&world.top(author).await), [first]);
    world.gate.open();
    let story = world
        .try_post(author, Audience::Friends, KEY)
        .await
        .unwrap();
    assert_eq!(story, first);
    assert_eq!(ids(&world.top(author).await), [story]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_puts_the_story_into_the_authors_timeline_while_the_first_attempt_hangs() {
    let world = World::with(|settings| settings.delivery.workers = 1).await;
    let [author] = world.people(["author"]).await;
    world.top(author).await;
    world.gate.guard(author);
    let first = world.try_post(author, Audience::Friends, KEY);
    let repeat = async {
        // The request and the worker hang after the commit, before the author's timeline has the story.
        let hanging = [world.gate.next().await, world.gate.next().await];
        world.gate.open();
        let again = world.try_post(author, Audience::Friends, KEY).await;
        let story = again.unwrap();
        assert!(world.in_timeline(author, story).await);
        for one in hanging {
            one.pass();
        }
        story
    };
    let (first, again) = tokio::join!(first, repeat);
    assert_eq!(first.unwrap(), again);
    world.quiet().await;
    assert_eq!(ids(&world.top(author).await), [again]);
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_post_has_the_delivery_done_that_nobody_gets_on_with() {
    let world = World::with(|settings| settings.delivery.workers = 2).await;
    let [author, friend] = world.people(["author", "friend"]).await;
    world.befriend(author, friend).await;
    world.top(friend).await;
    world.gate.guard(friend);
    let story = world
        .try_post(author, Audience::Friends, KEY)
        .await
        .unwrap();
    let stuck = world.gate.next().await;
    let again = world
        .try_post(author, Audience::Friends, KEY)
        .await
        .unwrap();
    assert_eq!(story, again);
    let second = world.gate.next().await;
    assert_eq!(second.story, story);
    second.pass();
    world
        .eventually("the story has arrived", async || {
            world.in_timeline(friend, story).await
        })
        .await;
    world.gate.open();
    stuck.pass();
    world.quiet().await;
    world.service.stop().await;
}
