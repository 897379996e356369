//! Imports and fills of relations: many rows in one transaction. An import skips invalid rows. A fill trusts its
//! caller.
//!
//! A filled row costs one or two microseconds, an imported row ten. Rows are inserted in key order, so both trees of
//! the table grow in one place. Counts and foreign keys are handled once for each person instead of once for each row.

use async_trait::async_trait;
use foldhash::HashSet;
use rusqlite::params;
use sosik_feed::limits::{FOLLOWS_MAX, FRIENDS_MAX};
use sosik_feed::{PersonId, Timestamp};

use super::db::Db;
use super::failure::{is_constraint, of_engine};
use super::friends::remove_request;
use super::statement::{Sql, statements};
use super::{SqliteStore, counts};
use sosik_store::{Bulk, FriendsOf, StoreError, StoreResult};

statements! {
    /// Both rows or none: a statement that violates a constraint inserts nothing. Returns the people with a new friend.
    FRIENDSHIP_IMPORT = "INSERT INTO friendships (person, friend, since)
        SELECT person, friend, ?3 FROM (SELECT ?1 AS person, ?2 AS friend UNION ALL SELECT ?2, ?1)
        WHERE NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = ?1 AND blocked = ?2)
          AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = ?2 AND blocked = ?1)
          AND NOT EXISTS (SELECT 1 FROM person_counts WHERE person IN (?1, ?2) AND friends >= ?4)
        ON CONFLICT DO NOTHING RETURNING person";
    FOLLOW_IMPORT = "INSERT INTO follows (follower, followee, since) SELECT ?1, ?2, ?3
        WHERE NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = ?1 AND blocked = ?2)
          AND NOT EXISTS (SELECT 1 FROM blocks WHERE blocker = ?2 AND blocked = ?1)
          AND NOT EXISTS (SELECT 1 FROM person_counts WHERE person = ?1 AND follows >= ?4)
        ON CONFLICT DO NOTHING RETURNING follower";
    FRIEND_FILL = "INSERT INTO friendships (person, friend, since) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    IS_PERSON = "SELECT 1 FROM people WHERE id = ?1";
    ANY_REQUEST = "SELECT 1 FROM friend_requests LIMIT 1";
}

/// Inserts friendships and returns the number inserted. Skips friendships that exist, that would exceed the limit of
/// either side, and those of people who blocked each other or do not exist.
pub(super) fn befriend(
    db: &Db<'_>,
    pairs: &[(PersonId, PersonId)],
    now: Timestamp,
) -> StoreResult<u64> {
    // A new import has no friend requests, which saves two look-ups for each pair.
    let requests = db.exists(ANY_REQUEST, [])?;
    let mut made = 0;
    for &(one, other) in pairs {
        let befriended = import(db, FRIENDSHIP_IMPORT, (one, other), FRIENDS_MAX, now)?;
        if befriended.is_empty() {
            continue;
        }
        for person in befriended {
            counts::friends(db, person, 1)?;
        }
        made += 1;
        if requests {
            remove_request(db, one, other)?;
            remove_request(db, other, one)?;
        }
    }
    Ok(made)
}

/// Inserts follows and returns the number inserted. Skips rows for the same reasons as for friendships.
pub(super) fn follow(
    db: &Db<'_>,
    pairs: &[(PersonId, PersonId)],
    now: Timestamp,
) -> StoreResult<u64> {
    let mut made = 0;
    for &(follower, followee) in pairs {
        let pair = (follower, followee);
        if !import(db, FOLLOW_IMPORT, pair, FOLLOWS_MAX, now)?.is_empty() {
            counts::follow(db, follower, followee, 1)?;
            made += 1;
        }
    }
    Ok(made)
}

/// Inserts the rows of a pair, unless somebody has `max` already. Returns the people whose row is new.
fn import(
    db: &Db<'_>,
    sql: Sql,
    (one, other): (PersonId, PersonId),
    max: u32,
    now: Timestamp,
) -> StoreResult<Vec<PersonId>> {
    let values = params![one.as_i64(), other.as_i64(), now.as_i64(), max];
    let mut statement = db.prepared(sql)?;
    let inserted = statement
        .query_map(values, |row| Ok(PersonId::from_i64(row.get(0)?)))
        .and_then(Iterator::collect::<rusqlite::Result<_>>);
    match inserted {
        Err(refused) if is_constraint(&refused) => Ok(Vec::new()),
        inserted => inserted.map_err(of_engine),
    }
}

#[async_trait]
impl Bulk for SqliteStore {
    async fn fill_friends(&self, people: Vec<FriendsOf>) -> StoreResult<u64> {
        self.write("fill in friends", move |db| {
            db.without_foreign_keys(|db| fill(db, &people))
        })
        .await
    }
}

fn fill(db: &Db<'_>, people: &[FriendsOf]) -> StoreResult<u64> {
    let mut insert = db.prepared(FRIEND_FILL)?;
    let mut known = db.prepared(IS_PERSON)?;
    // Neighbouring people share most of their friends: each id is looked up once.
    let mut seen = HashSet::default();
    let mut made = 0;
    for FriendsOf { person, friends } in people {
        let mut new = 0;
        for (friend, since) in friends {
            if seen.insert(*friend) && !known.exists([friend.as_i64()]).map_err(of_engine)? {
                return Err(missing("a friend does not exist"));
            }
            new += insert
                .execute([person.as_i64(), friend.as_i64(), since.as_i64()])
                .map_err(of_engine)?;
        }
        // The constraint of the limit is on the count.
        if !counts::friends(db, *person, i64::try_from(new).unwrap_or(i64::MAX))? {
            return Err(missing("a person does not exist"));
        }
        made += new as u64;
    }
    Ok(made)
}

fn missing(who: &'static str) -> StoreError {
    StoreError::failed("fill in friends", who)
}
