//! Relations between people: the contract, and reads across all of them.
//!
//! The changes are in `friends` (requests and friendships), `blocks` (blocks and mutes) and `bulk` (imports); follows
//! and lists are here.

use async_trait::async_trait;
use rusqlite::params;
use sosik_feed::limits::{BLOCKERS_HELD_MAX, FOLLOWS_MAX};
use sosik_feed::{Audience, Circle, NotificationId, PersonId, Relation, Timestamp};

use super::db::Db;
use super::statement::{Sql, statements};
use super::{SqliteStore, blocks, counts, friends, people, privacy};
use sosik_store::{
    CommitPosition, Committed, LargeAuthorLimits, PeopleList, Position, ReaderChunk, ReadersMax,
    ReadersQuery, RelatedPerson, RelationChange, RelationLimits, Relations, RequestSide,
    StoreResult,
};

statements! {
    FOLLOW_INSERT = "INSERT INTO follows (follower, followee, since) VALUES (?1, ?2, ?3)";
    FOLLOW_DELETE = "DELETE FROM follows WHERE follower = ?1 AND followee = ?2";
    RELATION = "SELECT
        EXISTS (SELECT 1 FROM friendships WHERE person = ?1 AND friend = ?2),
        EXISTS (SELECT 1 FROM friend_requests WHERE asker = ?1 AND asked = ?2),
        EXISTS (SELECT 1 FROM friend_requests WHERE asker = ?2 AND asked = ?1),
        EXISTS (SELECT 1 FROM follows WHERE follower = ?1 AND followee = ?2),
        EXISTS (SELECT 1 FROM mutes WHERE muter = ?1 AND muted = ?2),
        EXISTS (SELECT 1 FROM blocks WHERE blocker = ?1 AND blocked = ?2),
        EXISTS (SELECT 1 FROM blocks WHERE blocker = ?2 AND blocked = ?1)";
    CIRCLE_FRIENDS = "SELECT friend FROM friendships WHERE person = ?1 ORDER BY friend";
    CIRCLE_FOLLOWS = "SELECT followee FROM follows WHERE follower = ?1 ORDER BY followee";
    CIRCLE_MUTED = "SELECT muted FROM mutes WHERE muter = ?1 ORDER BY muted";
    CIRCLE_BLOCKED = "SELECT blocked FROM blocks WHERE blocker = ?1 ORDER BY blocked";
    CIRCLE_BLOCKED_BY = "SELECT blocker FROM blocks WHERE blocked = ?1 ORDER BY blocker LIMIT ?2";
    IS_BLOCKED_BY = "SELECT 1 FROM blocks WHERE blocked = ?1 AND blocker = ?2";
    LIST_FRIENDS = "SELECT friend, since FROM friendships
        WHERE person = ?1 AND (since, friend) < (?2, ?3) ORDER BY since DESC, friend DESC LIMIT ?4";
    LIST_FOLLOWS = "SELECT followee, since FROM follows
        WHERE follower = ?1 AND (since, followee) < (?2, ?3) ORDER BY since DESC, followee DESC LIMIT ?4";
    LIST_FOLLOWERS = "SELECT follower, since FROM follows
        WHERE followee = ?1 AND (since, follower) < (?2, ?3) ORDER BY since DESC, follower DESC LIMIT ?4";
    LIST_BLOCKS = "SELECT blocked, since FROM blocks
        WHERE blocker = ?1 AND (since, blocked) < (?2, ?3) ORDER BY since DESC, blocked DESC LIMIT ?4";
    LIST_MUTES = "SELECT muted, since FROM mutes
        WHERE muter = ?1 AND (since, muted) < (?2, ?3) ORDER BY since DESC, muted DESC LIMIT ?4";
    LIST_INCOMING = "SELECT asker, since FROM friend_requests
        WHERE asked = ?1 AND (since, asker) < (?2, ?3) ORDER BY since DESC, asker DESC LIMIT ?4";
    LIST_OUTGOING = "SELECT asked, since FROM friend_requests
        WHERE asker = ?1 AND (since, asked) < (?2, ?3) ORDER BY since DESC, asked DESC LIMIT ?4";
    READERS_FRIENDS = "SELECT friend FROM friendships WHERE person = ?1 AND friend > ?2 ORDER BY friend LIMIT ?3";
    READERS_PUBLIC = "SELECT friend AS reader FROM friendships WHERE person = ?1 AND friend > ?2
        UNION SELECT follower FROM follows WHERE followee = ?1 AND follower > ?2 ORDER BY reader LIMIT ?3";
    READERS_COUNT = "SELECT friends + followers, large FROM person_counts WHERE person = ?1";
    LARGE_UPDATE = "UPDATE person_counts SET large = ?2 WHERE person = ?1";
}

#[async_trait]
impl Relations for SqliteStore {
    async fn send_friend_request(
        &self,
        asker: PersonId,
        asked: PersonId,
        limits: RelationLimits,
        notification: NotificationId,
        now: Timestamp,
    ) -> StoreResult<Committed<RelationChange>> {
        let person_limits = self.person_limits;
        self.commit("ask to be friends", move |db| {
            let limits = (limits, &person_limits);
            friends::ask(db, asker, asked, limits, notification, now)
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
        self.commit("accept a friend", move |db| {
            friends::accept(db, asked, asker, limits, notification, now)
        })
        .await
    }

    async fn remove_friend_request(
        &self,
        person: PersonId,
        other: PersonId,
    ) -> StoreResult<Committed<RelationChange>> {
        let limits = self.person_limits;
        self.commit("drop a friend request", move |db| {
            // Requests never exist in both directions, because a request in return is an acceptance.
            match friends::withdraw(db, person, other, &limits)? {
                RelationChange::Unchanged => friends::withdraw(db, other, person, &limits),
                withdrawn => Ok(withdrawn),
            }
        })
        .await
    }

    async fn unfriend(
        &self,
        person: PersonId,
        other: PersonId,
    ) -> StoreResult<Committed<RelationChange>> {
        self.commit("unfriend", move |db| {
            friends::unfriend(db, person, other).map(RelationChange::changed_if)
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
        self.commit("follow", move |db| {
            follow(db, follower, followee, limits, now)
        })
        .await
    }

    async fn unfollow(
        &self,
        follower: PersonId,
        followee: PersonId,
    ) -> StoreResult<Committed<RelationChange>> {
        self.commit("unfollow", move |db| {
            unfollow(db, follower, followee).map(RelationChange::changed_if)
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
        self.commit("block", move |db| {
            blocks::block(db, blocker, blocked, limits, now)
        })
        .await
    }

    async fn unblock(
        &self,
        blocker: PersonId,
        blocked: PersonId,
    ) -> StoreResult<Committed<RelationChange>> {
        self.commit("unblock", move |db| {
            blocks::unblock(db, blocker, blocked).map(RelationChange::changed_if)
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
        self.commit("mute", move |db| {
            blocks::mute(db, muter, muted, limits, now)
        })
        .await
    }

    async fn unmute(
        &self,
        muter: PersonId,
        muted: PersonId,
    ) -> StoreResult<Committed<RelationChange>> {
        self.commit("unmute", move |db| {
            blocks::unmute(db, muter, muted).map(RelationChange::changed_if)
        })
        .await
    }

    async fn relation(&self, person: PersonId, other: PersonId) -> StoreResult<Relation> {
        self.read("read a relation", move |db| relation(db, person, other))
            .await
    }

    async fn circle(&self, person: PersonId, _at_least: CommitPosition) -> StoreResult<Circle> {
        self.read("read a circle", move |db| circle(db, person))
            .await
    }

    async fn have_common_friend(&self, one: PersonId, other: PersonId) -> StoreResult<bool> {
        self.read("look for a friend in common", move |db| {
            privacy::have_common_friend(db, one, other)
        })
        .await
    }

    async fn blockers_among(
        &self,
        person: PersonId,
        people: &[PersonId],
    ) -> StoreResult<Vec<PersonId>> {
        let people = people.to_vec();
        self.read("look up blocks", move |db| {
            let mut blockers = Vec::new();
            for other in people {
                if db.exists(IS_BLOCKED_BY, [person.as_i64(), other.as_i64()])? {
                    blockers.push(other);
                }
            }
            Ok(blockers)
        })
        .await
    }

    async fn related(
        &self,
        person: PersonId,
        list: PeopleList,
        before: Option<Position>,
        limit: u32,
    ) -> StoreResult<Vec<RelatedPerson>> {
        let sql = match list {
            PeopleList::Friends => LIST_FRIENDS,
            PeopleList::Follows => LIST_FOLLOWS,
            PeopleList::Followers => LIST_FOLLOWERS,
            PeopleList::Blocks => LIST_BLOCKS,
            PeopleList::Mutes => LIST_MUTES,
            PeopleList::Requests(RequestSide::Incoming) => LIST_INCOMING,
            PeopleList::Requests(RequestSide::Outgoing) => LIST_OUTGOING,
        };
        self.read("list people", move |db| {
            related(db, sql, person.as_i64(), before, limit)
        })
        .await
    }

    async fn readers_of_many(
        &self,
        queries: Vec<ReadersQuery>,
        max: ReadersMax,
    ) -> StoreResult<Vec<ReaderChunk>> {
        self.read("walk the readers of many", move |db| {
            let (mut chunks, mut found) = (Vec::with_capacity(queries.len()), 0);
            for query in queries {
                let chunk = readers(db, query, max.each)?;
                found += chunk.readers.len();
                chunks.push(chunk);
                if found >= max.total {
                    break;
                }
            }
            Ok(chunks)
        })
        .await
    }

    async fn large_authors(
        &self,
        authors: Vec<PersonId>,
        limits: LargeAuthorLimits,
    ) -> StoreResult<Vec<bool>> {
        let asked = authors.clone();
        let counted = self.read("count the readers of many", move |db| {
            let count = |author: &PersonId| {
                db.row(READERS_COUNT, [author.as_i64()], |row| {
                    Ok((row.get::<_, u32>(0)?, row.get::<_, bool>(1)?))
                })
            };
            asked.iter().map(count).collect::<StoreResult<Vec<_>>>()
        });
        let (mut large, mut crossed) = (Vec::with_capacity(authors.len()), Vec::new());
        for (author, counted) in authors.into_iter().zip(counted.await?) {
            let (readers, was_large) = counted.unwrap_or_default();
            let is_large = limits.is_large(readers, was_large);
            if is_large != was_large {
                crossed.push((author.as_i64(), is_large));
            }
            large.push(is_large);
        }
        // Rare: only when an author crosses a bound. Concurrent updates write the same value.
        if !crossed.is_empty() {
            self.write("mark large authors", move |db| {
                for values in crossed {
                    db.execute(LARGE_UPDATE, values)?;
                }
                Ok(())
            })
            .await?;
        }
        Ok(large)
    }
}

fn readers(db: &Db<'_>, query: ReadersQuery, limit: u32) -> StoreResult<ReaderChunk> {
    let sql = match query.audience {
        Audience::Public => READERS_PUBLIC,
        Audience::Friends => READERS_FRIENDS,
    };
    // One more than requested shows whether more follow.
    let values = params![
        query.author.as_i64(),
        query.after.as_i64(),
        i64::from(limit) + 1
    ];
    let mut readers = db.rows(sql, values, |row| Ok(PersonId::from_i64(row.get(0)?)))?;
    let last = readers.len() <= limit as usize;
    readers.truncate(limit as usize);
    Ok(ReaderChunk { readers, last })
}

/// The relation of `other` to `person`, as `person` sees it.
pub(super) fn relation(db: &Db<'_>, person: PersonId, other: PersonId) -> StoreResult<Relation> {
    let relation = db.row(RELATION, [person.as_i64(), other.as_i64()], |row| {
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

/// The relation of two different people who exist and may see each other.
pub(super) fn open_relation(
    db: &Db<'_>,
    person: PersonId,
    other: PersonId,
) -> StoreResult<Option<Relation>> {
    if person == other || !people::exists(db, person)? || !people::exists(db, other)? {
        return Ok(None);
    }
    Ok(Some(relation(db, person, other)?).filter(|relation| !relation.severed()))
}

/// Stops following. Returns whether the follow existed.
pub(super) fn unfollow(db: &Db<'_>, follower: PersonId, followee: PersonId) -> StoreResult<bool> {
    let ended = db.changes(FOLLOW_DELETE, [follower.as_i64(), followee.as_i64()])?;
    if ended {
        counts::follow(db, follower, followee, -1)?;
    }
    Ok(ended)
}

/// One page of a list of people, or of any other rows (person, since).
pub(super) fn related(
    db: &Db<'_>,
    sql: Sql,
    of: i64,
    before: Option<Position>,
    limit: u32,
) -> StoreResult<Vec<RelatedPerson>> {
    let bound = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let (since, person) = before.map_or((i64::MAX, i64::MAX), |place| {
        (bound(place.key), bound(place.id))
    });
    db.rows(sql, params![of, since, person, limit], |row| {
        Ok(RelatedPerson {
            person: PersonId::from_i64(row.get(0)?),
            since: Timestamp::from_i64(row.get(1)?),
        })
    })
}

fn follow(
    db: &Db<'_>,
    follower: PersonId,
    followee: PersonId,
    limits: RelationLimits,
    now: Timestamp,
) -> StoreResult<RelationChange> {
    let Some(relation) = open_relation(db, follower, followee)? else {
        return Ok(RelationChange::NoSuchPerson);
    };
    if relation.following {
        return Ok(RelationChange::Unchanged);
    }
    let (_, follows) = people::relation_counts(db, follower)?;
    if follows >= limits.follows_max.min(FOLLOWS_MAX) {
        return Ok(RelationChange::LimitReached);
    }
    db.execute(
        FOLLOW_INSERT,
        [follower.as_i64(), followee.as_i64(), now.as_i64()],
    )?;
    counts::follow(db, follower, followee, 1)?;
    Ok(RelationChange::Changed)
}

fn circle(db: &Db<'_>, person: PersonId) -> StoreResult<Circle> {
    let list = |sql: Sql| {
        db.rows(sql, [person.as_i64()], |row| {
            Ok(PersonId::from_i64(row.get(0)?))
        })
    };
    let values = params![person.as_i64(), BLOCKERS_HELD_MAX + 1];
    let mut blockers = db.rows(CIRCLE_BLOCKED_BY, values, |row| {
        Ok(PersonId::from_i64(row.get(0)?))
    })?;
    let has_more = blockers.len() > BLOCKERS_HELD_MAX as usize;
    blockers.truncate(BLOCKERS_HELD_MAX as usize);
    let mut severed = list(CIRCLE_BLOCKED)?;
    severed.extend(blockers);
    let circle = Circle::new(
        list(CIRCLE_FRIENDS)?,
        list(CIRCLE_FOLLOWS)?,
        list(CIRCLE_MUTED)?,
        severed,
    );
    Ok(match has_more {
        true => circle.with_more_blockers(),
        false => circle,
    })
}
