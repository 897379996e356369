//! Comments.

use async_trait::async_trait;
use sosik_feed::{CommentId, PersonId, StoryId};

use crate::{
    CommentEdit, CommentRecord, Committed, Edited, NewComment, Posted, StoreResult, StoryCounts,
};

/// Comments on stories, oldest first.
#[async_trait]
pub trait Comments {
    /// Inserts a comment. Notifies the story's author and the mentioned people who may see the story. Returns the
    /// story's counts after it. Notifications carry the comment's id. The caller checks whether the author may see the
    /// story; this method checks that the story exists.
    async fn comment(
        &self,
        comment: NewComment,
    ) -> StoreResult<Committed<(Posted<CommentId>, StoryCounts)>>;

    /// One comment of a story that is not deleted.
    async fn comment_by_id(&self, comment: CommentId) -> StoreResult<Option<CommentRecord>>;

    /// Comments of a story, oldest first, after `after` (0: from the start), at most `limit`.
    async fn comments_of(
        &self,
        story: StoryId,
        after: CommentId,
        limit: u32,
    ) -> StoreResult<Vec<CommentRecord>>;

    /// The number of comments on a story by people whom the viewer blocked or who blocked the viewer, counted up to
    /// [`HIDDEN_EXAMINED_MAX`](sosik_feed::limits::HIDDEN_EXAMINED_MAX). The cost grows with the smaller of two numbers:
    /// these people with their comments, and all comments. If both are above the maximum, only as many comments are
    /// examined.
    async fn comments_hidden_from(&self, viewer: PersonId, story: StoryId) -> StoreResult<u32>;

    /// Changes the text; `None` if the author has no such comment. Notifies the people whom only the new text mentions,
    /// each at most once for a comment.
    async fn edit_comment(
        &self,
        edit: CommentEdit,
    ) -> StoreResult<Committed<Option<Edited<CommentRecord>>>>;

    /// Deletes a comment if `person` wrote it or wrote its story. Returns the story and its counts afterwards; `None`
    /// if there is no comment that the person may delete.
    async fn delete_comment(
        &self,
        comment: CommentId,
        person: PersonId,
    ) -> StoreResult<Committed<Option<(StoryId, StoryCounts)>>>;
}
