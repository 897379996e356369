//! Bulk writes of an import, and the queries that make a repeated import idempotent and its summary exact.

use async_trait::async_trait;
use sosik_feed::{CommentId, PersonId, StoryId, Timestamp};

use crate::{ExistingStory, NewComment, NewPerson, NewStory, StoreResult};

/// Each call is one transaction or one read; the caller bounds its size.
#[async_trait]
pub trait Imports {
    /// Creates many accounts in one transaction (import). Skips those whose handle is taken. Returns the number
    /// created.
    async fn sign_up_many(&self, people: Vec<NewPerson>) -> StoreResult<u64>;

    /// Inserts many friendships in one transaction (import), both sides of each. Skips pairs that exist or would exceed
    /// the limit. Returns the number inserted.
    async fn befriend_many(
        &self,
        pairs: Vec<(PersonId, PersonId)>,
        now: Timestamp,
    ) -> StoreResult<u64>;

    /// Inserts many follows in one transaction (import). Returns the number inserted.
    async fn follow_many(
        &self,
        pairs: Vec<(PersonId, PersonId)>,
        now: Timestamp,
    ) -> StoreResult<u64>;

    /// Inserts many stories in one transaction without delivery orders, notifications of mentions or keys (import). A
    /// taken id is a story that was imported before, and is skipped. Returns the number inserted.
    async fn post_many(&self, stories: Vec<NewStory>) -> StoreResult<u64>;

    /// Inserts many comments in one transaction without notifications (import, demo). Skips a reply unless it names a
    /// comment without a parent that exists on the same story or precedes it in the list. Returns the number inserted.
    async fn comment_many(&self, comments: Vec<NewComment>) -> StoreResult<u64>;

    /// Inserts many likes in one transaction without notifications (import, demo). Returns the number inserted.
    async fn like_many(&self, likes: Vec<(PersonId, StoryId, Timestamp)>) -> StoreResult<u64>;

    /// Inserts many likes of comments in one transaction without notifications (demo). Returns the number inserted.
    async fn like_comments_many(
        &self,
        likes: Vec<(PersonId, CommentId, Timestamp)>,
    ) -> StoreResult<u64>;

    /// The people with these handles (lower case), one result for each handle, in the given order.
    async fn ids_of_handles(&self, handles: Vec<String>) -> StoreResult<Vec<Option<PersonId>>>;

    /// The number of these pairs that are friends.
    async fn friends_among(&self, pairs: Vec<(PersonId, PersonId)>) -> StoreResult<u64>;

    /// The number of these pairs in which the first person follows the second.
    async fn follows_among(&self, pairs: Vec<(PersonId, PersonId)>) -> StoreResult<u64>;

    /// The ids in use from `first` to `last`, both included. Deleted stories count.
    async fn existing_stories(
        &self,
        first: StoryId,
        last: StoryId,
    ) -> StoreResult<Vec<ExistingStory>>;
}
