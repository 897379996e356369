//! The contract suite on SQLite.

use std::sync::Arc;

use sosik_store::suite::world::EmptyStore;
use sosik_store_sqlite::{SqliteOptions, SqliteStore};

async fn open() -> Arc<dyn EmptyStore> {
    SqliteStore::open(&SqliteOptions::temporary()).expect("a temporary store opens")
}

sosik_store::contract_suite!(open);
