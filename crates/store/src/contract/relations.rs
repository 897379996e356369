//! Friendships, follows, blocks and mutes.

use async_trait::async_trait;
use sosik_feed::{Circle, NotificationId, PersonId, Relation, Timestamp};

use crate::{
    CommitPosition, Committed, LargeAuthorLimits, PeopleList, Position, ReaderChunk, ReadersMax,
    ReadersQuery, RelatedPerson, RelationChange, RelationLimits, StoreResult,
};

/// Relations between people.
///
/// Friendship is symmetric. A constraint of the store limits it to 5,000 on either side, also for concurrent requests.
/// Every change is idempotent.
#[async_trait]
pub trait Relations {
    /// Sends a friend request. If the other person has sent one, the two become friends; so do two people who send
    /// requests at the same time. Notifies the other person with the given id.
    async fn send_friend_request(
        &self,
        asker: PersonId,
        asked: PersonId,
        limits: RelationLimits,
        notification: NotificationId,
        now: Timestamp,
    ) -> StoreResult<Committed<RelationChange>>;

    /// Accepts the request of `asker` and notifies them.
    async fn accept_friend_request(
        &self,
        asked: PersonId,
        asker: PersonId,
        limits: RelationLimits,
        notification: NotificationId,
        now: Timestamp,
    ) -> StoreResult<Committed<RelationChange>>;

    /// Withdraws the person's own request or declines the other's, whichever exists.
    async fn remove_friend_request(
        &self,
        person: PersonId,
        other: PersonId,
    ) -> StoreResult<Committed<RelationChange>>;

    /// Ends a friendship.
    async fn unfriend(
        &self,
        person: PersonId,
        other: PersonId,
    ) -> StoreResult<Committed<RelationChange>>;

    /// Follows a person.
    async fn follow(
        &self,
        follower: PersonId,
        followee: PersonId,
        limits: RelationLimits,
        now: Timestamp,
    ) -> StoreResult<Committed<RelationChange>>;

    /// Stops following a person.
    async fn unfollow(
        &self,
        follower: PersonId,
        followee: PersonId,
    ) -> StoreResult<Committed<RelationChange>>;

    /// Blocks a person. Friendship, friend requests and follows between the two end, in both directions, in the same
    /// transaction.
    async fn block(
        &self,
        blocker: PersonId,
        blocked: PersonId,
        limits: RelationLimits,
        now: Timestamp,
    ) -> StoreResult<Committed<RelationChange>>;

    /// Unblocks a person. Nothing that the block ended is restored.
    async fn unblock(
        &self,
        blocker: PersonId,
        blocked: PersonId,
    ) -> StoreResult<Committed<RelationChange>>;

    /// Mutes a person, who is not notified.
    async fn mute(
        &self,
        muter: PersonId,
        muted: PersonId,
        limits: RelationLimits,
        now: Timestamp,
    ) -> StoreResult<Committed<RelationChange>>;

    /// Unmutes a person.
    async fn unmute(
        &self,
        muter: PersonId,
        muted: PersonId,
    ) -> StoreResult<Committed<RelationChange>>;

    /// The relation of `other` to `person`, as `person` sees it.
    async fn relation(&self, person: PersonId, other: PersonId) -> StoreResult<Relation>;

    /// The circle of a reader: the input of the entitlement rule. If more than
    /// [`BLOCKERS_HELD_MAX`](sosik_feed::limits::BLOCKERS_HELD_MAX) people blocked the reader, it contains this number of
    /// them and is marked ([`Circle::with_more_blockers`]).
    async fn circle(&self, person: PersonId, at_least: CommitPosition) -> StoreResult<Circle>;

    /// Whether two people have a friend in common. Examines at most
    /// [`COMMON_FRIENDS_EXAMINED_MAX`](sosik_feed::limits::COMMON_FRIENDS_EXAMINED_MAX) friends of the one who has fewer.
    /// `false` if none of these is a friend of the other.
    async fn have_common_friend(&self, one: PersonId, other: PersonId) -> StoreResult<bool>;

    /// Those of these people who blocked the person.
    async fn blockers_among(
        &self,
        person: PersonId,
        people: &[PersonId],
    ) -> StoreResult<Vec<PersonId>>;

    /// One page of a list, newest first, below `before`.
    async fn related(
        &self,
        person: PersonId,
        list: PeopleList,
        before: Option<Position>,
        limit: u32,
    ) -> StoreResult<Vec<RelatedPerson>>;

    /// The next readers of many authors, in one read. Returns one chunk for each of the first queries, at least one.
    /// The others are left for the next read.
    async fn readers_of_many(
        &self,
        queries: Vec<ReadersQuery>,
        max: ReadersMax,
    ) -> StoreResult<Vec<ReaderChunk>>;

    /// Returns for each author, in order, whether it is large. Updates their marks by the limits. Not atomic: the marks
    /// are written after the counts are read, so a mark may be that of an earlier count.
    async fn large_authors(
        &self,
        authors: Vec<PersonId>,
        limits: LargeAuthorLimits,
    ) -> StoreResult<Vec<bool>>;
}
