//! Comments.

use async_trait::async_trait;
use sosik_feed::{CommentId, PersonId, StoryId};

use crate::{
    CommentEdit, CommentRecord, Committed, DeletedComment, Edited, Idempotency, NewComment, Posted,
    StoreResult, StoryCounts,
};

/// Likes of a deleted comment that its deletion removes: some milliseconds of the writer.
/// [`purge_comment_likes`](crate::CommentLikes::purge_comment_likes) removes the others.
pub const COMMENT_LIKES_REMOVED_MAX: u32 = 1_000;

/// Comments on stories and their replies, oldest first.
///
/// A comment that is deleted while it has replies stays as a row without a text, so that the replies keep their place. The
/// row goes away with its last reply. No count contains it.
#[async_trait]
pub trait Comments {
    /// Inserts a comment. Notifies the author of the comment that it answers and of the parent, the story's author and the
    /// mentioned people, as far as they may see the story, each once. Notifications carry the comment's id. Returns the
    /// story's counts after it. The caller checks whether the author may see the story; this method checks that the story
    /// exists.
    async fn comment(
        &self,
        comment: NewComment,
    ) -> StoreResult<Committed<(Posted<CommentId>, StoryCounts)>>;

    /// The outcome of an earlier request to comment with this key: [`Posted::Repeated`] or [`Posted::KeyReused`]. `None` if
    /// the key is unused.
    async fn earlier_comment(
        &self,
        author: PersonId,
        idempotency: Idempotency,
    ) -> StoreResult<Option<Posted<CommentId>>>;

    /// One comment of a story that is not deleted.
    async fn comment_by_id(&self, comment: CommentId) -> StoreResult<Option<CommentRecord>>;

    /// Comments of a story that are no replies, oldest first, after `after` (0: from the start), at most `limit`. Includes
    /// deleted ones with replies.
    async fn comments_of(
        &self,
        story: StoryId,
        after: CommentId,
        limit: u32,
    ) -> StoreResult<Vec<CommentRecord>>;

    /// Replies to a comment, oldest first, after `after` (0: from the start), at most `limit`. None if the story is
    /// deleted.
    async fn replies_of(
        &self,
        parent: CommentId,
        after: CommentId,
        limit: u32,
    ) -> StoreResult<Vec<CommentRecord>>;

    /// The authors of the first replies to each of these comments, oldest reply first, at most `each` for one comment. One
    /// entry for each reply.
    async fn reply_authors(
        &self,
        parents: &[CommentId],
        each: u32,
    ) -> StoreResult<Vec<(CommentId, PersonId)>>;

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

    /// Deletes a comment with its likes and notifications if `person` wrote it or wrote its story. Its replies stay. `None`
    /// if there is no comment that the person may delete.
    async fn delete_comment(
        &self,
        comment: CommentId,
        person: PersonId,
    ) -> StoreResult<Committed<Option<DeletedComment>>>;
}
