//! The contract suite on SQLite.

use std::sync::Arc;

use sosik_store::Store;
use sosik_store_sqlite::{SqliteOptions, SqliteStore};

async fn open() -> Arc<dyn Store> {
    SqliteStore::open(&SqliteOptions::temporary()).expect("a temporary store opens")
}

sosik_store::contract_suite!(open);
