//! Imports and fills of relations: many rows in one transaction. An import skips invalid rows. A fill trusts its
//! caller.
//!
//! An import locks everybody in it, reads what is there, decides in the order given, and inserts all rows of a table
//! with one statement.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use async_trait::async_trait;
use sosik_feed::limits::{FOLLOWS_MAX, FRIENDS_MAX};
use sosik_feed::{NotificationId, PersonId, Timestamp};
use sosik_store::{Bulk, FriendsOf, StoreError, StoreResult};

use super::counts::{self, Limited};
use super::imports::among;
use super::people;
use super::pool::Class;
use super::sql::{Query, Sql, Value, bind, statements};
use super::tx::Tx;
use super::{PostgresStore, changes, notify};

statements! {
    FRIENDS_OF_PAIRS = "SELECT pair.one, pair.other
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS pair (bucket, one, other)
        JOIN friendships f ON f.bucket = pair.bucket AND f.person = pair.one AND f.friend = pair.other";
    FOLLOWS_OF_PAIRS = "SELECT pair.one, pair.other
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS pair (bucket, one, other)
        JOIN follows f ON f.bucket = pair.bucket AND f.follower = pair.one AND f.followee = pair.other";
    BLOCKS_OF_PAIRS = "SELECT pair.one, pair.other
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS pair (bucket, one, other)
        JOIN blocks b ON b.bucket = pair.bucket AND b.blocker = pair.one AND b.blocked = pair.other";
    BLOCKED_BY_OF_PAIRS = "SELECT pair.one, pair.other
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS pair (bucket, one, other)
        JOIN blocked_by b ON b.bucket = pair.bucket AND b.blocked = pair.one AND b.blocker = pair.other";
    REQUESTS_OF_PAIRS = "DELETE FROM requests_sent r
        USING unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS pair (bucket, one, other)
        WHERE r.bucket = pair.bucket AND r.asker = pair.one AND r.asked = pair.other
        RETURNING r.asked, r.notification";
    RECEIVED_OF_PAIRS = "DELETE FROM requests_received r
        USING unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS pair (bucket, one, other)
        WHERE r.bucket = pair.bucket AND r.asked = pair.one AND r.asker = pair.other";
    FRIENDSHIPS_INSERT = "INSERT INTO friendships (bucket, person, friend, since)
        SELECT bucket, person, friend, $4::bigint
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS new (bucket, person, friend)";
    FOLLOWS_INSERT = "INSERT INTO follows (bucket, follower, followee, since)
        SELECT bucket, follower, followee, $4::bigint
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS new (bucket, follower, followee)";
    FOLLOWERS_INSERT = "INSERT INTO followers (bucket, followee, follower, since)
        SELECT bucket, followee, follower, $4::bigint
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS new (bucket, followee, follower)";
    FRIENDS_FILL = "WITH made AS (
            INSERT INTO friendships (bucket, person, friend, since)
            SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[])
            ON CONFLICT (person, friend, bucket) DO NOTHING RETURNING person)
        SELECT person, count(*) FROM made GROUP BY person";
}

/// Maximum number of rows of one statement of a fill. It takes less than a second.
const FILL_ROWS_MAX: usize = 50_000;

type PersonPair = (PersonId, PersonId);

/// Inserts friendships and returns the number inserted. Skips friendships that exist, that would exceed the limit of
/// either side, and those of people who blocked each other or do not exist.
pub(crate) async fn befriend(tx: &Tx, pairs: &[PersonPair], now: Timestamp) -> StoreResult<u64> {
    let mut counted = lock(tx, pairs).await?;
    let mut skipped = taken(tx, FRIENDS_OF_PAIRS, pairs).await?;
    let mut made = Vec::new();
    for &(one, other) in pairs {
        let has_room = |limited: &Limited| limited.friends < FRIENDS_MAX;
        let room = [one, other].map(|person| counted.get(&person).is_some_and(has_room));
        if one == other || room != [true; 2] || skipped.contains(&(one, other)) {
            continue;
        }
        for person in [one, other] {
            counted.entry(person).or_default().friends += 1;
        }
        skipped.extend([(one, other), (other, one)]);
        made.extend([(one, other), (other, one)]);
    }
    let number = made.len() as u64 / 2;
    if number > 0 {
        remove_requests(tx, &made).await?;
        let friends = counts::friends_of_many(&occurrences(&made));
        let grew = changes::log_grown(made.iter().map(|(person, _)| *person));
        tx.last([insert(FRIENDSHIPS_INSERT, &made, now), friends, grew])
            .await?;
    }
    Ok(number)
}

/// Inserts follows and returns the number inserted. Skips follows that exist, that would exceed the limit of the
/// follower, and those of people who blocked each other or do not exist.
pub(crate) async fn follow(tx: &Tx, pairs: &[PersonPair], now: Timestamp) -> StoreResult<u64> {
    let mut counted = lock(tx, pairs).await?;
    let mut skipped = taken(tx, FOLLOWS_OF_PAIRS, pairs).await?;
    let mut made = Vec::new();
    for &(follower, followee) in pairs {
        let exists = follower != followee && counted.contains_key(&followee);
        let Some(limited) = counted.get_mut(&follower).filter(|_| exists) else {
            continue;
        };
        if limited.follows < FOLLOWS_MAX && skipped.insert((follower, followee)) {
            limited.follows += 1;
            made.push((follower, followee));
        }
    }
    if !made.is_empty() {
        let reversed = reversed(&made);
        tx.last([
            insert(FOLLOWS_INSERT, &made, now),
            insert(FOLLOWERS_INSERT, &reversed, now),
            counts::follows_of_many(&occurrences(&made)),
            counts::followers_of_many(&occurrences(&reversed)),
            changes::log_grown(made.iter().map(|(follower, _)| *follower)),
        ])
        .await?;
    }
    Ok(made.len() as u64)
}

/// Locks everybody who exists, in ascending order, and returns their counts.
async fn lock(tx: &Tx, pairs: &[PersonPair]) -> StoreResult<BTreeMap<PersonId, Limited>> {
    let people: BTreeSet<_> = pairs
        .iter()
        .flat_map(|(one, other)| [*one, *other])
        .collect();
    let locks = people.iter().map(|person| counts::lock(*person)).collect();
    let locked = tx.each(locks).await?;
    let mut counted = BTreeMap::new();
    for (person, answer) in people.into_iter().zip(locked) {
        if let Some(limited) = counts::locked(&answer)? {
            counted.insert(person, limited);
        }
    }
    Ok(counted)
}

/// The pairs that exist, and those with a block between them.
async fn taken(tx: &Tx, existing: Sql, pairs: &[PersonPair]) -> StoreResult<HashSet<PersonPair>> {
    let answers = tx
        .batch([
            among(existing, pairs),
            among(BLOCKS_OF_PAIRS, pairs),
            among(BLOCKED_BY_OF_PAIRS, pairs),
        ])
        .await?;
    let mut taken = HashSet::new();
    for answer in answers {
        taken.extend(answer.rows(|row| Ok((row.get(0)?, row.get(1)?)))?);
    }
    Ok(taken)
}

/// Removes the requests between new friends, with their notifications.
async fn remove_requests(tx: &Tx, pairs: &[PersonPair]) -> StoreResult<()> {
    let [removed, _] = tx
        .batch([
            among(REQUESTS_OF_PAIRS, pairs),
            among(RECEIVED_OF_PAIRS, pairs),
        ])
        .await?;
    let notes = removed.rows(|row| Ok((row.get(0)?, row.get(1)?)))?;
    let remove = |(asked, note): (PersonId, NotificationId)| notify::remove(asked, note);
    tx.each(notes.into_iter().map(remove).collect()).await?;
    Ok(())
}

fn insert(sql: Sql, pairs: &[PersonPair], since: Timestamp) -> Query {
    let mut query = among(sql, pairs);
    query.values.push(Value::from(since));
    query
}

fn reversed(pairs: &[PersonPair]) -> Vec<PersonPair> {
    pairs.iter().map(|(one, other)| (*other, *one)).collect()
}

/// How many pairs each person begins, in ascending order of people.
fn occurrences(pairs: &[PersonPair]) -> Vec<(PersonId, i64)> {
    let mut occurrences = BTreeMap::new();
    for (person, _) in pairs {
        *occurrences.entry(*person).or_default() += 1;
    }
    occurrences.into_iter().collect()
}

#[async_trait]
impl Bulk for PostgresStore {
    async fn fill_friends(&self, people: Vec<FriendsOf>) -> StoreResult<u64> {
        let (class, people) = (Class::Administration, &people);
        self.db
            .write(class, "fill in friends", |tx| async move {
                fill(&tx, people).await
            })
            .await
    }
}

async fn fill(tx: &Tx, people: &[FriendsOf]) -> StoreResult<u64> {
    let everybody = people.iter().flat_map(|FriendsOf { person, friends }| {
        let friends = friends.iter().map(|(friend, _)| *friend);
        friends.chain([*person])
    });
    let everybody: BTreeSet<_> = everybody.collect();
    if people::existing(tx, everybody.clone()).await? != everybody {
        return Err(StoreError::failed(
            "fill in friends",
            "a person does not exist",
        ));
    }
    let rows: Vec<_> = people.iter().flat_map(rows_of).collect();
    let mut new = BTreeMap::<PersonId, i64>::new();
    for chunk in rows.chunks(FILL_ROWS_MAX) {
        for (person, number) in fill_rows(tx, chunk).await? {
            *new.entry(person).or_default() += number;
        }
    }
    let new: Vec<_> = new.into_iter().collect();
    // The constraint of the limit is on the count.
    tx.last([counts::friends_of_many(&new)]).await?;
    Ok(new.iter().map(|(_, number)| number.unsigned_abs()).sum())
}

type FriendRow = (PersonId, PersonId, Timestamp);

fn rows_of(of: &FriendsOf) -> impl Iterator<Item = FriendRow> {
    let friends = of.friends.iter();
    friends.map(|(friend, since)| (of.person, *friend, *since))
}

/// Inserts rows. Returns the people with new friends, and their numbers.
async fn fill_rows(tx: &Tx, rows: &[FriendRow]) -> StoreResult<Vec<(PersonId, i64)>> {
    let people: Vec<_> = rows.iter().map(|(person, ..)| *person).collect();
    let friends: Vec<_> = rows.iter().map(|(_, friend, _)| *friend).collect();
    let since: Vec<_> = rows.iter().map(|(.., since)| since.as_i64()).collect();
    let insert = bind!(
        FRIENDS_FILL,
        counts::buckets(&people),
        people,
        friends,
        since
    );
    tx.rows(insert, |row| Ok((row.get(0)?, row.get(1)?))).await
}
