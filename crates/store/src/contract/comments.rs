//! Comments.

use async_trait::async_trait;
use sosik_feed::{CommentId, PersonId, StoryId, Timestamp};

use crate::{CommentRecord, NewComment, Posted, StoreResult, StoryCounts};

/// Comments on stories, oldest first.
#[async_trait]
pub trait Comments {
    /// Keeps a comment, tells the story's author and the mentioned who may see the story, and answers with the
    /// story's figures after it. Notifications carry the comment's id. Whether the writer may see the story is the caller's business; that the story exists
    /// is checked here.
    async fn comment(&self, comment: NewComment) -> StoreResult<(Posted<CommentId>, StoryCounts)>;

    /// One comment of a story that is not deleted.
    async fn comment_by_id(&self, comment: CommentId) -> StoreResult<Option<CommentRecord>>;

    /// Comments of a story, oldest first, behind `after` (0: from the start), at most `limit`.
    async fn comments_of(
        &self,
        story: StoryId,
        after: CommentId,
        limit: u32,
    ) -> StoreResult<Vec<CommentRecord>>;

    /// The number of comments on a story by people whom the viewer blocked or who blocked the viewer. The cost grows
    /// with the number of these people and their comments, and not with the other comments.
    async fn comments_hidden_from(&self, viewer: PersonId, story: StoryId) -> StoreResult<u32>;

    /// Changes the text; `None` when there is no such comment of the author.
    async fn edit_comment(
        &self,
        comment: CommentId,
        author: PersonId,
        text: String,
        now: Timestamp,
    ) -> StoreResult<Option<CommentRecord>>;

    /// Removes a comment when `person` wrote it or wrote the story it is on; answers the story and its figures
    /// after it, `None` when there was nothing that the person may remove.
    async fn delete_comment(
        &self,
        comment: CommentId,
        person: PersonId,
    ) -> StoreResult<Option<(StoryId, StoryCounts)>>;

    /// Keeps many comments at once without notifications (import, demo), one transaction; answers how many were new.
    async fn comment_many(&self, comments: Vec<NewComment>) -> StoreResult<u64>;
}
