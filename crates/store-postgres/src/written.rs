//! What a person wrote: the counts of their stories, comments and bytes, and the quotas on them.
//!
//! A function that inserts, changes or removes a counted row calls one of these, in the same transaction. Only
//! `maintenance` computes the counts from the rows, and the contract suite compares the two after every behaviour.

use std::collections::BTreeMap;

use sosik_feed::{Audience, PersonId};

use super::row::Row;
use super::sql::{Query, Value, bind, statements};
use super::tx::Tx;
use sosik_store::{PersonLimits, Quota, StoreError, StoreResult};

statements! {
    /// Returns the new counts. The row stays locked until the commit, so concurrent writes of one person check the
    /// quotas one after another.
    WRITTEN_ADD = "UPDATE person_counts SET stories = stories + $3, public_stories = public_stories + $4,
        comments = comments + $5, text_bytes = text_bytes + $6 WHERE bucket = $1 AND person = $2
        RETURNING stories, comments, text_bytes";
    WRITTEN_ADD_MANY = "UPDATE person_counts p SET stories = p.stories + w.stories,
            public_stories = p.public_stories + w.public_stories, comments = p.comments + w.comments,
            text_bytes = p.text_bytes + w.text_bytes
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
            AS w (bucket, person, stories, public_stories, comments, text_bytes)
        WHERE p.bucket = w.bucket AND p.person = w.person";
}

/// What a person wrote, as a difference: negative when something is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Written {
    stories: i64,
    public_stories: i64,
    comments: i64,
    text_bytes: i64,
}

impl Written {
    /// A new story with a text of this size.
    pub(crate) fn story(audience: Audience, text_bytes: i64) -> Self {
        Self {
            stories: 1,
            public_stories: i64::from(audience == Audience::Public),
            text_bytes,
            ..Self::default()
        }
    }

    /// A new comment with a text of this size.
    pub(crate) fn comment(text_bytes: i64) -> Self {
        Self {
            comments: 1,
            text_bytes,
            ..Self::default()
        }
    }

    /// From this to `other`, which replaces it.
    pub(crate) const fn to(self, other: Self) -> Self {
        Self {
            stories: other.stories - self.stories,
            public_stories: other.public_stories - self.public_stories,
            comments: other.comments - self.comments,
            text_bytes: other.text_bytes - self.text_bytes,
        }
    }

    /// The removal of this.
    pub(crate) fn removed(self) -> Self {
        self.to(Self::default())
    }

    const fn and(self, other: Self) -> Self {
        Self {
            stories: self.stories + other.stories,
            public_stories: self.public_stories + other.public_stories,
            comments: self.comments + other.comments,
            text_bytes: self.text_bytes + other.text_bytes,
        }
    }
}

/// The bytes of a text, which SQL calls `octet_length`.
pub(crate) fn bytes_of(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

/// Counts what a person wrote, changed or removed. [`check_quotas`] reads the answer.
pub(crate) fn add(person: PersonId, by: Written) -> Query {
    bind!(
        WRITTEN_ADD,
        person.bucket(),
        person,
        by.stories,
        by.public_stories,
        by.comments,
        by.text_bytes
    )
}

/// Checks the counts after a write. On an error, the transaction must not commit.
///
/// A person who already exceeds a quota, because it was lowered, may still delete and shorten.
///
/// # Errors
/// `QuotaReached`, or that the person does not exist.
pub(crate) fn check_quotas(
    counts: Option<[i64; 3]>,
    by: Written,
    limits: &PersonLimits,
) -> StoreResult<()> {
    let Some([stories, comments, text_bytes]) = counts else {
        let missing = "the author does not exist";
        return Err(StoreError::failed("count what a person wrote", missing));
    };
    let text_bytes_max = i64::try_from(limits.text_bytes_max).unwrap_or(i64::MAX);
    let exceeds = |by: i64, after: i64, max: i64| by > 0 && after > max;
    if exceeds(by.stories, stories, limits.stories_max.into()) {
        return Err(StoreError::QuotaReached(Quota::Stories));
    }
    if exceeds(by.comments, comments, limits.comments_max.into()) {
        return Err(StoreError::QuotaReached(Quota::Comments));
    }
    if exceeds(by.text_bytes, text_bytes, text_bytes_max) {
        return Err(StoreError::QuotaReached(Quota::TextBytes));
    }
    Ok(())
}

/// Reads an answer of [`add`].
pub(crate) fn counts(row: &Row) -> StoreResult<[i64; 3]> {
    Ok([row.get(0)?, row.get(1)?, row.get(2)?])
}

/// Counts what many people wrote or removed. In an import, quotas do not apply.
///
/// # Errors
/// One of the people does not exist.
pub(crate) async fn add_many(tx: &Tx, written: &BTreeMap<PersonId, Written>) -> StoreResult<()> {
    if written.is_empty() {
        return Ok(());
    }
    let people = || written.keys();
    let column = |count: fn(&Written) -> i64| written.values().map(count).collect::<Vec<_>>();
    let counted = tx.execute(bind!(
        WRITTEN_ADD_MANY,
        Value::buckets(people().map(|person| person.bucket())),
        people().copied().collect::<Vec<_>>(),
        column(|by| by.stories),
        column(|by| by.public_stories),
        column(|by| by.comments),
        column(|by| by.text_bytes)
    ));
    if counted.await? == written.len() as u64 {
        return Ok(());
    }
    let missing = "an author does not exist";
    Err(StoreError::failed("count what people wrote", missing))
}

/// Adds what a person wrote to the sums of a batch.
pub(crate) fn sum(sums: &mut BTreeMap<PersonId, Written>, person: PersonId, by: Written) {
    let sum = sums.entry(person).or_default();
    *sum = sum.and(by);
}
