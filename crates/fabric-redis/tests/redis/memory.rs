//! Memory: what a timeline takes, and what happens when there is none left.

use std::num::NonZeroU32;
use std::time::Duration;

use sosik_fabric::{Decision, Rate, RateLimits};
use sosik_fabric_redis::RedisOptions;
use sosik_servers::Redis;

use crate::common::{self, Site, ask, key};

/// Ids in a timeline of the default configuration.
const STORIES: u64 = 800;

/// Bytes that `MEMORY USAGE` does not count: the entry in the table of expiries, with its share of the table.
const EXPIRY_BYTES: u64 = 40;

/// One a minute and no more at once.
const RATE: Rate = Rate {
    per_minute: NonZeroU32::MIN,
    burst: NonZeroU32::MIN,
};

fn options(server: &Redis) -> RedisOptions {
    RedisOptions {
        timeline_stories: usize::try_from(STORIES).unwrap(),
        ..common::options(server.url())
    }
}

#[tokio::test]
async fn a_timeline_takes_at_most_eleven_bytes_an_id_at_every_length() {
    let server = Redis::start(&common::SETTINGS).unwrap();
    let site = Site::new(&common::open(options(&server)).await);
    // Reader 1 gets all stories in order, reader 2 every tenth late.
    site.build(1, STORIES).await.unwrap();
    site.build(2, STORIES).await.unwrap();
    let mut largest = 0;
    for number in 1..=STORIES {
        let story = 10_000 + 2 * number;
        assert_eq!(site.deliver(story, &[1, 2]).await.unwrap(), 2);
        if number % 10 == 0 {
            assert_eq!(site.deliver(story - 1, &[2]).await.unwrap(), 1);
        }
        for (reader, ids) in [(1, STORIES + number), (2, STORIES + number + number / 10)] {
            let bytes: u64 = ask(&server.url(), &["MEMORY", "USAGE", &key(reader)])
                .await
                .unwrap();
            let trimmed = if ids > 2 * STORIES {
                ids - STORIES
            } else {
                ids
            };
            let hundredths = (bytes + EXPIRY_BYTES) * 100 / trimmed;
            assert!(hundredths <= 1_100, "{bytes} bytes for {trimmed} ids");
            largest = largest.max(hundredths);
        }
    }
    println!("at most {largest} hundredths of a byte for each id");
}

#[tokio::test]
async fn what_was_not_read_for_the_longest_time_is_evicted_and_never_in_part() {
    let settings = ["--maxmemory", "8mb", "--maxmemory-policy", "volatile-ttl"];
    let server = Redis::start(&settings).unwrap();
    let fabric = common::open(options(&server)).await;
    let (site, limits) = (Site::new(&fabric), fabric.rate_limits());
    let readers: Vec<u64> = (1..=2_000).collect();
    let whole: Vec<u64> = (1..=STORIES).rev().collect();
    for reader in &readers {
        if *reader == 1_500 {
            limits.take(7, RATE, Duration::ZERO).await.unwrap();
        }
        site.build(*reader, STORIES).await.unwrap();
        assert_eq!(
            site.ids(1).await.unwrap().as_ref(),
            Some(&whole),
            "it is read"
        );
    }
    let mut held = 0;
    for reader in &readers {
        if let Some(ids) = site.ids(*reader).await.unwrap() {
            assert_eq!(ids, whole);
            held += 1;
        }
    }
    assert!((400..1_200).contains(&held), "{held} timelines in 8 MB");
    let again = limits.take(7, RATE, Duration::ZERO).await.unwrap();
    assert!(matches!(again, Decision::Refused { .. }), "used recently");
}

#[tokio::test]
async fn without_memory_a_delivery_drops_the_timeline_and_other_calls_fail() {
    let server = Redis::start(&["--maxmemory-policy", "noeviction"]).unwrap();
    let fabric = common::open(options(&server)).await;
    let (site, limits) = (Site::new(&fabric), fabric.rate_limits());
    for reader in 1..=2 {
        assert!(site.build(reader, 5).await.unwrap());
    }
    let full = ["CONFIG", "SET", "maxmemory", "1"];
    ask::<()>(&server.url(), &full).await.unwrap();
    assert_eq!(site.deliver(9, &[1, 3]).await.unwrap(), 0, "not an error");
    assert!(site.build(3, 5).await.is_err());
    assert!(limits.take(7, RATE, Duration::ZERO).await.is_err());
    assert!(site.ids(2).await.is_err());
    let enough = ["CONFIG", "SET", "maxmemory", "64mb"];
    ask::<()>(&server.url(), &enough).await.unwrap();
    assert_eq!(site.ids(1).await.unwrap(), None, "it would lack story 9");
    assert_eq!(site.ids(2).await.unwrap(), Some(vec![5, 4, 3, 2, 1]));
    assert!(site.build(1, 5).await.unwrap());
    assert_eq!(site.deliver(9, &[1, 2]).await.unwrap(), 2);
}

#[tokio::test]
async fn dropping_every_timeline_leaves_other_keys() {
    let server = Redis::start(&common::SETTINGS).unwrap();
    let fabric = common::open(options(&server)).await;
    let (site, limits) = (Site::new(&fabric), fabric.rate_limits());
    limits.take(7, RATE, Duration::ZERO).await.unwrap();
    for reader in 1..=3_000 {
        site.build(reader, 1).await.unwrap();
    }
    let building = site.begin(3_001).await.unwrap();
    assert!(building.is_some());
    site.timelines.drop_all_timelines().await.unwrap();
    let keys: u64 = ask(&server.url(), &["DBSIZE"]).await.unwrap();
    assert_eq!(keys, 1, "the rate limit");
    assert_eq!(site.ids(1).await.unwrap(), None);
}

#[tokio::test]
async fn statistics_are_those_of_the_server() {
    let server = Redis::start(&common::SETTINGS).unwrap();
    let first = common::open(options(&server)).await;
    assert!(Site::new(&first).build(1, STORIES).await.unwrap());
    // They are read when a node connects, and then every few seconds.
    let second = Site::new(&common::open(options(&server)).await);
    let stats = second.timelines.stats();
    assert_eq!((stats.timelines, stats.evicted), (1, 0));
    assert!(stats.bytes > 500_000, "{stats:?}");
}
