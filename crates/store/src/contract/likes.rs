//! Likes.

use async_trait::async_trait;
use sosik_feed::{NotificationId, PersonId, StoryId, Timestamp};

use crate::{Liked, LikedStories, Position, RelatedPerson, StoreResult};

/// Who likes what.
#[async_trait]
pub trait Likes {
    /// Likes a story; `None` when there is none. The author's notification of likes of this story moves to the top
    /// under the id given (not for one's own like). Whether the person may see the story is the caller's business.
    async fn like(
        &self,
        person: PersonId,
        story: StoryId,
        notification: NotificationId,
        now: Timestamp,
    ) -> StoreResult<Option<Liked>>;

    /// Takes a like back; `None` when there is no such story. With the last like the notification goes.
    async fn unlike(&self, person: PersonId, story: StoryId) -> StoreResult<Option<Liked>>;

    /// The stories with the largest ids that a person likes, at most `limit`.
    async fn liked_stories(&self, person: PersonId, limit: u32) -> StoreResult<LikedStories>;

    /// Which of these stories the person likes.
    async fn liked_among(&self, person: PersonId, stories: &[StoryId])
    -> StoreResult<Vec<StoryId>>;

    /// Who likes a story, newest first, behind `before`.
    async fn likers(
        &self,
        story: StoryId,
        before: Option<Position>,
        limit: u32,
    ) -> StoreResult<Vec<RelatedPerson>>;

    /// The number of likes of a story by people whom the viewer blocked or who blocked the viewer. The cost grows with
    /// the number of these people, and not with the likes.
    async fn likes_hidden_from(&self, viewer: PersonId, story: StoryId) -> StoreResult<u32>;

    /// Makes likes in bulk (import, demo) without notifications, one transaction; answers how many were new.
    async fn like_many(&self, likes: Vec<(PersonId, StoryId, Timestamp)>) -> StoreResult<u64>;
}
