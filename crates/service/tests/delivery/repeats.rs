//! A request is repeated, since the answer of its first attempt was lost.

use sosik_feed::Audience;

use crate::world::{World, ids};

const KEY: Option<&str> = Some("key");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_post_puts_the_story_into_the_authors_own_timeline() {
    let world = World::new().await;
    let [author] = world.people(["author"]).await;
    world.top(author).await;
    world.gate.fail(author);
    // Committed, but neither the request nor the delivery reaches the author's timeline.
    let _lost = world.try_post(author, Audience::Friends, KEY).await;
    world.gate.open();
    let story = world
        .try_post(author, Audience::Friends, KEY)
        .await
        .unwrap();
    assert!(world.in_timeline(author, story).await);
    assert_eq!(ids(&world.top(author).await), [story]);
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
