//! The contract of the fabric, tested with the engine of a single process.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sosik_fabric::memory::{MemoryFabric, MemoryOptions};
use sosik_fabric::{Below, Fabric, Reader, Signals, Since, View};
use sosik_feed::timeline::MarkExpired;
use sosik_feed::{PersonId, StoryId};

const OPTIONS: MemoryOptions = MemoryOptions {
    timeline_stories: 800,
    timelines_bytes: 64 << 20,
    pull_log_entries: 100,
    seed: 42,
};

const READER: PersonId = PersonId::from_u64(1);
const STAR: PersonId = PersonId::from_u64(900);
const OTHER_STAR: PersonId = PersonId::from_u64(901);

/// A reader who takes stories from one large author.
struct Fan {
    current: AtomicBool,
}

impl Fan {
    const fn new() -> Self {
        Self {
            current: AtomicBool::new(true),
        }
    }
}

impl Reader for Fan {
    fn subscribes_to(&self, author: PersonId) -> bool {
        author == STAR
    }

    fn is_current(&self) -> bool {
        self.current.load(Ordering::SeqCst)
    }
}

fn fabric() -> Arc<dyn Fabric> {
    Arc::new(MemoryFabric::new(OPTIONS))
}

fn story(number: u64) -> StoryId {
    StoryId::from_u64(number)
}

fn stories(numbers: &[u64]) -> Vec<StoryId> {
    numbers.iter().copied().map(StoryId::from_u64).collect()
}

async fn look(fabric: &Arc<dyn Fabric>, reader: PersonId) -> Option<View> {
    fabric
        .view(
            reader,
            &Fan::new(),
            Below {
                before: None,
                count: 100,
            },
        )
        .await
        .unwrap()
}

async fn built(fabric: &Arc<dyn Fabric>, reader: PersonId, ids: &[u64]) {
    let rebuild = fabric
        .begin_rebuild(reader)
        .await
        .unwrap()
        .expect("nobody else builds it");
    assert!(
        fabric
            .finish_rebuild(rebuild, stories(ids), story(0))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn a_dormant_reader_gets_nothing_and_a_present_one_each_story_once() {
    let fabric = fabric();
    assert_eq!(fabric.deliver(story(5), &[READER]).await.unwrap(), 0);
    assert!(look(&fabric, READER).await.is_none());
    built(&fabric, READER, &[3]).await;
    assert_eq!(fabric.deliver(story(5), &[READER]).await.unwrap(), 1);
    assert_eq!(
        fabric.deliver(story(5), &[READER]).await.unwrap(),
        0,
        "again changes nothing"
    );
    assert_eq!(
        look(&fabric, READER).await.unwrap().slice.ids,
        stories(&[5, 3])
    );
}

#[tokio::test]
async fn what_is_delivered_while_a_timeline_is_built_is_in_it() {
    let fabric = fabric();
    let rebuild = fabric.begin_rebuild(READER).await.unwrap().unwrap();
    assert_eq!(
        fabric.begin_rebuild(READER).await.unwrap(),
        None,
        "one at a time"
    );
    fabric.deliver(story(9), &[READER]).await.unwrap();
    assert!(look(&fabric, READER).await.is_none(), "not ready yet");
    assert!(
        fabric
            .finish_rebuild(rebuild, stories(&[4, 2]), story(0))
            .await
            .unwrap()
    );
    assert_eq!(
        look(&fabric, READER).await.unwrap().slice.ids,
        stories(&[9, 4, 2])
    );
}

#[tokio::test]
async fn a_timeline_forgotten_while_it_is_built_does_not_come_back() {
    let fabric = fabric();
    let rebuild = fabric.begin_rebuild(READER).await.unwrap().unwrap();
    fabric.drop_timeline(READER).await.unwrap();
    assert!(
        !fabric
            .finish_rebuild(rebuild, stories(&[4]), story(0))
            .await
            .unwrap()
    );
    assert!(look(&fabric, READER).await.is_none());

    let second = fabric.begin_rebuild(READER).await.unwrap().unwrap();
    assert_ne!(second.incarnation, rebuild.incarnation);
    assert!(
        !fabric
            .finish_rebuild(rebuild, stories(&[4]), story(0))
            .await
            .unwrap(),
        "the first is out of date"
    );
    fabric.abandon_rebuild(rebuild).await.unwrap();
    assert!(
        fabric
            .finish_rebuild(second, stories(&[4, 5]), story(0))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn stories_of_large_authors_come_in_when_the_timeline_is_read() {
    let fabric = fabric();
    fabric.announce(story(1), STAR).await.unwrap();
    built(&fabric, READER, &[1]).await;
    fabric.announce(story(7), STAR).await.unwrap();
    fabric.announce(story(8), OTHER_STAR).await.unwrap();
    fabric.announce(story(6), STAR).await.unwrap();
    assert_eq!(
        look(&fabric, READER).await.unwrap().slice.ids,
        stories(&[7, 6, 1])
    );
}

#[tokio::test]
async fn a_reader_whose_circle_is_out_of_date_does_not_use_up_the_log() {
    let fabric = fabric();
    built(&fabric, READER, &[]).await;
    fabric.announce(story(7), STAR).await.unwrap();
    let outdated = Fan::new();
    outdated.current.store(false, Ordering::SeqCst);
    let view = fabric
        .view(
            READER,
            &outdated,
            Below {
                before: None,
                count: 9,
            },
        )
        .await
        .unwrap()
        .unwrap();
    assert_eq!(view.slice.ids, []);
    assert_eq!(
        look(&fabric, READER).await.unwrap().slice.ids,
        stories(&[7])
    );
}

#[tokio::test]
async fn a_timeline_that_the_log_has_left_behind_is_rebuilt() {
    let fabric = fabric();
    built(&fabric, READER, &[]).await;
    for number in 1..=101 {
        fabric.announce(story(number), STAR).await.unwrap();
    }
    assert!(look(&fabric, READER).await.is_none());
    assert!(fabric.begin_rebuild(READER).await.unwrap().is_some());
}

#[tokio::test]
async fn newer_is_told_by_the_same_timeline_only() {
    let fabric = fabric();
    built(&fabric, READER, &[5]).await;
    let view = look(&fabric, READER).await.unwrap();
    let since = Since {
        incarnation: view.incarnation,
        mark: view.mark,
        count: 10,
    };
    fabric.deliver(story(4), &[READER]).await.unwrap();
    fabric.announce(story(9), STAR).await.unwrap();
    let newer = fabric
        .newer(READER, &Fan::new(), since)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(newer.ids, stories(&[9, 4]), "the late one too");

    fabric.drop_timeline(READER).await.unwrap();
    assert!(
        fabric
            .newer(READER, &Fan::new(), since)
            .await
            .unwrap()
            .is_none()
    );
    built(&fabric, READER, &[9, 5, 4]).await;
    assert_eq!(
        fabric.newer(READER, &Fan::new(), since).await.unwrap(),
        Some(Err(MarkExpired))
    );
}

#[tokio::test]
async fn the_least_recently_read_timelines_go_when_the_room_is_used_up() {
    let budget = 4 << 20;
    let fabric: Arc<dyn Fabric> = Arc::new(MemoryFabric::new(MemoryOptions {
        timelines_bytes: budget,
        ..OPTIONS
    }));
    let ids: Vec<u64> = (1..=800).collect();
    let readers: Vec<PersonId> = (1..=2_000).map(PersonId::from_u64).collect();
    let favourite = readers[0];
    for reader in &readers {
        built(&fabric, *reader, &ids).await;
        // Delivered to all readers, read by one.
        fabric.deliver(story(1_000), &readers).await.unwrap();
        assert!(
            look(&fabric, favourite).await.is_some(),
            "what is read stays"
        );
    }
    let stats = fabric.stats();
    assert!(stats.timeline_bytes <= budget, "{stats:?}");
    assert!(stats.timelines > 400 && stats.evicted > 1_000, "{stats:?}");
}

#[tokio::test]
async fn a_stream_is_woken_for_its_reader_and_for_the_large_authors_it_takes() {
    let fabric = MemoryFabric::new(OPTIONS);
    fabric.set_interest(Arc::new(|reader, author| {
        reader == READER && author == STAR
    }));
    let mine = fabric.watch(READER);
    let other = fabric.watch(PersonId::from_u64(2));
    fabric.deliver(story(1), &[READER]).await.unwrap();
    assert_eq!(mine.signalled().await, Signals::STORY);
    fabric.announce(story(2), OTHER_STAR).await.unwrap();
    fabric.announce(story(3), STAR).await.unwrap();
    fabric.wake(&[READER], Signals::NOTIFICATION).await.unwrap();
    assert_eq!(
        mine.signalled().await,
        Signals {
            story: true,
            notification: true,
            session: false
        }
    );
    fabric
        .wake(&[PersonId::from_u64(2)], Signals::SESSION)
        .await
        .unwrap();
    assert_eq!(
        other.signalled().await,
        Signals::SESSION,
        "nothing before it was for this one"
    );
    assert_eq!(fabric.stats().streams, 2);
    drop((mine, other));
    assert_eq!(fabric.stats().streams, 0);
}

#[tokio::test]
async fn everybody_can_be_forgotten_and_every_stream_is_woken_for_everything() {
    let fabric = fabric();
    let other = PersonId::from_u64(2);
    built(&fabric, READER, &[3, 2, 1]).await;
    let rebuild = fabric.begin_rebuild(other).await.unwrap().unwrap();
    let stream = fabric.watch(other);
    fabric.drop_all_timelines().await.unwrap();
    assert!(look(&fabric, READER).await.is_none());
    assert!(
        !fabric
            .finish_rebuild(rebuild, stories(&[1]), story(0))
            .await
            .unwrap(),
        "it began before"
    );
    assert_eq!(stream.signalled().await, Signals::ALL);
    assert_eq!(fabric.stats().timelines, 0);
    assert_eq!(fabric.stats().timeline_bytes, 0);
}

#[tokio::test]
async fn a_rebuild_overtaken_by_more_stories_than_a_timeline_has_starts_again() {
    let fabric = fabric();
    let rebuild = fabric.begin_rebuild(READER).await.unwrap().unwrap();
    let most = OPTIONS.timeline_stories as u64;
    for number in 1..=most {
        assert_eq!(fabric.deliver(story(number), &[READER]).await.unwrap(), 1);
    }
    let bytes = fabric.stats().timeline_bytes;
    assert_eq!(fabric.deliver(story(most + 1), &[READER]).await.unwrap(), 0);
    assert!(fabric.stats().timeline_bytes < bytes, "nothing is kept");
    assert!(
        !fabric
            .finish_rebuild(rebuild, Vec::new(), story(0))
            .await
            .unwrap()
    );
    assert!(fabric.begin_rebuild(READER).await.unwrap().is_some());
}
