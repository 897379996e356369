//! Leases on caches, and the log of changes, on PostgreSQL.

mod harness;

use std::sync::Arc;

use sosik_store::CacheLeases;
use sosik_store::suite::world::EmptyStore;

async fn open() -> (Arc<dyn EmptyStore>, Arc<dyn CacheLeases>) {
    let store = harness::store().await;
    (Arc::clone(&store) as _, store)
}

sosik_store::cache_leases_suite!(open);
