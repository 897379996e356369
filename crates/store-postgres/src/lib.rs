//! The store in PostgreSQL 15 or newer, or in Citus, for any number of nodes.
//!
//! One schema and one set of statements run on one server and on a database that is distributed by the bucket of the
//! owner. Every statement is in a list, and tests check its text and its plan (`sql`). Reads of one statement need no
//! transaction; other reads see one snapshot; writes lock the rows that decide, in a fixed order (`db`, `tx`).
//!
//! Locks are taken in this order: story (FOR SHARE when it is liked or commented on), comment, counts of people in
//! ascending order of their ids, counts of a story, the number of late stories, orders, notifications.
//!
//! To add a noun, add a file with its statements and its trait, and a line in `sql::ALL`.

mod connection;
mod cursor_keys;
mod db;
mod failure;
mod migrations;
mod open;
mod options;
mod pool;
mod row;
mod sql;
mod tx;

use std::sync::Arc;

use sosik_store::{PersonLimits, StoreResult};

use db::Db;
pub use options::{DatabaseUrl, PoolOptions, Pooler, PoolsOptions, PostgresOptions};

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
        let db = Db::new(options)?;
        open::prepare(&db, options).await?;
        Ok(Arc::new(Self {
            db,
            person_limits: options.person_limits,
        }))
    }
}
