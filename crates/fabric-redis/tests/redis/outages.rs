//! Servers that are dead, hung or busy: every call ends in a bounded time, and calls succeed again afterwards.

use std::time::Duration;

use sosik_fabric_redis::{RedisFabric, RedisOptions};
use sosik_servers::Redis;
use tokio::task::JoinSet;

use crate::common::{self, PATIENCE, Site, ask, eventually};

/// Calls that end much sooner than a server that hangs.
const SHORT: Duration = Duration::from_millis(200);

fn impatient(server: &Redis) -> RedisOptions {
    RedisOptions {
        call_timeout: SHORT,
        delivery_timeout: SHORT,
        ..common::options(server.url())
    }
}

/// The error of a call with its causes.
fn report(failure: &dyn std::error::Error) -> String {
    let source = failure.source().map(report);
    format!("{failure}: {}", source.unwrap_or_default())
}

#[tokio::test]
async fn a_killed_server_is_an_error_at_once_and_its_successor_starts_empty() {
    let mut server = Redis::start(&common::SETTINGS).unwrap();
    let site = Site::new(&common::open(common::options(server.url())).await);
    assert!(site.build(1, 3).await.unwrap());
    server.kill();
    // The time of a call is a minute here. The loss of the connection ends it before.
    for _ in 0..100 {
        let read = tokio::time::timeout(PATIENCE / 2, site.ids(1)).await;
        assert!(read.unwrap().is_err());
        assert!(site.deliver(9, &[1]).await.is_err());
    }
    server.restart().unwrap();
    eventually(async || site.ids(1).await.is_ok()).await;
    assert_eq!(site.ids(1).await.unwrap(), None);
    assert!(site.build(1, 9).await.unwrap());
    assert_eq!(site.deliver(10, &[1]).await.unwrap(), 1);
}

#[tokio::test]
async fn a_node_starts_without_a_server_and_connects_when_there_is_one() {
    let mut server = Redis::start(&common::SETTINGS).unwrap();
    server.kill();
    let fabric = RedisFabric::open(common::options(server.url())).unwrap();
    let site = Site::new(&fabric);
    assert!(site.ids(1).await.is_err());
    assert!(!fabric.connected(Duration::ZERO).await);
    server.restart().unwrap();
    assert!(fabric.connected(PATIENCE).await);
    assert!(site.build(1, 3).await.unwrap());
}

#[tokio::test]
async fn calls_to_a_hung_server_time_out_then_fail_at_once_and_succeed_when_it_returns() {
    let server = Redis::start(&common::SETTINGS).unwrap();
    let site = Site::new(&common::open(impatient(&server)).await);
    assert!(site.build(1, 3).await.unwrap());
    server.pause().unwrap();
    let mut failures = Vec::new();
    for _ in 0..6 {
        failures.push(report(&site.ids(1).await.unwrap_err()));
    }
    let (last, timeouts) = failures.split_last().unwrap();
    assert!(
        timeouts
            .iter()
            .all(|failure| failure.contains("within 200ms")),
        "{failures:?}"
    );
    assert!(last.contains("no connection"), "{failures:?}");
    assert!(site.deliver(9, &[1]).await.is_err());
    server.resume().unwrap();
    eventually(async || site.ids(1).await.is_ok()).await;
    assert_eq!(
        site.ids(1).await.unwrap(),
        Some(vec![3, 2, 1]),
        "it was not restarted"
    );
    assert_eq!(site.deliver(9, &[1]).await.unwrap(), 1);
}

#[tokio::test]
async fn no_more_calls_than_the_maximum_wait_for_a_hung_server() {
    let server = Redis::start(&common::SETTINGS).unwrap();
    let site = Site::new(&common::open(common::options(server.url())).await);
    server.pause().unwrap();
    let mut reads = JoinSet::new();
    for _ in 0..1_500 {
        let site = site.clone();
        reads.spawn(async move { site.ids(1).await.map_err(|failure| report(&failure)) });
    }
    // The others wait until the server returns.
    for _ in 0..1_500 - 1_024 {
        let refused = reads.join_next().await.unwrap().unwrap().unwrap_err();
        assert!(refused.contains("1024 calls"), "{refused}");
    }
    server.resume().unwrap();
    while let Some(read) = reads.join_next().await {
        assert_eq!(read.unwrap(), Ok(None));
    }
}

#[tokio::test]
async fn a_delivery_that_was_given_up_may_have_arrived_and_can_be_repeated() {
    let server = Redis::start(&common::SETTINGS).unwrap();
    let site = Site::new(&common::open(impatient(&server)).await);
    assert!(site.build(1, 3).await.unwrap());
    server.pause().unwrap();
    assert!(site.deliver(9, &[1]).await.is_err());
    server.resume().unwrap();
    eventually(async || site.deliver(9, &[1]).await.is_ok()).await;
    assert_eq!(site.ids(1).await.unwrap(), Some(vec![9, 3, 2, 1]));
}

#[tokio::test]
async fn calls_during_a_slow_script_fail_and_succeed_after_it() {
    let server = Redis::start(&["--busy-reply-threshold", "10"]).unwrap();
    let site = Site::new(&common::open(common::options(server.url())).await);
    assert!(site.build(1, 3).await.unwrap());
    let url = server.url();
    let slow =
        tokio::spawn(async move { ask::<()>(&url, &["EVAL", "while true do end", "0"]).await });
    eventually(async || site.ids(1).await.is_err()).await;
    assert!(site.deliver(9, &[1]).await.is_err());
    let kill = async || ask::<()>(&server.url(), &["SCRIPT", "KILL"]).await.is_ok();
    eventually(kill).await;
    assert!(
        slow.await.unwrap().is_err(),
        "it was killed or not waited for"
    );
    eventually(async || site.deliver(9, &[1]).await.is_ok()).await;
    assert_eq!(site.ids(1).await.unwrap(), Some(vec![9, 3, 2, 1]));
}
