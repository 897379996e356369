//! Relations between people: the contract, and reads across all of them.
//!
//! The changes are in `friends` (requests and friendships), `follows`, `blocks` (blocks and mutes) and `bulk` (imports).

use async_trait::async_trait;
use sosik_feed::limits::BLOCKERS_HELD_MAX;
use sosik_feed::{Audience, Circle, NotificationId, PersonId, Relation, Timestamp};
use sosik_store::{
    CommitPosition, Committed, LargeAuthorLimits, PeopleList, Position, ReaderChunk, ReadersMax,
    ReadersQuery, RelatedPerson, RelationChange, RelationLimits, Relations, RequestSide,
    StoreResult,
};

use super::pool::Class;
use super::row::{Answer, Row};
use super::sql::{Query, Sql, bind, statements};
use super::tx::Tx;
use super::{PostgresStore, blocks, follows, friends, large, privacy};

statements! {
    RELATION = "SELECT
        EXISTS (SELECT 1 FROM friendships WHERE bucket = $1 AND person = $2 AND friend = $3),
        EXISTS (SELECT 1 FROM requests_sent WHERE bucket = $1 AND asker = $2 AND asked = $3),
        EXISTS (SELECT 1 FROM requests_received WHERE bucket = $1 AND asked = $2 AND asker = $3),
        EXISTS (SELECT 1 FROM follows WHERE bucket = $1 AND follower = $2 AND followee = $3),
        EXISTS (SELECT 1 FROM mutes WHERE bucket = $1 AND muter = $2 AND muted = $3),
        EXISTS (SELECT 1 FROM blocks WHERE bucket = $1 AND blocker = $2 AND blocked = $3),
        EXISTS (SELECT 1 FROM blocked_by WHERE bucket = $1 AND blocked = $2 AND blocker = $3)";
    /// Friends, follows, muted, blocked, blocked by.
    CIRCLE = "SELECT
        ARRAY(SELECT friend FROM friendships WHERE bucket = $1 AND person = $2 ORDER BY friend),
        ARRAY(SELECT followee FROM follows WHERE bucket = $1 AND follower = $2 ORDER BY followee),
        ARRAY(SELECT muted FROM mutes WHERE bucket = $1 AND muter = $2 ORDER BY muted),
        ARRAY(SELECT blocked FROM blocks WHERE bucket = $1 AND blocker = $2 ORDER BY blocked),
        ARRAY(SELECT blocker FROM blocked_by WHERE bucket = $1 AND blocked = $2 ORDER BY blocker LIMIT $3)";
    BLOCKERS_AMONG = "SELECT blocker FROM blocked_by WHERE bucket = $1 AND blocked = $2 AND blocker = ANY($3)";
    LIST_FRIENDS = "SELECT friend, since FROM friendships WHERE bucket = $1 AND person = $2
        AND (since, friend) < ($3, $4) ORDER BY since DESC, friend DESC LIMIT $5";
    LIST_FOLLOWS = "SELECT followee, since FROM follows WHERE bucket = $1 AND follower = $2
        AND (since, followee) < ($3, $4) ORDER BY since DESC, followee DESC LIMIT $5";
    LIST_FOLLOWERS = "SELECT follower, since FROM followers WHERE bucket = $1 AND followee = $2
        AND (since, follower) < ($3, $4) ORDER BY since DESC, follower DESC LIMIT $5";
    LIST_BLOCKS = "SELECT blocked, since FROM blocks WHERE bucket = $1 AND blocker = $2
        AND (since, blocked) < ($3, $4) ORDER BY since DESC, blocked DESC LIMIT $5";
    LIST_MUTES = "SELECT muted, since FROM mutes WHERE bucket = $1 AND muter = $2
        AND (since, muted) < ($3, $4) ORDER BY since DESC, muted DESC LIMIT $5";
    LIST_INCOMING = "SELECT asker, since FROM requests_received WHERE bucket = $1 AND asked = $2
        AND (since, asker) < ($3, $4) ORDER BY since DESC, asker DESC LIMIT $5";
    LIST_OUTGOING = "SELECT asked, since FROM requests_sent WHERE bucket = $1 AND asker = $2
        AND (since, asked) < ($3, $4) ORDER BY since DESC, asked DESC LIMIT $5";
    READERS_FRIENDS = "SELECT friend FROM friendships WHERE bucket = $1 AND person = $2 AND friend > $3
        ORDER BY friend LIMIT $4";
    /// Each part has a limit of its own. Otherwise all followers would be read and sorted.
    READERS_PUBLIC = "SELECT reader FROM (
            (SELECT friend AS reader FROM friendships WHERE bucket = $1 AND person = $2 AND friend > $3
                ORDER BY friend LIMIT $4)
            UNION
            (SELECT follower FROM followers WHERE bucket = $1 AND followee = $2 AND follower > $3
                ORDER BY follower LIMIT $4)) readers
        ORDER BY reader LIMIT $4";
}

#[async_trait]
impl Relations for PostgresStore {
    async fn send_friend_request(
        &self,
        asker: PersonId,
        asked: PersonId,
        limits: RelationLimits,
        notification: NotificationId,
        now: Timestamp,
    ) -> StoreResult<Committed<RelationChange>> {
        let limits = (limits, &self.person_limits);
        self.db
            .commit_new("ask to be friends", notification.raw(), |tx| async move {
                friends::ask(&tx, asker, asked, limits, notification, now).await
            })
            .await
    }

    async fn accept_friend_request(
        &self,
        asked: PersonId,
        asker: PersonId,
        limits: RelationLimits,
        notification: NotificationId,
        now: Timestamp,
    ) -> StoreResult<Committed<RelationChange>> {
        self.db
            .commit_new("accept a friend", notification.raw(), |tx| async move {
                friends::accept(&tx, asked, asker, limits, notification, now).await
            })
            .await
    }

    async fn remove_friend_request(
        &self,
        person: PersonId,
        other: PersonId,
    ) -> StoreResult<Committed<RelationChange>> {
        let limits = &self.person_limits;
        self.db
            .commit(Class::Post, "drop a friend request", |tx| async move {
                friends::withdraw(&tx, person, other, limits).await
            })
            .await
    }

    async fn unfriend(
        &self,
        person: PersonId,
        other: PersonId,
    ) -> StoreResult<Committed<RelationChange>> {
        self.db
            .commit(Class::Post, "unfriend", |tx| async move {
                friends::unfriend(&tx, person, other).await
            })
            .await
    }

    async fn follow(
        &self,
        follower: PersonId,
        followee: PersonId,
        limits: RelationLimits,
        now: Timestamp,
    ) -> StoreResult<Committed<RelationChange>> {
        self.db
            .commit(Class::Post, "follow", |tx| async move {
                follows::follow(&tx, follower, followee, limits, now).await
            })
            .await
    }

    async fn unfollow(
        &self,
        follower: PersonId,
        followee: PersonId,
    ) -> StoreResult<Committed<RelationChange>> {
        self.db
            .commit(Class::Post, "unfollow", |tx| async move {
                follows::unfollow(&tx, follower, followee).await
            })
            .await
    }

    async fn block(
        &self,
        blocker: PersonId,
        blocked: PersonId,
        limits: RelationLimits,
        now: Timestamp,
    ) -> StoreResult<Committed<RelationChange>> {
        self.db
            .commit(Class::Post, "block", |tx| async move {
                blocks::block(&tx, blocker, blocked, limits, now).await
            })
            .await
    }

    async fn unblock(
        &self,
        blocker: PersonId,
        blocked: PersonId,
    ) -> StoreResult<Committed<RelationChange>> {
        self.db
            .commit(Class::Post, "unblock", |tx| async move {
                blocks::unblock(&tx, blocker, blocked).await
            })
            .await
    }

    async fn mute(
        &self,
        muter: PersonId,
        muted: PersonId,
        limits: RelationLimits,
        now: Timestamp,
    ) -> StoreResult<Committed<RelationChange>> {
        self.db
            .commit(Class::Post, "mute", |tx| async move {
                blocks::mute(&tx, muter, muted, limits, now).await
            })
            .await
    }

    async fn unmute(
        &self,
        muter: PersonId,
        muted: PersonId,
    ) -> StoreResult<Committed<RelationChange>> {
        self.db
            .commit(Class::Post, "unmute", |tx| async move {
                blocks::unmute(&tx, muter, muted).await
            })
            .await
    }

    async fn relation(&self, person: PersonId, other: PersonId) -> StoreResult<Relation> {
        let query = relation_query(person, other);
        relation_in(&self.db.read(Class::Read, "read a relation", query).await?)
    }

    async fn circle(&self, person: PersonId, _at_least: CommitPosition) -> StoreResult<Circle> {
        let blockers = i64::from(BLOCKERS_HELD_MAX) + 1;
        let lists = bind!(CIRCLE, person.bucket(), person, blockers);
        let circle = self.db.read(Class::Read, "read a circle", lists);
        Ok(circle.await?.row(circle_in)?.unwrap_or_default())
    }

    async fn have_common_friend(&self, one: PersonId, other: PersonId) -> StoreResult<bool> {
        let context = "look for a friend in common";
        self.db
            .snapshot(Class::Read, context, |tx| async move {
                privacy::have_common_friend(&tx, one, other).await
            })
            .await
    }

    async fn blockers_among(
        &self,
        person: PersonId,
        people: &[PersonId],
    ) -> StoreResult<Vec<PersonId>> {
        let blockers = bind!(BLOCKERS_AMONG, person.bucket(), person, people);
        let blockers = self.db.read(Class::Read, "look up blocks", blockers);
        blockers.await?.column()
    }

    async fn related(
        &self,
        person: PersonId,
        list: PeopleList,
        before: Option<Position>,
        limit: u32,
    ) -> StoreResult<Vec<RelatedPerson>> {
        let page = bind_page(list_of(list), person, before, limit);
        self.db
            .read(Class::Read, "list people", page)
            .await?
            .rows(related_person)
    }

    async fn readers_of_many(
        &self,
        queries: Vec<ReadersQuery>,
        max: ReadersMax,
    ) -> StoreResult<Vec<ReaderChunk>> {
        let (class, queries) = (Class::Background, &queries);
        self.db
            .snapshot(class, "walk the readers of many", |tx| async move {
                readers_of_many(&tx, queries, max).await
            })
            .await
    }

    async fn large_authors(
        &self,
        authors: Vec<PersonId>,
        limits: LargeAuthorLimits,
    ) -> StoreResult<Vec<bool>> {
        large::authors(&self.db, authors, limits).await
    }
}

/// Looks up the relation of `other` to `person`, as `person` sees it. [`relation_in`] reads the answer.
pub(crate) fn relation_query(person: PersonId, other: PersonId) -> Query {
    bind!(RELATION, person.bucket(), person, other)
}

/// The answer to [`relation_query`].
pub(crate) fn relation_in(answer: &Answer) -> StoreResult<Relation> {
    let relation = answer.row(|row| {
        Ok(Relation {
            friend: row.get(0)?,
            requested: row.get(1)?,
            asked: row.get(2)?,
            following: row.get(3)?,
            muted: row.get(4)?,
            blocked: row.get(5)?,
            blocked_by: row.get(6)?,
        })
    })?;
    Ok(relation.unwrap_or_default())
}

/// The relation of `other` to `person`, as `person` sees it.
pub(crate) async fn relation(tx: &Tx, person: PersonId, other: PersonId) -> StoreResult<Relation> {
    relation_in(&tx.run(relation_query(person, other)).await?)
}

fn circle_in(row: &Row) -> StoreResult<Circle> {
    let mut blockers: Vec<PersonId> = row.get(4)?;
    let has_more = blockers.len() > BLOCKERS_HELD_MAX as usize;
    blockers.truncate(BLOCKERS_HELD_MAX as usize);
    let mut severed: Vec<PersonId> = row.get(3)?;
    severed.extend(blockers);
    let circle = Circle::new(row.get(0)?, row.get(1)?, row.get(2)?, severed);
    Ok(match has_more {
        true => circle.with_more_blockers(),
        false => circle,
    })
}

const fn list_of(list: PeopleList) -> Sql {
    match list {
        PeopleList::Friends => LIST_FRIENDS,
        PeopleList::Follows => LIST_FOLLOWS,
        PeopleList::Followers => LIST_FOLLOWERS,
        PeopleList::Blocks => LIST_BLOCKS,
        PeopleList::Mutes => LIST_MUTES,
        PeopleList::Requests(RequestSide::Incoming) => LIST_INCOMING,
        PeopleList::Requests(RequestSide::Outgoing) => LIST_OUTGOING,
    }
}

fn bind_page(sql: Sql, of: PersonId, before: Option<Position>, limit: u32) -> Query {
    page(sql, of.bucket(), of.as_i64(), before, limit)
}

/// One page of a list of people, or of any other rows (person, since). The parameters of the statement: the bucket and
/// the id of the owner, since, person, limit. [`related_person`] reads a row.
pub(crate) fn page(
    sql: Sql,
    bucket: sosik_feed::bucket::Bucket,
    of: i64,
    before: Option<Position>,
    limit: u32,
) -> Query {
    let bound = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let (since, person) = before.map_or((i64::MAX, i64::MAX), |place| {
        (bound(place.key), bound(place.id))
    });
    bind!(sql, bucket, of, since, person, limit)
}

/// A row of a [`page`].
pub(crate) fn related_person(row: &Row) -> StoreResult<RelatedPerson> {
    Ok(RelatedPerson {
        person: row.get(0)?,
        since: row.get(1)?,
    })
}

/// Reads the chunks of as many authors at once as cannot exceed the total, and at least one.
async fn readers_of_many(
    tx: &Tx,
    queries: &[ReadersQuery],
    max: ReadersMax,
) -> StoreResult<Vec<ReaderChunk>> {
    let (mut chunks, mut found) = (Vec::with_capacity(queries.len()), 0);
    while found < max.total && chunks.len() < queries.len() {
        let at_once = (max.total - found) / (max.each.max(1) as usize);
        let next = queries.iter().skip(chunks.len()).take(at_once.max(1));
        let reads = next.map(|query| readers(*query, max.each)).collect();
        for answer in tx.each(reads).await? {
            let chunk = chunk(&answer, max.each)?;
            found += chunk.readers.len();
            chunks.push(chunk);
        }
    }
    Ok(chunks)
}

fn readers(query: ReadersQuery, limit: u32) -> Query {
    let sql = match query.audience {
        Audience::Public => READERS_PUBLIC,
        Audience::Friends => READERS_FRIENDS,
    };
    let author = query.author;
    // One more than requested shows whether more follow.
    bind!(
        sql,
        author.bucket(),
        author,
        query.after,
        i64::from(limit) + 1
    )
}

fn chunk(answer: &Answer, limit: u32) -> StoreResult<ReaderChunk> {
    let mut readers = answer.column()?;
    let last = readers.len() <= limit as usize;
    readers.truncate(limit as usize);
    Ok(ReaderChunk { readers, last })
}
