//! The durable data: everything that was acknowledged, and the relations that entitlement depends on.
//!
//! [`Store`] is one contract in terms of the product, not of tables. It is the only authoritative part of Sosik: every
//! cache and every queue can be lost and is rebuilt from it. Engines implement the contract, each in its own crate, and
//! one test suite runs on each of them.
//!
//! Five rules hold for every method:
//! - After a write has returned `Ok`, it is durable: it survives `kill -9` and power loss. After an `Err`, it may or
//!   may not have committed, and a retry is safe.
//! - Each method is atomic, except where its documentation says otherwise. A read sees one state of the store, which
//!   includes at least every write that was acknowledged before the read began. The exception is a read with a position
//!   (`at_least`): a lagging copy of the data may answer it if the copy has this position.
//! - A write that invalidates caches returns the position of its commit. The caches require that position when they
//!   are refilled.
//! - Counts change in the transaction of the act that they count.
//! - The caller passes in time and ids.
//!
//! No method returns "every story above id X" as a way to catch up: ids are not in commit order.
//!
//! To add an engine, implement the traits of [`contract`] for it and run the suite on it. The module `engine` has what
//! engines with tables share.

pub mod contract;
#[cfg(feature = "engine")]
pub mod engine;
pub mod error;
#[cfg(feature = "layer")]
pub mod layer;
mod person_limits;
pub mod records;
#[cfg(feature = "suite")]
pub mod suite;

pub use contract::{
    Accounts, Bulk, COMMENT_LIKES_REMOVED_MAX, CacheLeases, Closures, CommentLikes, Comments,
    CursorKeys, Feeds, ID_AGE_MAX, Imports, Invitations, Likes, Maintenance, Media, Nodes,
    Notifications, Operations, Orders, People, Previews, Relations, Saved, Sessions, Store,
    Stories, Suggestions, Uploads,
};
pub use error::{StoreError, StoreResult};
pub use person_limits::{PersonLimits, Quota};
pub use records::*;
pub use sosik_feed::{CommitPosition, Committed};
