//! The contract suite on PostgreSQL.

mod harness;

use std::sync::Arc;

use sosik_store::suite::world::EmptyStore;

async fn open() -> Arc<dyn EmptyStore> {
    harness::store().await
}

sosik_store::contract_suite!(open);
