//! Stories.

use async_trait::async_trait;
use sosik_feed::{PersonId, Sees, StoryId, Timestamp};

use crate::{NewStory, Posted, StoreResult, StoryEdit, StoryRecord};

/// Stories as their authors made them.
#[async_trait]
pub trait Stories {
    /// Keeps a story, its delivery order, its mentions, tags and notifications, and the idempotency key, in one
    /// transaction. A repeat makes the delivery of the first attempt due if it is not done and never failed, because
    /// its worker may be gone.
    async fn post(&self, story: NewStory) -> StoreResult<Posted<StoryId>>;

    /// Keeps many stories at once without delivery orders, mentions' notifications or keys (import), one
    /// transaction. A taken id is a story already imported and is passed over; answers how many were new.
    async fn post_many(&self, stories: Vec<NewStory>) -> StoreResult<u64>;

    /// Those of the stories asked for that exist and are not deleted, in no order.
    async fn stories(&self, ids: &[StoryId]) -> StoreResult<Vec<StoryRecord>>;

    /// Edits; answers the story as it is now, `None` when it does not exist or is not the author's. A story that
    /// becomes public gets a delivery order of the same transaction (due at once, claimed by nobody), since followers
    /// did not get it before.
    async fn edit_story(&self, edit: StoryEdit) -> StoreResult<Option<StoryRecord>>;

    /// Deletes: the text is gone at once, the rest is removed by a purge order of the same transaction.
    /// Answers whether there was such a story of the author.
    async fn delete_story(
        &self,
        story: StoryId,
        author: PersonId,
        now: Timestamp,
    ) -> StoreResult<bool>;

    /// Ids of an author's stories, newest first, below `before`, at most `limit`.
    async fn stories_of(
        &self,
        author: PersonId,
        sees: Sees,
        before: Option<StoryId>,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>>;

    /// Ids of the stories with a tag, newest first, below `before`, at most `limit`: the public ones, the viewer's own,
    /// and those for friends by the viewer's friends. Stories of people severed from the viewer are among them: the
    /// caller leaves these out. The work grows with the viewer's friends and `limit`, not with other people's stories.
    async fn stories_with_tag(
        &self,
        tag: &str,
        viewer: PersonId,
        before: Option<StoryId>,
        limit: u32,
    ) -> StoreResult<Vec<StoryId>>;

    /// Removes a bounded part of what a deleted story left behind; answers whether all of it is gone.
    async fn purge_story(&self, story: StoryId, rows_max: u32) -> StoreResult<bool>;

    /// How many stories there are, not counting deleted ones.
    async fn stories_count(&self) -> StoreResult<u64>;

    /// Forgets idempotency keys given before `before`, at most `limit`; answers how many.
    async fn forget_idempotency(&self, before: Timestamp, limit: u32) -> StoreResult<u64>;
}
