//! Measures the SQLite engine, for the decisions that cite it: writes per fsync, bulk imports, feeds.
//!
//! `cargo bench -p sosik-store-sqlite`. The database is in the system's temporary folder (`TMPDIR`); put it on the kind
//! of disk to measure. Absolute times depend on the machine; the ratios matter.

#![expect(clippy::disallowed_methods, reason = "measuring needs a clock")]
#![expect(clippy::print_stdout, reason = "prints its figures")]
#![expect(clippy::unwrap_used, reason = "a measurement that fails stops")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use sosik_feed::id::EPOCH;
use sosik_feed::people::Language;
use sosik_feed::{Audience, Bucket, CommitPosition, PersonId, RawId, StoryId, Timestamp};
use sosik_store::{
    Feeds, Imports, NewPerson, NewStory, People, Relations, Store, Stories, StorySpan,
};
use sosik_store_sqlite::{SqliteOptions, SqliteStore};
use tokio::task::JoinSet;

const PEOPLE: u64 = 10_000;
const STORIES_EACH: u64 = 20;
const NOW: Timestamp = EPOCH;
const LATEST: CommitPosition = CommitPosition::LATEST;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&SqliteOptions::at(folder.path().join("sosik.db"), NOW)).unwrap();
    world(&store).await;
    feeds(&store).await;
    points(&store).await;
    for writers in [1, 8, 64, 256] {
        group_commit(&store, writers).await;
    }
    store.close().await;
}

fn person(number: u64) -> PersonId {
    PersonId::from_u64(number + 1)
}

/// Stories in the order of posting: everybody's first, everybody's second, …
fn story(number: u64, author: PersonId) -> NewStory {
    NewStory {
        id: StoryId::new(RawId::from_fields(number, 1, 0, Bucket::FIRST)),
        author,
        text: "오늘도 좋은 하루 되세요. ".repeat(8),
        audience: if number.is_multiple_of(3) {
            Audience::Friends
        } else {
            Audience::Public
        },
        mentions: vec![],
        attachments: Vec::new(),
        link: None,
        tags: vec![],
        idempotency: None,
        now: NOW,
        claim: None,
    }
}

async fn timed<T>(what: &str, count: u64, work: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let result = work.await;
    let took = start.elapsed();
    println!(
        "{what}: {count} in {took:.2?}, {:.1} µs each",
        micros(took, count)
    );
    result
}

#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn micros(took: Duration, count: u64) -> f64 {
    took.as_secs_f64() * 1e6 / count as f64
}

/// Ten thousand people; person 0 has 5,000 friends, person 1 has 200, the others 16 or so.
async fn world(store: &SqliteStore) {
    let new = |number: u64| NewPerson {
        id: person(number),
        handle: format!("p{number}"),
        skeleton: format!("p{number}"),
        display_name: format!("Person {number}"),
        language: Language::Ko,
        password_hash: String::new(),
        search_terms: vec![
            format!("p{number}"),
            "person".to_owned(),
            number.to_string(),
        ],
        created_at: NOW,
    };
    let made = timed(
        "sign_up_many",
        PEOPLE,
        store.sign_up_many((0..PEOPLE).map(new).collect()),
    )
    .await
    .unwrap();
    assert_eq!(made, PEOPLE);
    let mut pairs: Vec<_> = (0..88_000)
        .map(|n| (n % PEOPLE, (n * 7_919 + 13) % PEOPLE))
        .collect();
    pairs.retain(|(one, other)| one > &1 && other > &1);
    pairs.extend((2..5_002).map(|other| (0, other)));
    pairs.extend((2..202).map(|other| (1, other)));
    let pairs: Vec<_> = pairs
        .into_iter()
        .map(|(one, other)| (person(one), person(other)))
        .collect();
    let count = pairs.len() as u64;
    timed(
        "befriend_many",
        count,
        store.befriend_many(pairs.clone(), NOW),
    )
    .await
    .unwrap();
    timed(
        "follow_many",
        count,
        store.follow_many(pairs[..80_000].to_vec(), NOW),
    )
    .await
    .unwrap();
    let stories: Vec<_> = (0..PEOPLE * STORIES_EACH)
        .map(|number| story(number, person(number % PEOPLE)))
        .collect();
    let count = stories.len() as u64;
    timed("post_many", count, store.post_many(stories))
        .await
        .unwrap();
}

async fn feeds(store: &SqliteStore) {
    for (reader, friends) in [(1, 200), (0, 5_000)] {
        let reader = person(reader);
        let circle = timed(
            &format!("circle of {friends} friends"),
            1,
            store.circle(reader, LATEST),
        )
        .await
        .unwrap();
        for limit in [20, 800] {
            store
                .newest(reader, &circle, None, limit, LATEST)
                .await
                .unwrap();
            let merge = async {
                for _ in 0..50 {
                    store
                        .newest(reader, &circle, None, limit, LATEST)
                        .await
                        .unwrap();
                }
            };
            timed(&format!("newest {limit} of {friends} friends"), 50, merge).await;
        }
        let definition = store.feed_by_definition(reader, StorySpan::below(None), 20);
        timed(&format!("by definition, {friends} friends"), 1, definition)
            .await
            .unwrap();
    }
}

async fn points(store: &Arc<SqliteStore>) {
    let ids: Vec<_> = (0..20)
        .map(|number| StoryId::new(RawId::from_fields(number * 37, 1, 0, Bucket::FIRST)))
        .collect();
    let reads = async {
        for _ in 0..1_000 {
            assert_eq!(store.stories(&ids, LATEST).await.unwrap().len(), 20);
        }
    };
    timed("read 20 stories", 1_000, reads).await;
    let reads = async {
        for number in 0..5_000 {
            store.people(&[person(number)], LATEST).await.unwrap();
        }
    };
    timed("read one person", 5_000, reads).await;
    let reads = async {
        let mut reading = JoinSet::new();
        for reader in 0..64 {
            let store = Arc::clone(store);
            reading.spawn(async move {
                for number in 0..1_000 {
                    store
                        .people(&[person(reader * 100 + number)], LATEST)
                        .await
                        .unwrap();
                }
            });
        }
        reading.join_all().await;
    };
    timed("read one person, 64 at once", 64_000, reads).await;
    let likes = (0..PEOPLE)
        .map(|number| (person(number), ids[3], NOW))
        .collect();
    timed("like_many", PEOPLE, store.like_many(likes))
        .await
        .unwrap();
}

/// All writers post again as soon as they get a response.
async fn group_commit(store: &Arc<SqliteStore>, writers: u64) {
    let posts_each = 4_096_u64.div_ceil(writers).min(512);
    let before = store.writer_stats();
    let start = Instant::now();
    let mut posting = JoinSet::new();
    for writer in 0..writers {
        let store = Arc::clone(store);
        posting.spawn(async move {
            for number in 0..posts_each {
                let place =
                    PEOPLE * STORIES_EACH + writers * 1_000_000 + writer * posts_each + number;
                store.post(story(place, person(writer))).await.unwrap();
            }
        });
    }
    posting.join_all().await;
    let (took, after) = (start.elapsed(), store.writer_stats());
    let (batches, jobs) = (after.batches - before.batches, after.jobs - before.jobs);
    println!(
        "{writers} writers: {jobs} posts in {took:.2?}, {batches} fsyncs, {:.1} posts each, {:.0} posts/s, {:.0} µs an fsync",
        jobs as f64 / batches as f64,
        jobs as f64 / took.as_secs_f64(),
        micros(took, batches),
    );
}
