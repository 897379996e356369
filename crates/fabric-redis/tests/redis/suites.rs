//! The contract suites on one Redis server.

use std::sync::Arc;

use sosik_fabric::{ActivePeople, RateLimits, SharedCache, Timelines};
use sosik_fabric_redis::RedisFabric;
use sosik_servers::Redis;

use crate::common;

async fn open() -> RedisFabric {
    let server = Redis::start(&["--maxmemory", "256mb", "--maxmemory-policy", "volatile-ttl"]);
    let server = server.unwrap();
    let fabric = common::open(common::options(server.url())).await;
    common::keep_running(server);
    fabric
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
