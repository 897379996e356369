//! Repairs derived data by computing it again from its rows, and counts rows.

use async_trait::async_trait;
use sosik_feed::{CommentId, PersonId, StoryId};

use crate::{LargeAuthorLimits, RepairedComments, RepairedPeople, RepairedStories, StoreResult};

/// Repairs counts, marks and search terms that differ from the rows.
///
/// Every step is one transaction over a bounded number of people or stories. An interrupted repair starts again or
/// continues after the last step. Correct values are not written.
#[async_trait]
pub trait Maintenance {
    /// Repairs the next people after `after`, at most `limit`: their counts (friends, follows, followers, stories,
    /// comments, and bytes of texts), their search terms, and their large-author marks.
    async fn repair_people(
        &self,
        after: PersonId,
        limit: u32,
        large: LargeAuthorLimits,
    ) -> StoreResult<RepairedPeople>;

    /// Repairs the next stories after `after`, at most `limit`: their counts (likes, comments) and the index entries of
    /// their tags.
    async fn repair_stories(&self, after: StoryId, limit: u32) -> StoreResult<RepairedStories>;

    /// Repairs the next comments after `after`, at most `limit`: their counts (replies, likes).
    async fn repair_comments(&self, after: CommentId, limit: u32) -> StoreResult<RepairedComments>;

    /// Number of people.
    async fn people_count(&self) -> StoreResult<u64>;

    /// Number of stories without deleted ones.
    async fn stories_count(&self) -> StoreResult<u64>;
}
