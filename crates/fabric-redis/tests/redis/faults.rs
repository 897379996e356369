//! Keys and scripts that disappear or are not as they should be, copies of other servers, wrong settings.

use std::sync::Arc;

use sosik_fabric::timelines::{Below, Since};
use sosik_fabric_redis::{RedisFabric, RedisOptions};
use sosik_feed::PersonId;
use sosik_servers::Redis;

use crate::common::{self, Site, ask, eventually, key};

async fn started() -> (Redis, Site) {
    let server = Redis::start(&common::SETTINGS).unwrap();
    let site = Site::new(&common::open(common::options(server.url())).await);
    (server, site)
}

#[tokio::test]
async fn after_a_flush_timelines_are_absent_and_can_be_built_again() {
    let (server, site) = started().await;
    assert!(site.build(1, 3).await.unwrap());
    let building = site.begin(2).await.unwrap().unwrap();
    ask::<()>(&server.url(), &["FLUSHALL"]).await.unwrap();
    assert_eq!(site.ids(1).await.unwrap(), None);
    assert_eq!(site.deliver(9, &[1, 2]).await.unwrap(), 0);
    let finished = site
        .timelines
        .finish_rebuild(building, vec![], Default::default());
    assert!(!finished.await.unwrap(), "story 9 would be missing");
    assert!(site.build(1, 9).await.unwrap());
    assert_eq!(site.deliver(10, &[1]).await.unwrap(), 1);
}

#[tokio::test]
async fn scripts_that_the_server_lost_are_sent_again() {
    let (server, site) = started().await;
    let url = server.url();
    let flush = async || {
        let flushed = ask::<()>(&url, &["SCRIPT", "FLUSH"]);
        flushed.await.unwrap();
    };
    let readers: Vec<u64> = (1..=300).collect();
    for reader in &readers {
        flush().await;
        assert!(site.build(*reader, 1).await.unwrap());
    }
    flush().await;
    assert_eq!(site.deliver(9, &readers).await.unwrap(), 300);
    assert_eq!(site.deliver(9, &readers).await.unwrap(), 0);
}

#[tokio::test]
async fn a_timeline_that_cannot_be_written_is_dropped_and_the_others_get_the_story() {
    let (server, site) = started().await;
    for reader in 1..=3 {
        assert!(site.build(reader, 3).await.unwrap());
    }
    // The last 8 bytes cannot be read, or they can and the rest cannot.
    ask::<()>(&server.url(), &["SET", &key(1), "garbage"])
        .await
        .unwrap();
    ask::<()>(&server.url(), &["DEL", &key(2)]).await.unwrap();
    ask::<()>(&server.url(), &["LPUSH", &key(2), "a list"])
        .await
        .unwrap();
    assert_eq!(site.deliver(9, &[1, 2, 3]).await.unwrap(), 1);
    let exist: u64 = ask(&server.url(), &["EXISTS", &key(1), &key(2)])
        .await
        .unwrap();
    assert_eq!(exist, 0);
    assert_eq!(site.ids(3).await.unwrap(), Some(vec![9, 3, 2, 1]));
}

#[tokio::test]
async fn a_read_is_one_transaction_or_one_command() {
    let (server, site) = started().await;
    assert!(site.build(1, 100).await.unwrap());
    let reader = PersonId::from_u64(1);
    let page = |before| Below { before, count: 24 };
    let top = site
        .timelines
        .view(reader, page(None))
        .await
        .unwrap()
        .unwrap();
    let others = [];
    let since = Since {
        incarnation: top.incarnation,
        mark: top.mark,
        count: 24,
        others: &others,
    };
    assert_eq!(site.deliver(200, &[1]).await.unwrap(), 1);
    let arrived = site.timelines.newer(reader, since).await.unwrap();
    assert_eq!(arrived.unwrap().unwrap().newer.ids.len(), 1);
    assert_eq!(calls(&server, "exec").await, 2);
    let before = top.slice.ids.last().copied();
    site.timelines
        .view(reader, page(before))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (calls(&server, "exec").await, calls(&server, "getex").await),
        (2, 1)
    );
}

/// How often the server executed a command.
async fn calls(server: &Redis, command: &str) -> u64 {
    let stats: String = ask(&server.url(), &["INFO", "commandstats"]).await.unwrap();
    let line = stats
        .lines()
        .find_map(|line| line.strip_prefix(&format!("cmdstat_{command}:calls=")));
    line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
}

#[tokio::test]
async fn the_copies_of_a_promoted_replica_are_not_served() {
    let (primary, site) = started().await;
    assert!(site.build(1, 3).await.unwrap());
    let port = primary.port().to_string();
    let replica = Redis::start(&["--replicaof", "127.0.0.1", &port]).unwrap();
    let copied = async || {
        ask::<u64>(&replica.url(), &["EXISTS", &key(1)])
            .await
            .unwrap()
            == 1
    };
    eventually(copied).await;
    ask::<()>(&replica.url(), &["REPLICAOF", "NO", "ONE"])
        .await
        .unwrap();
    let promoted = Site::new(&common::open(common::options(replica.url())).await);
    assert_eq!(
        promoted.ids(1).await.unwrap(),
        None,
        "a delivery may be missing"
    );
    assert!(
        promoted.build(1, 4).await.unwrap(),
        "it is as if it were absent"
    );
    assert_eq!(promoted.ids(1).await.unwrap(), Some(vec![4, 3, 2, 1]));
}

#[tokio::test]
async fn a_server_that_became_a_replica_confirms_nothing() {
    let (former, site) = started().await;
    assert!(site.build(1, 3).await.unwrap());
    let primary = Redis::start(&common::SETTINGS).unwrap();
    let port = primary.port().to_string();
    let demote = ["REPLICAOF", "127.0.0.1", &port];
    ask::<()>(&former.url(), &demote).await.unwrap();
    assert!(
        site.deliver(9, &[2]).await.is_err(),
        "also without a timeline"
    );
    assert!(site.ids(1).await.is_err());
    assert!(site.begin(2).await.is_err());
    ask::<()>(&former.url(), &["REPLICAOF", "NO", "ONE"])
        .await
        .unwrap();
    eventually(async || site.deliver(9, &[2]).await.is_ok()).await;
}

#[tokio::test]
async fn a_password_is_part_of_the_url() {
    let server = Redis::start(&common::SETTINGS).unwrap();
    let protect = ["CONFIG", "SET", "requirepass", "open sesame"];
    ask::<()>(&server.url(), &protect).await.unwrap();
    let url = format!("redis://:open%20sesame@127.0.0.1:{}/", server.port());
    let site = Site::new(&common::open(common::options(url)).await);
    assert!(site.build(1, 1).await.unwrap());
    let without = RedisFabric::open(common::options(server.url())).unwrap();
    assert!(Site::new(&without).ids(1).await.is_err());
}

#[tokio::test]
async fn a_url_of_something_else_is_rejected() {
    for url in ["http://127.0.0.1/", "redis", "postgres://127.0.0.1/"] {
        let outcome = RedisFabric::open(RedisOptions::at(url));
        assert!(outcome.is_err(), "{url}");
    }
}

#[tokio::test]
async fn two_nodes_share_timelines() {
    let (server, site) = started().await;
    let other = Site {
        timelines: Arc::new(
            common::open(common::options(server.url()))
                .await
                .timelines(),
        ),
        ..site.clone()
    };
    assert!(site.build(1, 3).await.unwrap());
    assert_eq!(other.deliver(9, &[1]).await.unwrap(), 1);
    assert_eq!(site.ids(1).await.unwrap(), Some(vec![9, 3, 2, 1]));
    assert!(!other.build(1, 3).await.unwrap(), "there is one");
}
