//! The contract suites on the engines of a single process.

use std::sync::Arc;

use sosik_fabric::memory::{
    Hub, MemoryActivePeople, MemoryLog, MemoryOptions, MemoryQueue, MemoryRateLimits,
    MemorySharedCache, MemoryTimelines, MemoryWakeUps,
};
use sosik_fabric::suite::delivery_queue::ORDERS_MAX;
use sosik_fabric::suite::timelines::KEEP;
use sosik_fabric::{
    ActivePeople, DeliveryQueue, LargeAuthorLog, Peers, RateLimits, SharedCache, Timelines, WakeUps,
};

async fn open_timelines() -> Arc<dyn Timelines> {
    Arc::new(MemoryTimelines::new(MemoryOptions {
        timeline_stories: KEEP,
        timelines_bytes: 64 << 20,
        pull_log_entries: 100,
        queued_max: ORDERS_MAX,
    }))
}

async fn open_log() -> Arc<dyn LargeAuthorLog> {
    Arc::new(MemoryLog::new(1_000, 7))
}

async fn open_wake_ups() -> Arc<dyn WakeUps> {
    Arc::new(MemoryWakeUps::default())
}

async fn open_queue() -> Arc<dyn DeliveryQueue> {
    Arc::new(MemoryQueue::new(ORDERS_MAX))
}

async fn open_rate_limits() -> Arc<dyn RateLimits> {
    Arc::new(MemoryRateLimits::default())
}

async fn open_shared_cache() -> Arc<dyn SharedCache> {
    Arc::new(MemorySharedCache::default())
}

async fn open_active_people() -> Arc<dyn ActivePeople> {
    Arc::new(MemoryActivePeople::default())
}

sosik_fabric::active_people_suite!(open_active_people);
sosik_fabric::shared_cache_suite!(open_shared_cache);
sosik_fabric::timelines_suite!(open_timelines);
sosik_fabric::log_suite!(open_log);
sosik_fabric::wake_ups_suite!(open_wake_ups);
sosik_fabric::delivery_queue_suite!(open_queue);
sosik_fabric::rate_limits_suite!(open_rate_limits);

async fn open_two_peers() -> (Arc<dyn Peers>, Arc<dyn Peers>) {
    let hub = Arc::new(Hub::default());
    (hub.join(), hub.join())
}

sosik_fabric::peers_suite!(open_two_peers);

/// Two nodes that share an engine in one process.
fn shared<E: ?Sized>(engine: Arc<E>) -> (Arc<E>, Arc<E>) {
    (Arc::clone(&engine), engine)
}

async fn open_log_nodes() -> (Arc<dyn LargeAuthorLog>, Arc<dyn LargeAuthorLog>) {
    shared(open_log().await)
}

async fn open_wake_ups_nodes() -> (Arc<dyn WakeUps>, Arc<dyn WakeUps>) {
    shared(open_wake_ups().await)
}

async fn open_queue_nodes() -> (Arc<dyn DeliveryQueue>, Arc<dyn DeliveryQueue>) {
    shared(open_queue().await)
}

sosik_fabric::log_nodes_suite!(open_log_nodes);
sosik_fabric::wake_ups_nodes_suite!(open_wake_ups_nodes);
sosik_fabric::delivery_queue_nodes_suite!(open_queue_nodes);
