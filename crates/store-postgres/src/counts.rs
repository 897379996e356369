//! Counts of friends, follows and followers, in the transaction of the rows that they count.
//!
//! The row of a person is also the lock of their relations: see [`lock`].

use sosik_feed::PersonId;
use sosik_store::StoreResult;

use super::row::Answer;
use super::sql::{Query, Value, bind, statements};

statements! {
    COUNTS_START = "INSERT INTO person_counts (bucket, person) SELECT * FROM unnest($1::smallint[], $2::bigint[])";
    COUNTS_LOCK = "SELECT friends, follows FROM person_counts WHERE bucket = $1 AND person = $2 FOR UPDATE";
    COUNTS_READ = "SELECT friends, follows FROM person_counts WHERE bucket = $1 AND person = $2";
    FRIENDS_ADD = "UPDATE person_counts SET friends = friends + $3 WHERE bucket = $1 AND person = $2";
    FOLLOWS_ADD = "UPDATE person_counts SET follows = follows + $3 WHERE bucket = $1 AND person = $2";
    FOLLOWERS_ADD = "UPDATE person_counts SET followers = followers + $3 WHERE bucket = $1 AND person = $2";
    FRIENDS_ADD_MANY = "UPDATE person_counts c SET friends = friends + more.number
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS more (bucket, person, number)
        WHERE c.bucket = more.bucket AND c.person = more.person";
    FOLLOWS_ADD_MANY = "UPDATE person_counts c SET follows = follows + more.number
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS more (bucket, person, number)
        WHERE c.bucket = more.bucket AND c.person = more.person";
    FOLLOWERS_ADD_MANY = "UPDATE person_counts c SET followers = followers + more.number
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS more (bucket, person, number)
        WHERE c.bucket = more.bucket AND c.person = more.person";
}

/// The counts of a person that have a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Limited {
    pub(crate) friends: u32,
    pub(crate) follows: u32,
}

/// Starts the counts of new people.
pub(crate) fn start(people: &[PersonId]) -> Query {
    bind!(COUNTS_START, buckets(people), people)
}

/// Locks the counts of a person. A transaction that locks several people does it in ascending order of their ids.
pub(crate) fn lock(person: PersonId) -> Query {
    bind!(COUNTS_LOCK, person.bucket(), person)
}

/// Reads the counts of a person without a lock.
pub(crate) fn read(person: PersonId) -> Query {
    bind!(COUNTS_READ, person.bucket(), person)
}

/// The answer to [`lock`] or [`read`]; `None` if the person does not exist.
pub(crate) fn locked(answer: &Answer) -> StoreResult<Option<Limited>> {
    answer.row(|row| {
        Ok(Limited {
            friends: row.get(0)?,
            follows: row.get(1)?,
        })
    })
}

/// Counts new or lost friends of one person.
pub(crate) fn friends(person: PersonId, by: i64) -> Query {
    bind!(FRIENDS_ADD, person.bucket(), person, by)
}

/// Counts a new or lost follow for both people.
pub(crate) fn follow(follower: PersonId, followee: PersonId, by: i64) -> [Query; 2] {
    [
        bind!(FOLLOWS_ADD, follower.bucket(), follower, by),
        bind!(FOLLOWERS_ADD, followee.bucket(), followee, by),
    ]
}

/// Counts new friends of many people.
pub(crate) fn friends_of_many(new: &[(PersonId, i64)]) -> Query {
    many(FRIENDS_ADD_MANY, new)
}

/// Counts new follows of many people.
pub(crate) fn follows_of_many(new: &[(PersonId, i64)]) -> Query {
    many(FOLLOWS_ADD_MANY, new)
}

/// Counts new followers of many people.
pub(crate) fn followers_of_many(new: &[(PersonId, i64)]) -> Query {
    many(FOLLOWERS_ADD_MANY, new)
}

fn many(sql: super::sql::Sql, new: &[(PersonId, i64)]) -> Query {
    let people: Vec<_> = new.iter().map(|(person, _)| *person).collect();
    let numbers: Vec<_> = new.iter().map(|(_, number)| *number).collect();
    bind!(sql, buckets(&people), people, numbers)
}

/// The buckets of people, in their order.
pub(crate) fn buckets(people: &[PersonId]) -> Value {
    Value::buckets(people.iter().map(|person| person.bucket()))
}
