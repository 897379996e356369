//! Concurrent operations. Each race runs on many threads at once, and with schedules that a seed determines: a failure of
//! these prints its seed, and `SOSIK_TEST_SEED` replays it.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is an assertion")]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{World, ids, newer};
use futures::future::join_all;
use sosik_decorators::Turns;
use sosik_feed::cursor::RECENT_MAX;
use sosik_feed::{Audience, PersonId, StoryId};
use sosik_service::feeds::{FeedPage, FeedStart};
use sosik_service::{ServiceError, Settings};
use sosik_store::LargeAuthorLimits;

/// Schedules of each race. All races together take some seconds.
const SEEDS: u64 = 20;

/// Runs every future on its own task.
async fn all_at_once<T: Send + 'static>(
    work: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    join_all(work.into_iter().map(tokio::spawn))
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect()
}

/// Many steps, so that changes fall between them.
fn small_chunks() -> Settings {
    let mut settings = Settings::default();
    settings.delivery.chunk = 2;
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_away_while_it_is_delivered_is_not_shown_after_the_answer() {
    let world = World::with(small_chunks(), None).await;
    take_away_during_delivery(world, 10).await;
}

#[test]
fn what_is_taken_away_is_not_shown_whatever_the_schedule() {
    Turns::explore(SEEDS, async |turns| {
        let world = World::in_turns(small_chunks(), turns).await;
        take_away_during_delivery(world, 1).await;
    });
}

/// In each round a story is hidden from one reader and blocked by another one while it is delivered to three.
async fn take_away_during_delivery(world: World, rounds: usize) {
    let world = Arc::new(world);
    let author = world.person("author").await;
    let readers = world.crowd("reader", 3 * rounds).await;
    world.befriend_all(author, &readers).await;
    for reader in &readers {
        world.top(*reader).await;
    }
    for round in 0..rounds {
        let story = world.post(author, Audience::Friends).await;
        let (unfriended, blocked) = (readers[round * 3], readers[round * 3 + 1]);
        let service = world.service.clone();
        let unfriend = {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                world
                    .service
                    .relations()
                    .unfriend(author, unfriended)
                    .await
                    .unwrap();
                assert!(
                    !world.top(unfriended).await.contains(&story),
                    "shown after the friendship ended"
                );
            })
        };
        let block = {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                world
                    .service
                    .relations()
                    .block(blocked, author)
                    .await
                    .unwrap();
                assert!(
                    !world.top(blocked).await.contains(&story),
                    "shown after the block"
                );
            })
        };
        let delete = {
            let (world, watcher) = (Arc::clone(&world), readers[3 * rounds - 1]);
            tokio::spawn(async move {
                service.stories().delete(author, story).await.unwrap();
                assert!(
                    !world.top(watcher).await.contains(&story),
                    "shown after it was deleted"
                );
                assert!(
                    !world.top(author).await.contains(&story),
                    "shown to its author after it was deleted"
                );
            })
        };
        for task in [unfriend, block, delete] {
            task.await.unwrap();
        }
    }
    world.quiet().await;
    for reader in readers {
        world.assert_verified(reader).await;
    }
}

fn large_above(above: u32) -> Settings {
    let mut settings = Settings::default();
    let below = above / 2;
    settings.delivery.large_author = LargeAuthorLimits { above, below };
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_who_crosses_the_limit_of_large_ones_leaves_no_gap_and_no_duplicate() {
    let world = World::with(large_above(20), None).await;
    cross_the_limit(world, 8, 40).await;
}

#[test]
fn an_author_who_crosses_the_limit_leaves_no_gap_whatever_the_schedule() {
    Turns::explore(SEEDS, async |turns| {
        let world = World::in_turns(large_above(4), turns).await;
        cross_the_limit(world, 2, 4).await;
    });
}

/// A crowd follows and leaves an author three times, while regular followers read what the author posts.
async fn cross_the_limit(world: World, regulars: usize, crowd: usize) {
    let world = Arc::new(world);
    let author = world.person("author").await;
    let regulars = world.crowd("regular", regulars).await;
    let crowd = world.crowd("crowd", crowd).await;
    for reader in &regulars {
        world
            .service
            .relations()
            .follow(*reader, author)
            .await
            .unwrap();
    }
    let mut pages = Vec::new();
    for reader in &regulars {
        pages.push(world.read(*reader, FeedStart::Top, 50).await);
    }

    let done = Arc::new(AtomicBool::new(false));
    let tide = {
        let (world, crowd, done) = (Arc::clone(&world), crowd.clone(), Arc::clone(&done));
        tokio::spawn(async move {
            for _ in 0..3 {
                for fan in &crowd {
                    world
                        .service
                        .relations()
                        .follow(*fan, author)
                        .await
                        .unwrap();
                }
                for fan in &crowd {
                    world
                        .service
                        .relations()
                        .unfollow(*fan, author)
                        .await
                        .unwrap();
                }
            }
            done.store(true, Ordering::SeqCst);
        })
    };
    let mut posted = BTreeSet::new();
    let mut seen: Vec<Vec<StoryId>> = vec![Vec::new(); regulars.len()];
    while !done.load(Ordering::SeqCst) {
        posted.insert(world.post(author, Audience::Public).await);
        for (place, reader) in regulars.iter().enumerate() {
            pages[place] = world.read(*reader, newer(&pages[place]), 50).await;
            assert!(!pages[place].reset);
            seen[place].extend(ids(&pages[place]));
        }
    }
    tide.await.unwrap();
    world.quiet().await;
    for (place, reader) in regulars.iter().enumerate() {
        pages[place] = world.read(*reader, newer(&pages[place]), 50).await;
        seen[place].extend(ids(&pages[place]));
        let once: BTreeSet<StoryId> = seen[place].iter().copied().collect();
        assert_eq!(once.len(), seen[place].len(), "a story came twice");
        assert_eq!(once, posted, "a story is missing");
        world.assert_verified(*reader).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_thousand_readers_who_come_back_to_a_cold_cache_are_all_answered_with_timelines_built_once()
 {
    let mut settings = Settings::default();
    // Even on a slow machine: every waiting reader gets a timeline, so none has to be served twice.
    settings.feed.rebuild_wait = Duration::from_secs(60);
    let mut world = World::with(settings, None).await;
    let authors = world.crowd("author", 20).await;
    let readers = world.crowd("reader", 2_000).await;
    for (place, reader) in readers.iter().enumerate() {
        let friends: Vec<PersonId> = (0..5)
            .map(|step| authors[(place + step * 3) % authors.len()])
            .collect();
        world.befriend_all(*reader, &friends).await;
    }
    for _ in 0..3 {
        for author in &authors {
            world.post(*author, Audience::Friends).await;
        }
    }
    world.quiet().await;
    world.restart().await;

    let built_before = world.faults.begun("Timelines::finish_rebuild");
    let service = world.service.clone();
    let answers = all_at_once(readers.iter().copied().map(|reader| {
        let service = service.clone();
        async move {
            let request = sosik_service::feeds::FeedQuery {
                from: FeedStart::Top,
                limit: 100,
            };
            service
                .feeds()
                .read(reader, request)
                .await
                .map(|page| page.items.len())
        }
    }))
    .await;
    for answer in answers {
        assert_eq!(answer.unwrap(), 15);
    }
    let stats = world.service.engines().timelines.stats();
    assert_eq!(stats.timelines, readers.len(), "{stats:?}");
    let built = world.faults.begun("Timelines::finish_rebuild") - built_before;
    assert_eq!(built, readers.len() as u64, "one rebuild for each reader");
    for reader in readers.iter().step_by(97) {
        world.assert_verified(*reader).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_requests_of_one_cold_reader_build_one_timeline() {
    read_at_once(World::new().await, 50).await;
}

#[test]
fn requests_of_one_cold_reader_build_one_timeline_whatever_the_schedule() {
    Turns::explore(SEEDS, async |turns| {
        read_at_once(World::in_turns(Settings::default(), turns).await, 4).await;
    });
}

async fn read_at_once(world: World, requests: usize) {
    let people = world.people(&["author", "reader"]).await;
    let [author, reader] = people[..] else {
        unreachable!()
    };
    world.befriend(author, reader).await;
    let story = world.post(author, Audience::Friends).await;
    world.quiet().await;
    world
        .service
        .engines()
        .timelines
        .drop_timeline(reader)
        .await
        .unwrap();
    let incarnations = all_at_once((0..requests).map(|_| {
        let service = world.service.clone();
        async move {
            let page = service
                .feeds()
                .read(
                    reader,
                    sosik_service::feeds::FeedQuery {
                        from: FeedStart::Top,
                        limit: 5,
                    },
                )
                .await
                .unwrap();
            assert_eq!(ids(&page), [story]);
            let FeedStart::Newer(seen) = newer(&page) else {
                unreachable!()
            };
            seen.incarnation
        }
    }))
    .await;
    let built: BTreeSet<u64> = incarnations
        .into_iter()
        .filter(|incarnation| *incarnation != 0)
        .collect();
    assert_eq!(built.len(), 1, "{built:?}");
}

fn friends_at_most(limit: u32) -> Settings {
    let mut settings = Settings::default();
    settings.relations.friends_max = limit;
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn the_friend_limit_holds_however_many_accept_at_once_on_both_sides() {
    accept_at_once(World::with(friends_at_most(10), None).await, 3, 40).await;
}

#[test]
fn the_friend_limit_holds_whatever_the_schedule() {
    Turns::explore(SEEDS, async |turns| {
        let world = World::in_turns(friends_at_most(2), turns).await;
        accept_at_once(world, 2, 3).await;
    });
}

/// Stars accept the requests of all fans, who are more than the limit allows.
async fn accept_at_once(world: World, stars: usize, fans: usize) {
    let limit = world.settings.relations.friends_max;
    let stars = world.crowd("star", stars).await;
    let fans = world.crowd("fan", fans).await;
    for fan in &fans {
        for star in &stars {
            world
                .service
                .relations()
                .send_friend_request(*fan, *star)
                .await
                .unwrap();
        }
    }
    let pairs = fans
        .iter()
        .flat_map(|fan| stars.iter().map(|star| (*star, *fan)))
        .collect::<Vec<_>>();
    let answers = all_at_once(pairs.into_iter().map(|(star, fan)| {
        let service = world.service.clone();
        async move { service.relations().accept_friend_request(star, fan).await }
    }))
    .await;
    let accepted = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(accepted, stars.len() * limit as usize);
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer, Ok(()) | Err(ServiceError::RuleBroken(_)))),
        "{answers:?}"
    );
    for person in stars.iter().chain(&fans) {
        let counts = world.store().person_counts(*person).await.unwrap();
        assert!(counts.friends <= limit, "{counts:?}");
        let circle = world.service.people().circle(*person).await.unwrap();
        assert_eq!(circle.friends().len(), counts.friends as usize);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_friendship_that_begins_while_the_timeline_is_built_is_not_missed() {
    befriend_during_rebuilds(World::new().await, 25, 4).await;
}

#[test]
fn a_friendship_that_begins_while_the_timeline_is_built_is_not_missed_whatever_the_schedule() {
    Turns::explore(SEEDS, async |turns| {
        let world = World::in_turns(Settings::default(), turns).await;
        befriend_during_rebuilds(world, 3, 2).await;
    });
}

/// A reader makes friends while some requests read the feed all the time.
async fn befriend_during_rebuilds(world: World, friends: usize, requests: usize) {
    let world = Arc::new(world);
    let reader = world.person("reader").await;
    let friends = world.crowd("friend", friends).await;
    for friend in &friends {
        world.post(*friend, Audience::Friends).await;
    }
    world.quiet().await;
    let stop = Arc::new(AtomicBool::new(false));
    let reading: Vec<_> = (0..requests)
        .map(|_| {
            let (world, stop) = (Arc::clone(&world), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    world.top(reader).await;
                    // A warm read never waits. Without this yield the readers would use all of the machine.
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for (place, friend) in friends.iter().enumerate() {
        world.befriend(reader, *friend).await;
        assert_eq!(
            world.top(reader).await.len(),
            place + 1,
            "the new friend's story is visible after the response"
        );
    }
    stop.store(true, Ordering::SeqCst);
    for task in reading {
        task.await.unwrap();
    }
    world.assert_verified(reader).await;
}

#[tokio::test]
async fn a_story_that_left_the_feed_and_came_back_is_news_again() {
    let world = World::new().await;
    let people = world
        .people(&["reader", "comes_and_goes", "busy", "stranger"])
        .await;
    let [reader, comes_and_goes, busy, stranger] = people[..] else {
        unreachable!()
    };
    world.stuck_story(stranger).await;
    world.befriend(reader, comes_and_goes).await;
    world.befriend(reader, busy).await;
    let page = world.read(reader, FeedStart::Top, 50).await;
    let story = world.post(comes_and_goes, Audience::Friends).await;
    let arrives = async |page: FeedPage, story: StoryId| {
        let mut page = page;
        world
            .eventually("the story arrives", async || {
                page = world.read(reader, newer(&page), 50).await;
                ids(&page).contains(&story)
            })
            .await;
        page
    };
    let page = arrives(page, story).await;

    world
        .service
        .relations()
        .unfriend(reader, comes_and_goes)
        .await
        .unwrap();
    let mut last = story;
    for _ in 0..=RECENT_MAX {
        last = world.post(busy, Audience::Friends).await;
    }
    let page = arrives(page, last).await;
    // There are too many stories above the watermark for the cursor to list, so without the timeline it starts over.
    world
        .service
        .engines()
        .timelines
        .drop_timeline(reader)
        .await
        .unwrap();
    let page = world.read(reader, newer(&page), 50).await;
    assert!(page.reset && !ids(&page).contains(&story));

    world.befriend(reader, comes_and_goes).await;
    let page = world.read(reader, newer(&page), 50).await;
    assert!(ids(&page).contains(&story), "{:?}", ids(&page));
}

#[test]
fn a_seed_determines_the_schedule_of_a_whole_world() {
    let play = |seed| {
        let turns = Turns::default();
        turns.play(seed, async {
            let world = World::in_turns(small_chunks(), turns.clone()).await;
            take_away_during_delivery(world, 1).await;
        })
    };
    for seed in 1..=3 {
        let first = play(seed);
        assert!(first.len() > 50, "only {} calls", first.len());
        assert_eq!(play(seed), first, "seed {seed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_while_it_is_read_is_seen_after_the_answer() {
    change_during_reads(World::new().await, 10, 4).await;
}

#[test]
fn what_changes_while_it_is_read_is_seen_after_the_answer_whatever_the_schedule() {
    Turns::explore(SEEDS, async |turns| {
        let world = World::in_turns(Settings::default(), turns).await;
        change_during_reads(world, 2, 2).await;
    });
}

/// A friendship ends and begins again, and the story of a friend is deleted, while some requests read the feed and the
/// story all the time.
async fn change_during_reads(world: World, rounds: usize, requests: usize) {
    let world = Arc::new(world);
    let people = world.people(&["author", "reader"]).await;
    let [author, reader] = people[..] else {
        unreachable!()
    };
    world.befriend(author, reader).await;
    let story = world.post(author, Audience::Friends).await;
    world.quiet().await;
    let stop = Arc::new(AtomicBool::new(false));
    let read = |world: Arc<World>, stop: Arc<AtomicBool>| async move {
        while !stop.load(Ordering::SeqCst) {
            world.top(reader).await;
            let _there_or_not = world.service.stories().open(reader, story).await;
            tokio::task::yield_now().await;
        }
    };
    let read = || tokio::spawn(read(Arc::clone(&world), Arc::clone(&stop)));
    let reading: Vec<_> = (0..requests).map(|_| read()).collect();
    let shown = async || {
        let opened = world.service.stories().open(reader, story).await;
        (world.top(reader).await == [story], opened.is_ok())
    };
    let relations = world.service.relations();
    for _ in 0..rounds {
        relations.unfriend(author, reader).await.unwrap();
        assert_eq!(shown().await, (false, false), "after the friendship ended");
        world.befriend(author, reader).await;
        assert_eq!(shown().await, (true, true), "after it began again");
    }
    world.service.stories().delete(author, story).await.unwrap();
    assert_eq!(shown().await, (false, false), "after it was deleted");
    stop.store(true, Ordering::SeqCst);
    for task in reading {
        task.await.unwrap();
    }
}
