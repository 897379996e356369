//! The contract suites on the engines of a single process.

use std::sync::Arc;

use sosik_fabric::memory::{Hub, MemoryRateLimits};
use sosik_fabric::{Peers, RateLimits};

async fn open_rate_limits() -> Arc<dyn RateLimits> {
    Arc::new(MemoryRateLimits::default())
}

sosik_fabric::rate_limits_suite!(open_rate_limits);

async fn open_two_peers() -> (Arc<dyn Peers>, Arc<dyn Peers>) {
    let hub = Arc::new(Hub::default());
    (hub.join(), hub.join())
}

sosik_fabric::peers_suite!(open_two_peers);
