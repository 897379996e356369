//! Stories that reach readers after later stories.

use std::time::Duration;

use sosik_feed::generator::STEP_BACK_MAX;
use sosik_feed::{Audience, StoryId};
use sosik_service::Settings;
use sosik_service::feeds::FeedStart;
use sosik_store::RETRIED_ORDERS_MAX;

use crate::world::{World, ids, newer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_story_made_public_long_after_arrives_once_although_the_followers_timeline_was_lost() {
    let world = World::new().await;
    let [author, friend, follower] = world.people(["author", "friend", "follower"]).await;
    world.befriend(author, friend).await;
    world
        .service
        .relations()
        .follow(follower, author)
        .await
        .unwrap();
    let story = world.post(author, Audience::Friends).await;
    world.post(author, Audience::Public).await;
    world.quiet().await;
    assert!(world.service.delivery().watermark() > story);
    let (of_follower, of_friend) = (world.top(follower).await, world.top(friend).await);

    world.gate.guard(follower);
    world.make_public(author, story).await;
    let delivery = world.gate.next().await;
    world.lose_timelines(&[follower, friend]).await;
    let page = world.read(follower, newer(&of_follower)).await;
    assert_eq!((ids(&page), page.reset), (vec![story], false));
    world.gate.open();
    delivery.pass();
    world.quiet().await;
    let page = world.read(follower, newer(&page)).await;
    assert_eq!((ids(&page), page.reset, page.end), (vec![], false, true));
    world.lose_timelines(&[follower]).await;
    let page = world.read(follower, newer(&page)).await;
    assert_eq!((ids(&page), page.end), (vec![], true), "listed once");
    let page = world.read(friend, newer(&of_friend)).await;
    assert_eq!(
        (ids(&page), page.reset),
        (vec![], false),
        "no news to friends"
    );
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timeline_that_is_lost_between_two_pages_of_news_skips_nothing() {
    let world = World::new().await;
    let [author, friend] = world.people(["author", "friend"]).await;
    world.befriend(author, friend).await;
    let mut page = world.top(friend).await;
    let mut stories = Vec::new();
    for _ in 0..3 {
        stories.push(world.post(author, Audience::Friends).await);
    }
    world.quiet().await;
    let mut came = Vec::new();
    while !page.end || came.is_empty() {
        page = world.read_some(friend, newer(&page), 1).await;
        assert!(!page.reset);
        came.extend(ids(&page));
        world.lose_timelines(&[friend]).await;
    }
    assert_eq!(came, stories);
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_story_that_was_read_during_its_delivery_is_told_once_though_the_timeline_was_lost()
{
    let world = World::with(|settings| {
        settings.delivery.chunk = 1;
        settings.delivery.workers = 2;
    })
    .await;
    let [author, other, follower, slow] =
        world.people(["author", "other", "follower", "slow"]).await;
    world.befriend(other, slow).await;
    for reader in [follower, slow] {
        world
            .service
            .relations()
            .follow(reader, author)
            .await
            .unwrap();
    }
    let before = world.top(follower).await;
    world.gate.guard(slow);
    // An older delivery hangs, so the delivery watermark stays below the story.
    let older = world.post(other, Audience::Friends).await;
    let first = world.gate.next().await;
    let story = world.post(author, Audience::Friends).await;
    world
        .eventually("the story is delivered to friends", async || {
            world.pending().await == 1
        })
        .await;
    world.make_public(author, story).await;
    let second = world.gate.next().await;
    assert_eq!((first.story, second.story), (older, story));
    let page = world.read(follower, newer(&before)).await;
    assert_eq!((ids(&page), page.reset), (vec![story], false));

    world.lose_timelines(&[follower]).await;
    let page = world.read(follower, newer(&page)).await;
    assert_eq!((ids(&page), page.reset, page.end), (vec![], false, true));
    world.gate.open();
    first.pass();
    second.pass();
    world.quiet().await;
    let page = world.read(follower, newer(&page)).await;
    assert_eq!((ids(&page), page.reset, page.end), (vec![], false, true));
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_story_made_public_arrives_after_a_restart_page_by_page_before_what_is_newer() {
    let mut world = World::new().await;
    let [author, follower] = world.people(["author", "follower"]).await;
    world
        .service
        .relations()
        .follow(follower, author)
        .await
        .unwrap();
    let old = [
        world.post(author, Audience::Friends).await,
        world.post(author, Audience::Friends).await,
    ];
    world.post(author, Audience::Public).await;
    world.quiet().await;
    let mut page = world.top(follower).await;
    for story in old {
        world.make_public(author, story).await;
    }
    let newest = world.post(author, Audience::Public).await;
    world.quiet().await;
    world.service.stop().await;
    world.start_again().await;
    let mut came = Vec::new();
    while !page.end || came.is_empty() {
        page = world.read_some(follower, newer(&page), 1).await;
        assert!(!page.reset);
        came.extend(ids(&page));
    }
    assert_eq!(came, [old[0], old[1], newest]);
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_story_made_public_twice_arrives_once_page_by_page_after_the_timeline_was_lost() {
    let world = World::new().await;
    let [author, follower] = world.people(["author", "follower"]).await;
    let relations = world.service.relations();
    relations.follow(follower, author).await.unwrap();
    let twice = world.post(author, Audience::Friends).await;
    let once = world.post(author, Audience::Friends).await;
    world.post(author, Audience::Public).await;
    world.quiet().await;
    let mut page = world.top(follower).await;
    world.make_public(author, twice).await;
    world.make_public(author, once).await;
    world.set_audience(author, twice, Audience::Friends).await;
    world.make_public(author, twice).await;
    world.quiet().await;
    world.lose_timelines(&[follower]).await;
    let mut came = Vec::new();
    while !page.end || came.is_empty() {
        page = world.read_some(follower, newer(&page), 1).await;
        assert!(!page.reset);
        came.extend(ids(&page));
    }
    assert_eq!(came, [once, twice], "in the order of their last numbers");
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_process_with_a_clock_ahead_called_delivered_and_read_hides_nothing_later() {
    const AHEAD: Duration = Duration::from_secs(2 * 86_400);
    let mut world = World::new().await;
    let [author, friend] = world.people(["author", "friend"]).await;
    world.befriend(author, friend).await;
    world.clock.advance(AHEAD);
    let ahead = world.post(author, Audience::Friends).await;
    world.quiet().await;
    // Nobody posts. The delivery watermark and the position that can be marked as read follow the clock.
    let beyond_the_lease = Settings::default().node.lease + STEP_BACK_MAX + Duration::from_secs(1);
    world.clock.advance(beyond_the_lease);
    let beyond = StoryId::from_u64(u64::MAX >> 1);
    let read = world
        .service
        .feeds()
        .mark_read(friend, beyond)
        .await
        .unwrap();
    world.quiet().await;
    assert!(world.service.delivery().watermark() > ahead && read > ahead);
    let before = world.top(friend).await;

    world.clock.go_back(AHEAD);
    world.start_again_after_a_kill().await;
    let story = world.post(author, Audience::Friends).await;
    world.quiet().await;
    let page = world.read(friend, newer(&before)).await;
    assert_eq!((ids(&page), page.reset), (vec![story], false));
    assert_eq!(world.top(friend).await.unread, Some(1));
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_delivery_holds_nothing_back_and_its_story_arrives_when_it_is_tried_again() {
    let world = World::with(|settings| settings.delivery.attempts_max = 1).await;
    let [author, other, friend] = world.people(["author", "other", "friend"]).await;
    world.befriend(author, friend).await;
    world.befriend(other, friend).await;
    world.top(friend).await;
    world.gate.fail(friend);
    let story = world.post(author, Audience::Friends).await;
    world
        .eventually("the delivery is dead", async || {
            world.stats().await.dead == 1
        })
        .await;
    world.gate.open();
    let newest = world.post(other, Audience::Friends).await;
    world.quiet().await;
    assert!(world.service.delivery().watermark() >= newest);
    let page = world.read(friend, FeedStart::Top).await;
    assert_eq!(ids(&page), [newest]);

    let delivery = world.service.delivery();
    assert_eq!(delivery.retry_dead_orders().await.unwrap(), 1);
    world.lose_timelines(&[friend]).await;
    let page = world.read(friend, newer(&page)).await;
    assert_eq!((ids(&page), page.reset), (vec![story], false));
    world.quiet().await;
    let page = world.read(friend, newer(&page)).await;
    assert_eq!((ids(&page), page.end), (vec![], true));
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_dead_deliveries_than_one_write_retries_are_all_delivered_after_one_request() {
    const DEAD: u64 = RETRIED_ORDERS_MAX as u64 + 1;
    let world = World::with(|settings| settings.delivery.attempts_max = 1).await;
    let [author, friend] = world.people(["author", "friend"]).await;
    world.befriend(author, friend).await;
    world.top(friend).await;
    world.gate.fail(friend);
    let mut newest = StoryId::default();
    for _ in 0..DEAD {
        newest = world.post(author, Audience::Friends).await;
    }
    world
        .eventually("every delivery is dead", async || {
            world.stats().await.dead == DEAD
        })
        .await;
    world.gate.open();
    let delivery = world.service.delivery();
    assert_eq!(delivery.retry_dead_orders().await.unwrap(), DEAD);
    world.quiet().await;
    assert!(world.in_timeline(friend, newest).await);
    assert_eq!(world.stats().await.dead, 0);
    world.service.stop().await;
}
