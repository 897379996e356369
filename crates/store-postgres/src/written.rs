//! What a person wrote: the counts of their stories, comments and bytes, and the quotas on them.
//!
//! A function that inserts, changes or removes a counted row calls one of these, in the same transaction. Only
//! `maintenance` computes the counts from the rows, and the contract suite compares the two after every behaviour.

use std::collections::BTreeMap;

use sosik_feed::PersonId;

use super::row::Row;
use super::sql::{Query, Value, bind, statements};
use super::tx::Tx;
use sosik_store::engine::Written;
use sosik_store::{PersonLimits, StoreError, StoreResult};

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
/// # Errors
/// `QuotaReached`, or that the person does not exist.
pub(crate) fn check_quotas(
    counts: Option<[i64; 3]>,
    by: Written,
    limits: &PersonLimits,
) -> StoreResult<()> {
    let Some(counts) = counts else {
        let missing = "the author does not exist";
        return Err(StoreError::failed("count what a person wrote", missing));
    };
    by.check_quotas(counts, limits)
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
