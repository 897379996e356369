//! Stories.

use std::time::Duration;

use async_trait::async_trait;
use sosik_feed::{PersonId, StoryId, Timestamp, Visibility};

use crate::{
    CommitPosition, Committed, Edited, NewStory, Posted, StoreResult, StoryEdit, StoryRecord,
};

/// Longest time from the id of a story, comment or notification to its commit, in a store that several nodes use. A write takes
/// milliseconds. One that takes longer than this is not stored. The delivery watermark relies on it.
pub const ID_AGE_MAX: Duration = Duration::from_secs(20);

/// Stories as rows, independent of their readers.
#[async_trait]
pub trait Stories {
    /// Inserts a story with its delivery order, mentions, tags, notifications and idempotency key, in one transaction.
    /// A repeat makes the delivery of the first attempt due, unless it is done or has failed before, because its worker
    /// may be gone.
    async fn post(&self, story: NewStory) -> StoreResult<Committed<Posted<StoryId>>>;

    /// The stories among these that exist and are not deleted, in no particular order.
    async fn stories(
        &self,
        ids: &[StoryId],
        at_least: CommitPosition,
    ) -> StoreResult<Vec<StoryRecord>>;

    /// Those of these stories that are deleted. A deleted story never comes back.
    async fn deleted_stories(
        &self,
        ids: &[StoryId],
        at_least: CommitPosition,
    ) -> StoreResult<Vec<StoryId>>;

    /// Edits a story and returns the new one; `None` if it does not exist or belongs to another author. A story that
    /// becomes public gets a delivery order in the same transaction (due immediately, without a claim), because
    /// followers have not received it. The people whom only the new text mentions are notified like those of a new story,
    /// but each at most once for a story.
    async fn edit_story(
        &self,
        edit: StoryEdit,
    ) -> StoreResult<Committed<Option<Edited<StoryRecord>>>>;

    /// Deletes a story: its text is removed immediately, and a purge order in the same transaction removes the rest.
    /// Returns whether the author had such a story.
    async fn delete_story(
        &self,
        story: StoryId,
        author: PersonId,
        now: Timestamp,
    ) -> StoreResult<Committed<bool>>;

    /// Ids of an author's stories, newest first, below `before`, at most `limit`.
    async fn stories_of(
        &self,
        author: PersonId,
        visibility: Visibility,
        before: Option<StoryId>,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>>;

    /// Ids of the stories with a tag, newest first, below `before`, at most `limit`: public stories, the viewer's own,
    /// and stories for friends by the viewer's friends. They include stories by people severed from the viewer; the
    /// caller filters these out. The cost grows with the number of the viewer's friends and `limit`, and not with other
    /// people's stories.
    async fn stories_with_tag(
        &self,
        tag: &str,
        viewer: PersonId,
        before: Option<StoryId>,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>>;

    /// Ids of the public stories of all authors, newest first, below `before`, at most `limit`. The cost grows with
    /// `limit` only.
    async fn public_stories(
        &self,
        before: Option<StoryId>,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>>;

    /// Removes a bounded number of the remaining rows of a deleted story. Returns whether none is left.
    async fn purge_story(&self, story: StoryId, rows_max: u32) -> StoreResult<bool>;

    /// Removes idempotency keys that were used before `before`, at most `limit`. Returns their number.
    async fn delete_idempotency_keys(&self, before: Timestamp, limit: u32) -> StoreResult<u64>;
}
