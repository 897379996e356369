//! The contract suites on the engines of a single process.

use std::sync::Arc;

use sosik_fabric::RateLimits;
use sosik_fabric::memory::MemoryRateLimits;

async fn open_rate_limits() -> Arc<dyn RateLimits> {
    Arc::new(MemoryRateLimits::default())
}

sosik_fabric::rate_limits_suite!(open_rate_limits);
