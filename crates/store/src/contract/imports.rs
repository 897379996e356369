//! What a bulk import asks, so that running it again changes nothing and its summary is true.

use async_trait::async_trait;
use sosik_feed::{PersonId, StoryId};

use crate::{StoreResult, StoryPlace};

/// Questions in bulk. Each is one read; the caller bounds how much it asks.
#[async_trait]
pub trait Imports {
    /// Who has these handles (lower case): one answer each, in the order asked.
    async fn ids_of_handles(&self, handles: Vec<String>) -> StoreResult<Vec<Option<PersonId>>>;

    /// How many of these pairs are friends.
    async fn friends_among(&self, pairs: Vec<(PersonId, PersonId)>) -> StoreResult<u64>;

    /// In how many of these pairs the first follows the second.
    async fn follows_among(&self, pairs: Vec<(PersonId, PersonId)>) -> StoreResult<u64>;

    /// The ids from `first` to `last`, both included, that are taken: also by stories that were deleted since.
    async fn story_places(&self, first: StoryId, last: StoryId) -> StoreResult<Vec<StoryPlace>>;
}
