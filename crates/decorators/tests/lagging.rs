//! The contract suite of the store on an engine whose copy lags behind: it is empty and never catches up. A read of the
//! suite that requires a position must reach the primary.

use std::sync::Arc;

use sosik_decorators::Lagging;
use sosik_store::suite::world::EmptyStore;
use sosik_store_sqlite::{SqliteOptions, SqliteStore};

async fn open() -> Arc<dyn EmptyStore> {
    let store = || SqliteStore::open(&SqliteOptions::temporary()).expect("a temporary store opens");
    Lagging::new(store(), store()).store()
}

sosik_store::contract_suite!(open);
