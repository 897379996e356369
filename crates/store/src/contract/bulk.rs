//! Fills a store that nobody uses yet, for example with a world for measurements.

use async_trait::async_trait;

use crate::{FriendsOf, StoreResult};

/// The bulk path. An import checks every row and skips invalid ones. A fill trusts its caller and is an order of
/// magnitude faster. The caller guarantees:
///
/// - Nobody else uses the store, and it contains no blocks and no friend requests.
/// - People exist first (`sign_up_many`).
/// - Each call continues after the previous one: people ascending by id, their friends ascending by id. Another order
///   is correct, but slow in an engine that stores rows in key order.
/// - Every friendship is given twice, once from each side, with the same time. The store must not be served until both
///   sides have been given.
///
/// The store still guarantees: a friend exists, nobody has more than 5,000 friends, and the counts of people are
/// correct after every call. Calls are idempotent: existing rows stay as they are. Each call is atomic, so an
/// interrupted fill continues with the first call whose rows are missing.
#[async_trait]
pub trait Bulk {
    /// Inserts the friends of these people. Returns the number of new rows (each friendship counts on both sides). One
    /// transaction: with a few thousand people at a time it has some hundred thousand rows.
    ///
    /// # Errors
    /// If a person does not exist, or would have more than 5,000 friends. Then the call has no effect.
    async fn fill_friends(&self, people: Vec<FriendsOf>) -> StoreResult<u64>;
}
