//! Likes.

use async_trait::async_trait;
use sosik_feed::{NotificationId, PersonId, StoryId, Timestamp};

use crate::{CommitPosition, Committed, Liked, LikedStories, Position, RelatedPerson, StoreResult};

/// Likes of stories.
#[async_trait]
pub trait Likes {
    /// Likes a story; `None` if it does not exist. The author's notification about likes of this story moves to the top
    /// with the given id (except for the author's own like). The caller checks whether the person may see the story.
    async fn like(
        &self,
        person: PersonId,
        story: StoryId,
        notification: NotificationId,
        now: Timestamp,
    ) -> StoreResult<Committed<Option<Liked>>>;

    /// Takes a like back; `None` if the story does not exist. The notification is deleted with the last like.
    async fn unlike(
        &self,
        person: PersonId,
        story: StoryId,
    ) -> StoreResult<Committed<Option<Liked>>>;

    /// The stories with the largest ids that a person likes, at most `limit`.
    async fn liked_stories(
        &self,
        person: PersonId,
        limit: u32,
        at_least: CommitPosition,
    ) -> StoreResult<LikedStories>;

    /// The stories among these that the person likes.
    async fn liked_among(&self, person: PersonId, stories: &[StoryId])
    -> StoreResult<Vec<StoryId>>;

    /// The people who like a story, newest like first, below `before`.
    async fn likers(
        &self,
        story: StoryId,
        before: Option<Position>,
        limit: u32,
    ) -> StoreResult<Vec<RelatedPerson>>;

    /// The number of likes of a story by people whom the viewer blocked or who blocked the viewer. The cost grows with
    /// the smaller of two numbers: these people, and the likes. If both are above
    /// [`HIDDEN_EXAMINED_MAX`](sosik_feed::limits::HIDDEN_EXAMINED_MAX), only as many likes are examined.
    async fn likes_hidden_from(&self, viewer: PersonId, story: StoryId) -> StoreResult<u32>;
}
