//! The durable truth: what has been acknowledged, and what it entitles whom to see.
//!
//! [`Store`] is one contract in terms of what the product needs, not of tables. It is the only part of Sosik that
//! is trusted: every cache and every queue can be lost and is rebuilt from here. Engines stand behind the contract
//! (`sqlite` today), and one suite of tests runs on each of them.
//!
//! Three rules hold for every method:
//! - When a write has returned `Ok`, it is durable: it survives `kill -9` and power loss. When it has returned
//!   `Err`, it may or may not have happened, and repeating it is safe.
//! - Each method is atomic. A read sees one state of the store, and at least every write that was acknowledged
//!   before the read was asked for.
//! - Time and ids are passed in, never taken inside.
//!
//! Nothing here asks for "every story above id X" as a way to catch up: ids are not in commit order.
//!
//! To add an engine: implement the traits of [`contract`] for it and run the suite on it.

pub mod contract;
pub mod error;
mod person_limits;
pub mod private;
pub mod records;
pub mod sqlite;
#[cfg(feature = "suite")]
pub mod suite;

pub use contract::{
    Accounts, Bulk, Comments, CursorKeys, Feeds, Imports, Likes, Nodes, Notifications, Orders,
    People, Relations, Sessions, Store, Stories, Upkeep,
};
pub use error::{StoreError, StoreResult};
pub use person_limits::{PersonLimits, Quota};
pub use records::*;
pub use sqlite::backup;
pub use sqlite::{SqliteFile, SqliteOptions, SqliteStore, WriterFigures};
