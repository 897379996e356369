//! Reads while the fabric fails: they use the store instead.

use sosik_feed::cursor::Seen;
use sosik_feed::{Audience, PersonId, StoryId};
use sosik_service::ServiceError;
use sosik_service::feeds::FeedStart;
use sosik_service::feeds::stream::StreamEvent;

use super::{ERRORS, calls, fail_everything};
use crate::common::{World, ids, newer};

/// A reader with a timeline, and their feed.
async fn warm_reader(world: &World) -> (PersonId, PersonId, Vec<StoryId>) {
    let people = world.people(&["author", "reader"]).await;
    world.befriend(people[0], people[1]).await;
    let mut feed = Vec::new();
    for _ in 0..25 {
        feed.insert(0, world.post(people[0], Audience::Friends).await);
    }
    world.quiet().await;
    assert_eq!(world.top(people[1]).await, feed);
    (people[0], people[1], feed)
}

#[tokio::test]
async fn every_page_is_served_from_the_store_whichever_call_fails() {
    let world = World::new().await;
    let (_, reader, feed) = warm_reader(&world).await;
    for call in calls() {
        for fault in ERRORS {
            for cold in [false, true] {
                if cold {
                    world
                        .service
                        .engines()
                        .timelines
                        .drop_timeline(reader)
                        .await
                        .unwrap();
                }
                world.faults.always(call, fault);
                assert_eq!(
                    world.whole_feed(reader, 10).await,
                    feed,
                    "{call:?} {fault:?} cold: {cold}"
                );
                world.faults.lift(call);
            }
        }
    }
    for fault in ERRORS {
        fail_everything(&world, fault);
        assert_eq!(world.whole_feed(reader, 10).await, feed, "{fault:?}");
        world.faults.lift_all();
    }
}

#[tokio::test]
async fn what_is_new_is_told_once_whichever_call_fails() {
    let world = World::new().await;
    let (author, reader, _) = warm_reader(&world).await;
    for call in [
        "Timelines::view",
        "Timelines::newer",
        "Timelines::begin_rebuild",
    ] {
        for fault in ERRORS {
            let before = world.read(reader, FeedStart::Top, 10).await;
            let story = world.post(author, Audience::Friends).await;
            world.quiet().await;
            world.faults.always(call, fault);
            let page = world.read(reader, newer(&before), 10).await;
            assert_eq!((ids(&page), page.reset), (vec![story], false), "{call:?}");
            let again = world.read(reader, newer(&page), 10).await;
            assert_eq!((ids(&again), again.reset), (vec![], false), "{call:?}");
            world.faults.lift(call);
        }
    }
}

#[tokio::test]
async fn a_stream_goes_on_while_the_fabric_cannot_be_read() {
    let world = World::new().await;
    let (author, reader, _) = warm_reader(&world).await;
    for call in [
        "Timelines::view",
        "Timelines::newer",
        "Timelines::begin_rebuild",
    ] {
        world.faults.always(call, ERRORS[0]);
        let seen: Option<Seen> = None;
        let mut stream = world
            .service
            .feeds()
            .open_stream(reader, seen, &[])
            .await
            .unwrap();
        let story = world.post(author, Audience::Friends).await;
        loop {
            match stream.next().await.unwrap() {
                StreamEvent::Story { item, .. } => {
                    assert_eq!(item.story.record.id, story, "{call:?}");
                    break;
                }
                StreamEvent::Notifications { .. } => {}
                other => panic!("{call:?}: {other:?}"),
            }
        }
        world.faults.lift(call);
    }
}

#[tokio::test]
async fn a_stream_that_nobody_would_wake_is_refused() {
    let world = World::new().await;
    let (_, reader, _) = warm_reader(&world).await;
    for fault in ERRORS {
        world.faults.always("WakeUps::watch", fault);
        let stream = world.service.feeds().open_stream(reader, None, &[]).await;
        assert!(matches!(stream, Err(ServiceError::Busy(_))), "{fault:?}");
    }
    world.faults.lift_all();
    let stream = world.service.feeds().open_stream(reader, None, &[]).await;
    assert!(stream.is_ok());
}
