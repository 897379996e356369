//! Likes of comments.

use async_trait::async_trait;
use sosik_feed::{CommentId, NotificationId, PersonId, Timestamp};

use crate::{Committed, LikedComment, Position, RelatedPerson, StoreResult};

/// Likes of comments. No cache contains them.
#[async_trait]
pub trait CommentLikes {
    /// Likes a comment; `None` if it does not exist. The notification of its author about likes of this comment moves to
    /// the top with the given id, if the author may open the story and gets notifications of the person. The caller checks
    /// whether the person may see the comment.
    async fn like_comment(
        &self,
        person: PersonId,
        comment: CommentId,
        notification: NotificationId,
        now: Timestamp,
    ) -> StoreResult<Committed<Option<LikedComment>>>;

    /// Takes a like back; `None` if the comment does not exist. The notification is deleted with the last like.
    async fn unlike_comment(
        &self,
        person: PersonId,
        comment: CommentId,
    ) -> StoreResult<Committed<Option<LikedComment>>>;

    /// The comments among these that the person likes. All are on one story.
    async fn liked_comments_among(
        &self,
        person: PersonId,
        comments: &[CommentId],
    ) -> StoreResult<Vec<CommentId>>;

    /// The people who like a comment, newest like first, below `before`.
    async fn comment_likers(
        &self,
        comment: CommentId,
        before: Option<Position>,
        limit: u32,
    ) -> StoreResult<Vec<RelatedPerson>>;

    /// Removes likes of deleted comments that their deletion left, at most `limit`. Returns their number.
    async fn purge_comment_likes(&self, limit: u32) -> StoreResult<u64>;
}
