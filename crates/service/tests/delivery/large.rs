//! Stories of large authors: they are in no timeline, and are merged from the log at read.

use sosik_fabric::memory::MemoryOptions;
use sosik_feed::{Audience, Cursor, PersonId, StoryId};
use sosik_service::Settings;
use sosik_service::feeds::stream::{FeedStream, StreamEvent};
use sosik_service::feeds::{FeedPage, FeedStart};
use sosik_store::LargeAuthorLimits;

use crate::world::{World, ids, newer};

/// Authors with more than three readers are large, until one is left.
fn four_readers_are_many(settings: &mut Settings) {
    settings.delivery.large_author = LargeAuthorLimits { above: 3, below: 2 };
}

/// A large author with a friend and followers.
struct Large {
    author: PersonId,
    friend: PersonId,
    follower: PersonId,
}

impl Large {
    async fn of(world: &World) -> Self {
        let [author, friend, follower, third, fourth] = world
            .people(["author", "friend", "follower", "third", "fourth"])
            .await;
        world.befriend(author, friend).await;
        for reader in [follower, third, fourth] {
            follow(world, reader, author).await;
        }
        Self {
            author,
            friend,
            follower,
        }
    }
}

async fn follow(world: &World, reader: PersonId, author: PersonId) {
    let relations = world.service.relations();
    relations.follow(reader, author).await.unwrap();
}

/// The incarnation of the timeline from which the page was made.
fn incarnation(page: &FeedPage) -> u64 {
    match newer(page) {
        FeedStart::Newer(seen) => seen.incarnation,
        other => panic!("{other:?}"),
    }
}

/// What came after a page, which must be told by the same timeline.
async fn news(world: &World, reader: PersonId, before: &mut FeedPage) -> Vec<StoryId> {
    let page = world.read(reader, newer(before)).await;
    assert!(!page.reset && page.end);
    assert_eq!(incarnation(&page), incarnation(before));
    *before = page;
    ids(before)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_story_of_a_large_author_that_becomes_public_is_new_to_followers_and_not_to_friends() {
    let world = World::with(four_readers_are_many).await;
    let Large {
        author,
        friend,
        follower,
    } = Large::of(&world).await;
    let mut of_friend = world.top(friend).await;
    let mut of_follower = world.top(follower).await;
    let story = world.post(author, Audience::Friends).await;
    let second = world.post(author, Audience::Public).await;
    world.quiet().await;
    assert_eq!(world.gate.tries(story, friend), 0, "it is in the log");
    assert_eq!(news(&world, friend, &mut of_friend).await, [second, story]);
    assert_eq!(news(&world, follower, &mut of_follower).await, [second]);
    world.make_public(author, story).await;
    world.quiet().await;
    assert_eq!(news(&world, follower, &mut of_follower).await, [story]);
    assert_eq!(news(&world, friend, &mut of_friend).await, []);
    assert_eq!(news(&world, follower, &mut of_follower).await, []);
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stories_of_small_and_large_authors_are_one_feed_page_by_page_and_as_news() {
    let world = World::with(four_readers_are_many).await;
    let Large {
        author, follower, ..
    } = Large::of(&world).await;
    let [small] = world.people(["small"]).await;
    follow(&world, follower, small).await;
    let mut before = world.top(follower).await;
    let mut stories = Vec::new();
    for place in 0..12 {
        let author = if place % 3 == 0 { small } else { author };
        stories.insert(0, world.post(author, Audience::Public).await);
    }
    world.quiet().await;
    assert_eq!(news(&world, follower, &mut before).await, stories);
    let top = world.top(follower).await;
    assert_eq!((ids(&top), top.unread), (stories.clone(), Some(12)));
    let mut page = world.read_some(follower, FeedStart::Top, 5).await;
    assert_eq!(page.unread, Some(12), "those below the page are counted");
    let mut came = ids(&page);
    while let Some(Cursor::Older(older)) = page.before {
        let from = FeedStart::Older(older);
        page = world.read_some(follower, from, 5).await;
        came.extend(ids(&page));
    }
    assert_eq!(came, stories);
    // Bit by bit, the earliest first.
    let mut came = Vec::new();
    let mut page = world.top(follower).await;
    for _ in 0..6 {
        came.push(world.post(author, Audience::Public).await);
        came.push(world.post(small, Audience::Public).await);
    }
    world.quiet().await;
    let mut told = Vec::new();
    while !page.end || told.is_empty() {
        page = world.read_some(follower, newer(&page), 1).await;
        assert!(!page.reset);
        told.extend(ids(&page));
    }
    told.sort_unstable();
    assert_eq!(told, came);
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_author_who_crosses_the_limit_repeats_and_skips_nothing() {
    let world = World::with(four_readers_are_many).await;
    let [author, reader, second, third, fourth] = world
        .people(["author", "reader", "second", "third", "fourth"])
        .await;
    follow(&world, reader, author).await;
    let mut page = world.top(reader).await;
    for _ in 0..3 {
        let delivered = world.post(author, Audience::Public).await;
        world.quiet().await;
        assert_eq!(news(&world, reader, &mut page).await, [delivered]);
        for other in [second, third, fourth] {
            follow(&world, other, author).await;
        }
        let logged = world.post(author, Audience::Public).await;
        world.quiet().await;
        assert_eq!(world.gate.tries(logged, reader), 0);
        assert_eq!(news(&world, reader, &mut page).await, [logged]);
        for other in [second, third, fourth] {
            let relations = world.service.relations();
            relations.unfollow(other, author).await.unwrap();
        }
        assert_eq!(news(&world, reader, &mut page).await, []);
    }
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timeline_that_the_log_has_left_behind_is_built_again_and_lacks_nothing() {
    let engines = MemoryOptions {
        pull_log_entries: 4,
        ..MemoryOptions::default()
    };
    let world = World::with_engines(engines, four_readers_are_many).await;
    let Large {
        author, follower, ..
    } = Large::of(&world).await;
    let before = world.top(follower).await;
    let mut stories = Vec::new();
    for _ in 0..7 {
        stories.insert(0, world.post(author, Audience::Public).await);
    }
    world.quiet().await;
    let page = world.read(follower, newer(&before)).await;
    assert_eq!((ids(&page), page.reset), (stories.clone(), false));
    let top = world.top(follower).await;
    assert_eq!(ids(&top), stories);
    assert_ne!(incarnation(&top), incarnation(&before));
    assert_ne!(incarnation(&top), 0, "there is a timeline again");
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_sees_a_large_author_from_the_moment_of_following_until_muting() {
    let world = World::with(four_readers_are_many).await;
    let Large { author, .. } = Large::of(&world).await;
    let [reader] = world.people(["reader"]).await;
    assert_eq!(ids(&world.top(reader).await), []);
    let story = world.post(author, Audience::Public).await;
    world.quiet().await;
    assert_eq!(ids(&world.top(reader).await), []);
    follow(&world, reader, author).await;
    assert_eq!(ids(&world.top(reader).await), [story]);
    let relations = world.service.relations();
    relations.mute(reader, author).await.unwrap();
    assert_eq!(ids(&world.top(reader).await), []);
    relations.unmute(reader, author).await.unwrap();
    assert_eq!(ids(&world.top(reader).await), [story]);
    world.service.stop().await;
}

async fn next_story(stream: &mut FeedStream) -> StoryId {
    loop {
        if let StreamEvent::Story { item, .. } = stream.next().await.unwrap() {
            return item.story.record.id;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_is_woken_by_a_story_of_a_large_author() {
    let world = World::with(four_readers_are_many).await;
    let Large {
        author, follower, ..
    } = Large::of(&world).await;
    let feeds = world.service.feeds();
    let mut stream = feeds.open_stream(follower, None, &[]).await.unwrap();
    for _ in 0..3 {
        let story = world.post(author, Audience::Public).await;
        assert_eq!(next_story(&mut stream).await, story);
    }
    world.service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cursor_of_a_page_stays_while_the_log_grows_by_stories_for_others() {
    let world = World::with(four_readers_are_many).await;
    let Large {
        author, follower, ..
    } = Large::of(&world).await;
    let [reader, small] = world.people(["reader", "small"]).await;
    follow(&world, reader, small).await;
    for _ in 0..5 {
        world.post(small, Audience::Public).await;
        world.post(author, Audience::Public).await;
    }
    world.quiet().await;
    let top = async |reader| world.read_some(reader, FeedStart::Top, 2).await;
    let (mine, theirs) = (top(reader).await, top(follower).await);
    assert!(mine.before.is_some());
    world.post(author, Audience::Public).await;
    world.quiet().await;
    assert_eq!(top(reader).await.before, mine.before);
    assert_ne!(top(follower).await.before, theirs.before);
    world.service.stop().await;
}
