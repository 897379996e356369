//! The contract: one trait for each noun, [`Store`] for all that requests need, and [`Operations`] for what operators and
//! imports need.
//!
//! The traits are object safe, so that handlers hold one handle (`Arc<dyn Store>`) and the engine is chosen once,
//! where the executable is wired.

mod accounts;
mod bulk;
mod cache_leases;
mod closures;
mod comment_likes;
mod comments;
mod cursor_keys;
mod feeds;
mod imports;
mod invitations;
mod likes;
mod maintenance;
mod media;
mod nodes;
mod notifications;
mod orders;
mod people;
mod previews;
mod relations;
mod saved;
mod stories;
mod suggestions;
mod uploads;

pub use accounts::{Accounts, Sessions};
pub use bulk::Bulk;
pub use cache_leases::CacheLeases;
pub use closures::Closures;
pub use comment_likes::CommentLikes;
pub use comments::{COMMENT_LIKES_REMOVED_MAX, Comments};
pub use cursor_keys::CursorKeys;
pub use feeds::Feeds;
pub use imports::Imports;
pub use invitations::Invitations;
pub use likes::Likes;
pub use maintenance::Maintenance;
pub use media::Media;
pub use nodes::Nodes;
pub use notifications::Notifications;
pub use orders::Orders;
pub use people::People;
pub use previews::Previews;
pub use relations::Relations;
pub use saved::Saved;
pub use stories::{ID_AGE_MAX, Stories};
pub use suggestions::Suggestions;
pub use uploads::Uploads;

use async_trait::async_trait;

use crate::{StoreResult, StoreStats};

/// All durable data, as requests need it. What operators and imports need is in [`Operations`].
#[async_trait]
pub trait Store:
    Accounts
    + Sessions
    + Closures
    + Invitations
    + People
    + Relations
    + Suggestions
    + Stories
    + Likes
    + Comments
    + Saved
    + CommentLikes
    + Media
    + Uploads
    + Previews
    + CursorKeys
    + Feeds
    + Notifications
    + Orders
    + Nodes
    + Send
    + Sync
    + 'static
{
    /// Succeeds if the engine can read and has space to write. For `/healthz`.
    async fn check(&self) -> StoreResult<()>;

    /// The reason why this node cannot write at all; `None` if it can. For `/readyz`. Reads nothing.
    fn unready(&self) -> Option<&'static str>;

    /// Metrics of the store. Checks the free space of the disk and runs no query.
    fn stats(&self) -> StoreStats;

    /// Waits for the writes in progress, then closes the store. Later calls return `Closed`.
    async fn close(&self);
}

/// What operators and imports do. No request needs it.
///
/// `verify` and the self-check of a server need [`Feeds::feed_by_definition`] and [`People::people_after`] while the
/// server runs, so these belong to [`Store`].
pub trait Operations: Imports + Bulk + Maintenance + Send + Sync + 'static {}

impl<T: Imports + Bulk + Maintenance + Send + Sync + 'static> Operations for T {}
