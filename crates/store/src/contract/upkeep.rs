//! Derived data, computed anew from the rows it derives from.

use async_trait::async_trait;
use sosik_feed::{PersonId, StoryId};

use crate::{LargeAuthorLimits, MendedPeople, MendedStories, StoreResult};

/// Mending figures, marks and search terms that do not say what the rows say.
///
/// Every step is one transaction over a bounded number of people or stories; a walk that was interrupted starts again
/// or goes on behind the last one. What is right already is not written.
#[async_trait]
pub trait Upkeep {
    /// The next people behind `after`, at most `limit`: their figures (friends, follows, followers, stories, and
    /// what they have stored), what search finds them by, and whether they are large authors.
    async fn mend_people(
        &self,
        after: PersonId,
        limit: u32,
        large: LargeAuthorLimits,
    ) -> StoreResult<MendedPeople>;

    /// The next stories behind `after`, at most `limit`: their figures (likes, comments), and that their tags lead to
    /// them.
    async fn mend_stories(&self, after: StoryId, limit: u32) -> StoreResult<MendedStories>;

    /// Sets the totals to what a whole walk has counted, while nobody else writes; answers whether they were wrong.
    async fn mend_totals(&self, people: u64, stories: u64) -> StoreResult<bool>;
}
