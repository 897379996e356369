//! Redis Cluster: the suites on a cluster of one node, which refuses scripts and transactions across slots like any
//! other, and a cluster of three.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use sosik_fabric::{ActivePeople, LookUp, Rate, RateLimits, SharedCache, SharedKey, Timelines};
use sosik_fabric_redis::RedisFabric;
use sosik_servers::{Redis, RedisCluster};

use crate::common::{self, Site, ask, eventually};

fn start_cluster(nodes: usize) -> (Vec<Redis>, String) {
    let cluster = RedisCluster::start(nodes, &common::SETTINGS).unwrap();
    let url = cluster.url();
    (cluster.nodes, url)
}

async fn open() -> RedisFabric {
    let (nodes, url) = start_cluster(1);
    for node in nodes {
        common::keep_running(node);
    }
    common::open(common::options(url)).await
}

async fn open_timelines() -> Arc<dyn Timelines> {
    Arc::new(open().await.timelines())
}

async fn open_rate_limits() -> Arc<dyn RateLimits> {
    Arc::new(open().await.rate_limits())
}

async fn open_shared_cache() -> Arc<dyn SharedCache> {
    Arc::new(open().await.shared_cache())
}

async fn open_active_people() -> Arc<dyn ActivePeople> {
    Arc::new(open().await.active_people())
}

sosik_fabric::active_people_suite!(open_active_people);
sosik_fabric::shared_cache_suite!(open_shared_cache);
sosik_fabric::timelines_suite!(open_timelines);
sosik_fabric::rate_limits_suite!(open_rate_limits);

#[tokio::test]
async fn timelines_are_spread_over_the_nodes_and_all_can_be_dropped() {
    let (nodes, url) = start_cluster(3);
    let fabric = common::open(common::options(url)).await;
    let site = Site::new(&fabric);
    let readers: Vec<u64> = (1..=1_500).collect();
    for reader in &readers {
        assert!(site.build(*reader, 2).await.unwrap());
    }
    for node in &nodes {
        let keys: u64 = ask(&node.url(), &["DBSIZE"]).await.unwrap();
        assert!((300..700).contains(&keys), "{keys} of 1,500");
    }
    assert_eq!(site.deliver(9, &readers).await.unwrap(), 1_500);
    assert_eq!(site.deliver(9, &readers).await.unwrap(), 0);
    for reader in [1, 700, 1_500] {
        assert_eq!(site.ids(reader).await.unwrap(), Some(vec![9, 2, 1]));
    }
    let rate = Rate {
        per_minute: NonZeroU32::MIN,
        burst: NonZeroU32::MIN,
    };
    let limits = fabric.rate_limits();
    for key in 0..20 {
        limits.take(key, rate, Duration::ZERO).await.unwrap();
    }
    site.timelines.drop_all_timelines().await.unwrap();
    let mut left = 0;
    for node in &nodes {
        left += ask::<u64>(&node.url(), &["DBSIZE"]).await.unwrap();
    }
    assert_eq!(left, 20, "the rate limits");
}

#[tokio::test]
async fn entries_are_spread_over_the_nodes_and_all_can_be_dropped() {
    let (nodes, url) = start_cluster(3);
    let cache = common::open(common::options(url)).await.shared_cache();
    for first in 0..=255 {
        let mut hash = [7; 32];
        hash[0] = first;
        let key = SharedKey::Session(hash);
        let LookUp::Miss(Some(ticket)) = cache.look_up(key).await.unwrap() else {
            panic!("there is no entry")
        };
        assert!(cache.fill(ticket, &[first]).await.unwrap());
        assert_eq!(cache.look_up(key).await.unwrap(), LookUp::Hit(vec![first]));
    }
    let keys = async || {
        let mut keys = Vec::new();
        for node in &nodes {
            keys.push(ask::<u64>(&node.url(), &["DBSIZE"]).await.unwrap());
        }
        keys
    };
    assert!(keys().await.iter().all(|keys| (50..130).contains(keys)));
    cache.drop_all_entries().await.unwrap();
    assert_eq!(keys().await, [0, 0, 0]);
}

#[tokio::test]
async fn the_readers_of_other_nodes_keep_their_timelines_when_one_hangs() {
    let (nodes, url) = start_cluster(3);
    let options = sosik_fabric_redis::RedisOptions {
        call_timeout: Duration::from_millis(200),
        ..common::options(url)
    };
    let site = Site::new(&common::open(options).await);
    let readers: Vec<u64> = (0..256).step_by(4).map(|bucket| 256 + bucket).collect();
    for reader in &readers {
        eventually(async || site.build(*reader, 2).await.is_ok()).await;
    }
    nodes[2].pause().unwrap();
    let (mut answered, mut failed) = (0, 0);
    for reader in &readers {
        match site.ids(*reader).await {
            Ok(ids) => {
                assert_eq!(ids, Some(vec![2, 1]));
                answered += 1;
            }
            Err(_) => failed += 1,
        }
    }
    assert!(
        answered > 0 && failed > 0,
        "{answered} answered, {failed} failed"
    );
    nodes[2].resume().unwrap();
    for reader in &readers {
        eventually(async || site.ids(*reader).await.is_ok()).await;
    }
}
