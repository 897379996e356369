//! Filling a store that nobody uses yet, such as with a world to measure on.

use async_trait::async_trait;

use crate::{FriendsOf, StoreResult};

/// The bulk path. Where an import asks about every row and passes over what cannot be, filling takes the caller's word
/// and is an order of magnitude faster. The caller answers for this:
///
/// - Nobody else uses the store, and nobody in it has blocked or asked anybody.
/// - People exist first (`sign_up_many`).
/// - Each call continues behind the last one: people ascending by id, their friends ascending by id. Another order is as
///   right, but an engine that keeps rows in the order of their key is then slow.
/// - A friendship comes twice, once from either side, with the same time. Until both have come the store is not to
///   be served.
///
/// Still held by the store: a friend exists, nobody has more than 5,000 friends, and figures of people are right after
/// every call. Calls are repeatable: what is there already stays as it is. So a filling that was interrupted goes on with
/// the first call whose rows are not there; each call is there as a whole or not at all.
#[async_trait]
pub trait Bulk {
    /// Makes the friends of these people; answers how many rows were new (each friendship counts on both sides). One
    /// transaction: a few thousand people at a time keep it at some hundred thousand rows.
    ///
    /// # Errors
    /// When a person does not exist, or would have more than 5,000 friends: then nothing of the call was done.
    async fn fill_friends(&self, people: Vec<FriendsOf>) -> StoreResult<u64>;
}
