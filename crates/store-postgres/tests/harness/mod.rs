//! Stores in new databases, and connections that interfere with theirs.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "shared by test files, none of which uses everything"
)]

use std::sync::Arc;

use sosik_feed::Timestamp;
use sosik_servers::test_database;
use sosik_store::PersonLimits;
use sosik_store::suite::world::{EmptyStore, World};
use sosik_store_postgres::{DatabaseUrl, Pooler, PostgresOptions, PostgresStore};
use tokio_postgres::NoTls;

/// A new, empty database.
pub async fn database() -> String {
    let database = tokio::task::spawn_blocking(test_database).await;
    database.expect("no panic").expect("a database")
}

/// Runs statements on a database.
pub async fn execute(url: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("connect");
    let connection = tokio::spawn(connection);
    client.batch_execute(sql).await.expect("statements");
    drop(client);
    connection.await.expect("a task").expect("a connection");
}

/// Options for a new database.
pub async fn options() -> PostgresOptions {
    options_at(database().await)
}

/// Options for a database. `SOSIK_TEST_POSTGRES_POOLER=pgbouncer` runs every test without sessions.
pub fn options_at(url: String) -> PostgresOptions {
    let options = PostgresOptions::at(DatabaseUrl::new(url), "test", Timestamp::default());
    let pooler = match std::env::var("SOSIK_TEST_POSTGRES_POOLER").as_deref() {
        Ok("pgbouncer") => Pooler::PgBouncer,
        Ok(_) | Err(_) => Pooler::None,
    };
    PostgresOptions { pooler, ..options }
}

/// The address in options that [`options`] made.
pub fn url(options: &PostgresOptions) -> &str {
    options.url.expose()
}

/// A store with a new database.
pub async fn store() -> Arc<PostgresStore> {
    let options = options().await;
    PostgresStore::open(&options).await.expect("a store opens")
}

/// A connection of the test, which interferes with those of the store.
/// Waits for a result.
pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(result) => result,
        Err(_elapsed) => panic!("never: {what}"),
    }
}

pub struct Session {
    pub client: tokio_postgres::Client,
}

impl Session {
    pub async fn connect(url: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("connect");
        tokio::spawn(connection);
        Self { client }
    }

    pub async fn run(&self, sql: &str) {
        self.client.batch_execute(sql).await.expect("statements");
    }

    /// The process of the session of a class that is in a wait of this kind, as soon as there is one.
    pub async fn waiting(&self, class: &str, event: &str) -> i32 {
        let application = format!("sosik/test/{class}/%");
        let found = "SELECT pid FROM pg_stat_activity
            WHERE datname = current_database() AND application_name LIKE $1 AND $2 IN (wait_event_type, wait_event)";
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            // Within a transaction, the server would answer from the first look.
            self.run("SELECT pg_stat_clear_snapshot()").await;
            let rows = self.client.query(found, &[&application, &event]).await;
            if let Some(row) = rows.expect("sessions").first() {
                return row.get(0);
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "no session waits for {event}"
            );
            tokio::task::yield_now().await;
        }
    }

    pub async fn terminate(&self, process: i32) {
        let terminate = "SELECT pg_terminate_backend($1)";
        let ended = self.client.query(terminate, &[&process]).await;
        ended.expect("the session ends");
    }
}

/// Longer than anything takes on a busy machine.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);

/// One database with two nodes. The world makes ids and times for both.
pub struct Nodes {
    pub world: World,
    pub other: Arc<dyn EmptyStore>,
    pub url: String,
}

impl Nodes {
    pub async fn start(person_limits: PersonLimits) -> Self {
        let mut options = options().await;
        options.person_limits = person_limits;
        let open = async || PostgresStore::open(&options).await.expect("a node starts");
        Self {
            world: World::new(open().await),
            other: open().await,
            url: url(&options).to_owned(),
        }
    }

    /// The node for the n-th of many writes.
    pub fn node(&self, number: usize) -> Arc<dyn EmptyStore> {
        if number.is_multiple_of(2) {
            self.world.shared()
        } else {
            Arc::clone(&self.other)
        }
    }

    pub async fn finish(self) {
        self.other.close().await;
        self.world.finish().await;
    }
}
