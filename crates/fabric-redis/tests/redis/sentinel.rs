//! Sentinels name the primary, also after a failover.

use std::net::TcpListener;

use sosik_servers::{Redis, Sentinel};

use crate::common::{self, Site, ask, eventually, key};

#[tokio::test]
async fn after_a_failover_the_promoted_replica_is_used_and_its_copies_are_not() {
    let mut primary = Redis::start(&common::SETTINGS).unwrap();
    let port = primary.port().to_string();
    let replica = Redis::start(&["--replicaof", "127.0.0.1", &port]).unwrap();
    let sentinel = Sentinel::start(&primary).unwrap();
    sentinel.wait_for_replica().unwrap();
    let site = Site::new(&common::open(common::options(sentinel.url())).await);
    assert!(site.build(1, 3).await.unwrap());
    let copied = async || {
        ask::<u64>(&replica.url(), &["EXISTS", &key(1)])
            .await
            .unwrap()
            == 1
    };
    eventually(copied).await;
    primary.kill();
    assert!(site.ids(1).await.is_err());
    eventually(async || site.ids(1).await.is_ok()).await;
    assert_eq!(
        site.ids(1).await.unwrap(),
        None,
        "a delivery may be missing"
    );
    assert!(site.build(1, 4).await.unwrap());
    assert_eq!(
        ask::<u64>(&replica.url(), &["STRLEN", &key(1)])
            .await
            .unwrap(),
        560 + 4 * 8
    );
}

#[tokio::test]
async fn sentinels_that_do_not_answer_delay_nobody() {
    let primary = Redis::start(&common::SETTINGS).unwrap();
    let sentinel = Sentinel::start(&primary).unwrap();
    let silent: Vec<_> = (0..6)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    let ports = silent.iter().map(|it| it.local_addr().unwrap().port());
    let hosts: Vec<_> = ports
        .chain([sentinel.port()])
        .map(|port| format!("127.0.0.1:{port}"))
        .collect();
    let url = format!("redis-sentinel://{}/site", hosts.join(","));
    let site = Site::new(&common::open(common::options(url)).await);
    assert!(site.build(1, 3).await.unwrap());
}
