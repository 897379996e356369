//! The contract suite on SQLite.

use std::sync::Arc;

use sosik_store::{SqliteOptions, SqliteStore, Store};

async fn open() -> Arc<dyn Store> {
    SqliteStore::open(&SqliteOptions::temporary()).expect("a temporary store opens")
}

sosik_store::contract_suite!(open);
