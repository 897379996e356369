//! The store in PostgreSQL 15 or newer, or in Citus, for any number of nodes.
//!
//! One schema and one set of statements run on one server and on a database that is distributed by the bucket of the
//! owner. Every statement is in a list, and tests check its text and its plan (`sql`). Reads of one statement need no
//! transaction; other reads see one snapshot; writes lock the rows that decide, in a fixed order (`db`, `tx`).
//!
//! Every write that outdates a cached value logs it (`changes`), because other nodes cache too.
//!
//! Locks are taken in this order: person (of sessions), invitation, story (FOR SHARE when it is liked or commented on),
//! comment (a reply before its parent), counts of people in ascending order of their ids, counts of a story, the number of
//! late stories, orders, notifications.
//!
//! To add a noun, add a file with its statements and its trait, and a line in `sql::ALL`.

mod accounts;
mod avatars;
mod blocks;
mod bulk;
mod cache_leases;
mod changes;
mod citus;
mod claims;
mod closures;
mod comment_likes;
mod comments;
mod connection;
mod counts;
mod cursor_keys;
mod db;
mod devices;
mod failure;
mod feeds;
mod fence;
mod filling;
mod follows;
mod friends;
mod hidden;
mod idempotency;
mod imports;
mod invitations;
mod large;
mod late;
mod likes;
mod maintenance;
mod media;
mod migrations;
mod nodes;
mod notifications;
mod notify;
mod open;
mod options;
mod orders;
mod pair;
mod people;
mod place;
mod pool;
mod posts;
mod previews;
mod privacy;
mod purge;
mod relations;
mod row;
mod saved;
mod sessions;
mod sql;
mod stories;
mod story_counts;
mod stranger_mentions;
mod suggestions;
mod tags;
mod threads;
mod tls;
mod tx;
mod uploads;
mod withdrawn;
mod written;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use sosik_store::{PersonLimits, Store, StoreResult, StoreStats};

use db::Db;
pub use filling::{FilledTable, Filling, MOVES, Move, NOT_FILLED, rows_of};
pub use options::{DatabaseUrl, PoolOptions, Pooler, PoolsOptions, PostgresOptions};
use pool::Class;
pub use sql::texts as statements;

/// The store in PostgreSQL or Citus.
pub struct PostgresStore {
    db: Db,
    person_limits: PersonLimits,
}

impl PostgresStore {
    /// Connects, checks the server, and creates or updates the schema.
    ///
    /// # Errors
    /// The server is unreachable or too old, or a setting of it is unsafe, or a newer executable made the schema. The
    /// source says what to change.
    pub async fn open(options: &PostgresOptions) -> StoreResult<Arc<Self>> {
        Ok(Arc::new(Self {
            db: open::open(options).await?,
            person_limits: options.person_limits,
        }))
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn check(&self) -> StoreResult<()> {
        open::check(&self.db).await
    }

    fn unready(&self) -> Option<&'static str> {
        self.db.unready()
    }

    /// The log and the disk belong to the server, which has its own metrics.
    fn stats(&self) -> StoreStats {
        let writes = self.db.stats.writes.load(Ordering::Relaxed);
        StoreStats {
            writes_waiting: self.db.pools.admitted(Class::Post),
            write_batches: writes,
            writes,
            reads: self.db.stats.reads.load(Ordering::Relaxed),
            ..StoreStats::default()
        }
    }

    async fn close(&self) {
        self.db.pools.close().await;
    }
}
