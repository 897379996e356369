//! Compares served feeds with the tables page by page.

#![expect(clippy::unwrap_used, reason = "in a test an unwrap is an assertion")]

mod common;

use std::time::Duration;

use common::World;
use sosik_fabric::timelines::Rebuild;
use sosik_feed::{Audience, PersonId, StoryId};
use sosik_service::Settings;
use sosik_service::feeds::FeedStart;
use sosik_service::verifier::{Difference, PageComparison};
use sosik_store::StorySpan;

/// A reader whose friends have posted more than two pages.
async fn long_feed(world: &World) -> (PersonId, PersonId, Vec<StoryId>) {
    let people = world.people(&["author", "reader"]).await;
    world.befriend(people[0], people[1]).await;
    let mut feed = Vec::new();
    for _ in 0..250 {
        feed.insert(0, world.post(people[0], Audience::Friends).await);
    }
    world.quiet().await;
    (people[0], people[1], feed)
}

async fn all_pages(world: &World, reader: PersonId) -> Vec<PageComparison> {
    let mut pages = vec![
        world
            .service
            .verifier()
            .check_page(reader, None)
            .await
            .unwrap(),
    ];
    while let Some(below) = pages.last().and_then(|page| page.below) {
        pages.push(
            world
                .service
                .verifier()
                .check_page(reader, Some(below))
                .await
                .unwrap(),
        );
    }
    pages
}

#[tokio::test]
async fn a_check_goes_through_a_feed_page_by_page_and_leaves_no_timeline_behind() {
    let world = World::new().await;
    let (_, reader, feed) = long_feed(&world).await;
    world
        .service
        .engines()
        .timelines
        .drop_timeline(reader)
        .await
        .unwrap();
    let timelines = world.service.engines().timelines.stats().timelines;
    let pages = all_pages(&world, reader).await;
    let stories: Vec<u64> = pages.iter().map(|page| page.stories).collect();
    assert_eq!(stories, [100, 100, 50]);
    assert!(pages.iter().all(|page| page.differences.is_empty()));
    assert_eq!(pages[0].below, Some(feed[99]));
    assert_eq!(
        world.service.engines().timelines.stats().timelines,
        timelines
    );
    let comparison = world.service.verifier().verify(reader).await.unwrap();
    assert_eq!((comparison.stories, comparison.differences), (250, vec![]));
}

#[tokio::test]
async fn what_is_missing_from_a_timeline_is_found_on_its_page() {
    let world = World::new().await;
    let (_, reader, feed) = long_feed(&world).await;
    // A timeline that lacks a tenth of the feed, without an invalidation.
    world
        .service
        .engines()
        .timelines
        .drop_timeline(reader)
        .await
        .unwrap();
    let timelines = &world.service.engines().timelines;
    let rebuild = Rebuild {
        reader,
        incarnation: 1,
    };
    let log_from = world.service.engines().log.tail().end();
    let begun = timelines.begin_rebuild(rebuild, log_from, Duration::from_secs(60));
    assert!(begun.await.unwrap());
    let kept = feed.iter().copied().enumerate();
    let kept = kept.filter(|(place, _)| place % 10 != 3);
    let kept = kept.map(|(_, story)| story).collect();
    let floor = StoryId::default();
    let finished = timelines.finish_rebuild(rebuild, kept, floor);
    assert!(finished.await.unwrap());
    let mut missing = Vec::new();
    for page in all_pages(&world, reader).await {
        missing.extend(page.differences);
    }
    missing.sort_by_key(|difference| match difference {
        Difference::Missing(story) => std::cmp::Reverse(*story),
        other => panic!("{other}"),
    });
    let expected: Vec<_> = feed.iter().skip(3).step_by(10).copied().collect();
    assert_eq!(
        missing,
        expected
            .into_iter()
            .map(Difference::Missing)
            .collect::<Vec<_>>()
    );
    let comparison = world.service.verifier().verify(reader).await.unwrap();
    assert_eq!(comparison.stories, 250);
    assert_eq!(comparison.differences.len(), 25);
}

#[tokio::test]
async fn a_check_runs_while_every_turn_of_readers_is_taken() {
    let mut settings = Settings::default();
    settings.feed.rebuilds_at_once = 0; // no permit is ever free
    settings.feed.rebuild_wait = Duration::ZERO;
    let world = World::with(settings, None).await;
    let reader = world.person("reader").await;
    let story = world.post(reader, Audience::Public).await;
    world.quiet().await;
    let service = world.service.clone();
    let waits = tokio::spawn(async move {
        let request = sosik_service::feeds::FeedQuery {
            from: FeedStart::Top,
            limit: 1,
        };
        service.feeds().read(reader, request).await.map(|_| ())
    });
    let page = world
        .service
        .verifier()
        .check_page(reader, None)
        .await
        .unwrap();
    assert_eq!((page.stories, page.differences), (1, vec![]));
    assert!(!waits.is_finished(), "a reader waits for a permit");
    waits.abort();
    let span = StorySpan::below(None);
    let defined = world.store().feed_by_definition(reader, span, 10).await;
    assert_eq!(defined.unwrap(), [story]);
}
