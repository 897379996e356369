//! Queries of a bulk import. They make a repeated import idempotent and its summary exact.

use async_trait::async_trait;
use sosik_feed::{PersonId, StoryId};

use crate::{ExistingStory, StoreResult};

/// Bulk queries. Each is one read; the caller bounds its size.
#[async_trait]
pub trait Imports {
    /// The people with these handles (lower case), one result for each handle, in the given order.
    async fn ids_of_handles(&self, handles: Vec<String>) -> StoreResult<Vec<Option<PersonId>>>;

    /// The number of these pairs that are friends.
    async fn friends_among(&self, pairs: Vec<(PersonId, PersonId)>) -> StoreResult<u64>;

    /// The number of these pairs in which the first person follows the second.
    async fn follows_among(&self, pairs: Vec<(PersonId, PersonId)>) -> StoreResult<u64>;

    /// The ids in use from `first` to `last`, both included. Deleted stories count.
    async fn existing_stories(
        &self,
        first: StoryId,
        last: StoryId,
    ) -> StoreResult<Vec<ExistingStory>>;
}
