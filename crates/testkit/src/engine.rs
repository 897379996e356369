//! The store of a test.
//!
//! `SOSIK_TEST_STORE` selects the engine for a whole run: `sqlite`, which is the default, or `postgres`.

use std::path::PathBuf;
use std::sync::Arc;

use sosik_feed::Timestamp;
use sosik_servers::test_database;
use sosik_service::SharedStore;
use sosik_store::Store;
use sosik_store_postgres::{DatabaseUrl, PostgresOptions, PostgresStore};
use sosik_store_sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

/// Where the rows of a test are. They survive a restart.
pub(crate) enum TestStore {
    Sqlite(TempDir),
    Postgres(String),
}

/// How to open the store of a test.
#[derive(Clone)]
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres(String),
}

impl TestStore {
    /// A new store on the engine of this run.
    pub(crate) async fn new() -> Self {
        match std::env::var("SOSIK_TEST_STORE").as_deref() {
            Ok("postgres") => Self::Postgres(database().await),
            Ok("sqlite") | Err(_) => {
                Self::Sqlite(tempfile::tempdir().expect("make a temporary folder"))
            }
            Ok(other) => panic!("SOSIK_TEST_STORE is {other:?}: use \"sqlite\" or \"postgres\""),
        }
    }

    /// A new store on PostgreSQL, for several nodes.
    pub(crate) async fn shared() -> Self {
        Self::Postgres(database().await)
    }

    /// The same store.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Postgres(url) => Self::Postgres(url.clone()),
            Self::Sqlite(_) => panic!("a file has one node"),
        }
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            Self::Sqlite(folder) => Place::Sqlite(folder.path().join("sosik.db")),
            Self::Postgres(url) => Place::Postgres(url.clone()),
        }
    }
}

impl Place {
    pub(crate) async fn open(&self, now: Timestamp) -> (Arc<dyn Store>, Option<SharedStore>) {
        match self {
            Self::Sqlite(file) => {
                let store = SqliteStore::open(&SqliteOptions::at(file, now));
                (store.expect("open the store"), None)
            }
            Self::Postgres(url) => {
                let options = PostgresOptions::at(DatabaseUrl::new(url.clone()), "test", now);
                let store = PostgresStore::open(&options).await.expect("open the store");
                let shared = SharedStore {
                    leases: Arc::<PostgresStore>::clone(&store),
                    alone: None,
                };
                (store, Some(shared))
            }
        }
    }
}

async fn database() -> String {
    let database = tokio::task::spawn_blocking(test_database).await;
    database.expect("no panic").expect("a database")
}
