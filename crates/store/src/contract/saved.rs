//! Saved stories.

use async_trait::async_trait;
use sosik_feed::{PersonId, StoryId, Timestamp};

use crate::{Position, SaveOutcome, SavedStory, StoreResult};

/// Stories that a person saved for themselves. Nobody else sees them, and no cache holds them.
#[async_trait]
pub trait Saved {
    /// Saves a story. A story that is saved already keeps its place in the list. The store keeps at most `saved_max`
    /// stories of a person, also for concurrent requests. The caller checks whether the person may see the story; this
    /// method checks that the story exists.
    async fn save_story(
        &self,
        person: PersonId,
        story: StoryId,
        saved_max: u32,
        now: Timestamp,
    ) -> StoreResult<SaveOutcome>;

    /// Removes a story from the saved ones of a person. Returns whether it was there.
    async fn unsave_story(&self, person: PersonId, story: StoryId) -> StoreResult<bool>;

    /// Whether a person has saved this story.
    async fn has_saved(&self, person: PersonId, story: StoryId) -> StoreResult<bool>;

    /// The saved stories of a person, newest first, below `before`, at most `limit`. Also those that are deleted, until
    /// they are purged.
    async fn saved_stories(
        &self,
        person: PersonId,
        before: Option<Position>,
        limit: u32,
    ) -> StoreResult<Vec<SavedStory>>;
}
