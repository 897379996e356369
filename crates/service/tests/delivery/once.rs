//! A client that has a story from the store gets it once, although the story reaches the timeline afterwards.

use std::time::Duration;

use sosik_fabric::timelines::{Below, Rebuild};
use sosik_feed::{Audience, PersonId, StoryId};

use crate::world::{World, ids, newer};

/// A rebuild that another request has begun: it has read the store and is not finished.
struct OtherRebuild {
    rebuild: Rebuild,
    read: Vec<StoryId>,
}

impl OtherRebuild {
    async fn begin(world: &World, reader: PersonId) -> Self {
        let below = Below {
            before: None,
            count: 100,
        };
        let view = world
            .timelines()
            .view(reader, below)
            .await
            .unwrap()
            .unwrap();
        world.lose_timelines(&[reader]).await;
        let incarnation = view.incarnation + 2;
        let rebuild = Rebuild {
            reader,
            incarnation,
        };
        let hold = Duration::from_secs(600);
        let begun = world
            .timelines()
            .begin_rebuild(rebuild, view.log_from, hold);
        assert!(begun.await.unwrap());
        let read = view.slice.ids;
        Self { rebuild, read }
    }

    async fn finish(self, world: &World) {
        let floor = StoryId::default();
        let finished = world
            .timelines()
            .finish_rebuild(self.rebuild, self.read, floor);
        assert!(finished.await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_story_read_from_the_store_during_a_rebuild_is_not_told_again_at_its_delivery() {
    let world = World::new().await;
    let [author, friend] = world.people(["author", "friend"]).await;
    world.befriend(author, friend).await;
    world.post(author, Audience::Friends).await;
    world.quiet().await;
    let page = world.top(friend).await;

    let rebuild = OtherRebuild::begin(&world, friend).await;
    world.gate.guard(friend);
    let story = world.post(author, Audience::Friends).await;
    let delivery = world.gate.next().await;
    let page = world.read(friend, newer(&page)).await;
    assert_eq!((ids(&page), page.reset), (vec![story], false));
    rebuild.finish(&world).await;
    let page = world.read(friend, newer(&page)).await;
    assert_eq!((ids(&page), page.reset), (vec![], false));
    world.gate.open();
    delivery.pass();
    world.quiet().await;
    let page = world.read(friend, newer(&page)).await;
    assert_eq!((ids(&page), page.reset, page.end), (vec![], false, true));

    let next = world.post(author, Audience::Friends).await;
    world.quiet().await;
    let page = world.read(friend, newer(&page)).await;
    assert_eq!((ids(&page), page.reset), (vec![next], false));
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_story_on_a_first_page_from_the_store_is_not_told_again_at_its_delivery() {
    let world = World::new().await;
    let [author, friend] = world.people(["author", "friend"]).await;
    world.befriend(author, friend).await;
    world.top(friend).await;

    let rebuild = OtherRebuild::begin(&world, friend).await;
    world.gate.guard(friend);
    let story = world.post(author, Audience::Friends).await;
    let delivery = world.gate.next().await;
    let page = world.top(friend).await;
    assert_eq!(ids(&page), [story]);
    rebuild.finish(&world).await;
    let page = world.read(friend, newer(&page)).await;
    assert_eq!((ids(&page), page.reset), (vec![], false));
    world.gate.open();
    delivery.pass();
    world.quiet().await;
    let page = world.read(friend, newer(&page)).await;
    assert_eq!((ids(&page), page.reset, page.end), (vec![], false, true));
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_story_that_a_rebuilt_timeline_lacks_is_told_once_at_its_delivery() {
    let world = World::new().await;
    let [author, follower] = world.people(["author", "follower"]).await;
    let relations = world.service.relations();
    relations.follow(follower, author).await.unwrap();
    let story = world.post(author, Audience::Friends).await;
    world.post(author, Audience::Public).await;
    world.quiet().await;
    let page = world.top(follower).await;

    let rebuild = OtherRebuild::begin(&world, follower).await;
    world.gate.guard(follower);
    world.make_public(author, story).await;
    let delivery = world.gate.next().await;
    rebuild.finish(&world).await;
    let mut told = Vec::new();
    let page = world.read(follower, newer(&page)).await;
    told.extend(ids(&page));
    world.gate.open();
    delivery.pass();
    world.quiet().await;
    let page = world.read(follower, newer(&page)).await;
    told.extend(ids(&page));
    let page = world.read(follower, newer(&page)).await;
    assert_eq!((ids(&page), page.reset, page.end), (vec![], false, true));
    assert_eq!(told, [story]);
    world.lose_timelines(&[follower]).await;
    let page = world.read(follower, newer(&page)).await;
    assert_eq!((ids(&page), page.reset, page.end), (vec![], false, true));
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_story_that_arrived_in_a_timeline_that_was_lost_before_its_delivery_ended_is_not_told_again()
 {
    let world = World::with(|settings| settings.delivery.chunk = 1).await;
    let [author, follower, slow] = world.people(["author", "follower", "slow"]).await;
    let relations = world.service.relations();
    for reader in [follower, slow] {
        relations.follow(reader, author).await.unwrap();
    }
    let story = world.post(author, Audience::Friends).await;
    world.post(author, Audience::Public).await;
    world.quiet().await;
    let page = world.top(follower).await;

    world.gate.guard(slow);
    world.make_public(author, story).await;
    let delivery = world.gate.next().await;
    assert!(world.in_timeline(follower, story).await);
    let page = world.read(follower, newer(&page)).await;
    assert_eq!((ids(&page), page.reset), (vec![story], false));
    world.lose_timelines(&[follower]).await;
    let page = world.read(follower, newer(&page)).await;
    assert_eq!((ids(&page), page.reset), (vec![], false));
    world.gate.open();
    delivery.pass();
    world.quiet().await;
    let page = world.read(follower, newer(&page)).await;
    assert_eq!((ids(&page), page.reset, page.end), (vec![], false, true));
    world.service.stop().await;
}
