//! Friendships, follows, blocks and mutes.

use async_trait::async_trait;
use sosik_feed::{Audience, Circle, NotificationId, PersonId, Relation, Timestamp};

use crate::{
    LargeAuthorLimits, PeopleList, Position, ReaderChunk, ReadersAsk, ReadersMax, RelatedPerson,
    RelationChange, RelationLimits, StoreResult,
};

/// What people are to each other.
///
/// Friendship is symmetric and holds at most 5,000 on either side by a constraint of the store, however many accept
/// at once. Every change is idempotent.
#[async_trait]
pub trait Relations {
    /// Asks to be friends; when the other asked before, the two become friends. Two who ask each other at the same
    /// time become friends as well. Tells the other one (a notification with the id given).
    async fn ask_friend(
        &self,
        asker: PersonId,
        asked: PersonId,
        limits: RelationLimits,
        notification: NotificationId,
        now: Timestamp,
    ) -> StoreResult<RelationChange>;

    /// Accepts the request of `asker`. Tells the asker.
    async fn accept_friend(
        &self,
        asked: PersonId,
        asker: PersonId,
        limits: RelationLimits,
        notification: NotificationId,
        now: Timestamp,
    ) -> StoreResult<RelationChange>;

    /// Takes back one's own request or declines the other's, whichever there is.
    async fn drop_request(&self, person: PersonId, other: PersonId) -> StoreResult<RelationChange>;

    /// Ends a friendship.
    async fn unfriend(&self, person: PersonId, other: PersonId) -> StoreResult<RelationChange>;

    /// Follows.
    async fn follow(
        &self,
        follower: PersonId,
        followee: PersonId,
        limits: RelationLimits,
        now: Timestamp,
    ) -> StoreResult<RelationChange>;

    /// Stops following.
    async fn unfollow(&self, follower: PersonId, followee: PersonId)
    -> StoreResult<RelationChange>;

    /// Blocks: friendship, friend requests and follows between the two end, either way, in the same transaction.
    async fn block(
        &self,
        blocker: PersonId,
        blocked: PersonId,
        limits: RelationLimits,
        now: Timestamp,
    ) -> StoreResult<RelationChange>;

    /// Unblocks. Nothing that the block ended comes back.
    async fn unblock(&self, blocker: PersonId, blocked: PersonId) -> StoreResult<RelationChange>;

    /// Mutes; the other is not told.
    async fn mute(
        &self,
        muter: PersonId,
        muted: PersonId,
        limits: RelationLimits,
        now: Timestamp,
    ) -> StoreResult<RelationChange>;

    /// Unmutes.
    async fn unmute(&self, muter: PersonId, muted: PersonId) -> StoreResult<RelationChange>;

    /// What `other` is to `person`.
    async fn relation(&self, person: PersonId, other: PersonId) -> StoreResult<Relation>;

    /// All that entitlement needs to know about a reader.
    async fn circle(&self, person: PersonId) -> StoreResult<Circle>;

    /// One page of a list, newest first, behind `before`.
    async fn related(
        &self,
        person: PersonId,
        list: PeopleList,
        before: Option<Position>,
        limit: u32,
    ) -> StoreResult<Vec<RelatedPerson>>;

    /// The next readers of an author's stories of this audience behind `after`, ascending, at most `limit`: friends,
    /// and for public stories followers too.
    async fn readers_of(
        &self,
        author: PersonId,
        audience: Audience,
        after: PersonId,
        limit: u32,
    ) -> StoreResult<ReaderChunk>;

    /// The next readers of many authors, in one read: one chunk for each of the first asks, at least one. The others are
    /// left for the next read.
    async fn readers_of_many(
        &self,
        asks: Vec<ReadersAsk>,
        max: ReadersMax,
    ) -> StoreResult<Vec<ReaderChunk>>;

    /// Returns for each author, in order, whether it is large. Updates their marks by the limits.
    async fn large_authors(
        &self,
        authors: Vec<PersonId>,
        limits: LargeAuthorLimits,
    ) -> StoreResult<Vec<bool>>;

    /// Is the author large? Brings the mark up to date by the limits (hysteresis) and answers it.
    async fn is_large_author(
        &self,
        author: PersonId,
        limits: LargeAuthorLimits,
    ) -> StoreResult<bool>;

    /// Makes friendships in bulk (import), both sides each, one transaction. Pairs that exist or that would pass the
    /// limit are left out; answers how many were new.
    async fn befriend_many(
        &self,
        pairs: Vec<(PersonId, PersonId)>,
        now: Timestamp,
    ) -> StoreResult<u64>;

    /// Makes follows in bulk (import), one transaction; answers how many were new.
    async fn follow_many(
        &self,
        pairs: Vec<(PersonId, PersonId)>,
        now: Timestamp,
    ) -> StoreResult<u64>;
}
