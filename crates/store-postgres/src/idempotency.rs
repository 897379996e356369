//! Idempotency keys: the result of a request, stored in the transaction of its write.
//!
//! The key is inserted before the write. A repeat at the same time waits for the primary key, so only one of the two
//! writes.

use sosik_feed::{PersonId, RawId, Timestamp};

use super::row::Row;
use super::sql::{Query, Value, bind, statements};
use super::tx::Tx;
use sosik_store::engine::{Earlier, Operation};
use sosik_store::{Idempotency, StoreError, StoreResult};

statements! {
    KEY_INSERT = "INSERT INTO idempotency (bucket, person, kind, key, fingerprint, answer, given_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (person, kind, key, bucket) DO NOTHING";
    KEY_LOOKUP = "SELECT fingerprint, answer FROM idempotency
        WHERE bucket = $1 AND person = $2 AND kind = $3 AND key = $4";
    KEY_RELEASE = "DELETE FROM idempotency WHERE bucket = $1 AND person = $2 AND kind = $3 AND key = $4";
    KEYS_OLD = "SELECT person, kind, key FROM idempotency WHERE given_at < $1 ORDER BY given_at LIMIT $2";
    KEYS_FORGET = "DELETE FROM idempotency i
        USING unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::text[]) AS old (bucket, person, kind, key)
        WHERE i.bucket = old.bucket AND i.person = old.person AND i.kind = old.kind AND i.key = old.key
          AND i.given_at < $5";
}

/// A request with a key.
pub(crate) struct Request<'a> {
    pub(crate) person: PersonId,
    pub(crate) operation: Operation,
    pub(crate) idempotency: &'a Idempotency,
    /// The result of the request, if it is new.
    pub(crate) answer: RawId,
    pub(crate) now: Timestamp,
}

/// Looks up an earlier request with this key.
pub(crate) async fn earlier(
    tx: &Tx,
    person: PersonId,
    operation: Operation,
    asked: &Idempotency,
) -> StoreResult<Earlier> {
    let earlier = tx.row(lookup(person, operation, asked), result_of).await?;
    Ok(earlier.map_or(Earlier::New, |(fingerprint, answer)| {
        Earlier::used(fingerprint, answer, asked)
    }))
}

/// Stores the result for the key, or finds an earlier request with this key.
pub(crate) async fn take(tx: &Tx, request: &Request<'_>) -> StoreResult<Earlier> {
    if tx.changes(insert(request)).await? {
        return Ok(Earlier::New);
    }
    match earlier(tx, request.person, request.operation, request.idempotency).await? {
        // The key expired between the two statements.
        Earlier::New => Err(StoreError::Busy),
        earlier => Ok(earlier),
    }
}

/// The fingerprint and the result of a request.
fn result_of(row: &Row) -> StoreResult<(u64, RawId)> {
    let fingerprint: i64 = row.get(0)?;
    Ok((fingerprint.cast_unsigned(), RawId::from_i64(row.get(1)?)))
}

fn insert(request: &Request<'_>) -> Query {
    bind!(
        KEY_INSERT,
        request.person.bucket(),
        request.person,
        request.operation as i64,
        &request.idempotency.key,
        request.idempotency.fingerprint,
        request.answer,
        request.now
    )
}

fn lookup(person: PersonId, operation: Operation, asked: &Idempotency) -> Query {
    let kind = operation as i64;
    bind!(KEY_LOOKUP, person.bucket(), person, kind, &asked.key)
}

/// Removes a key that this transaction took, because the request has no result.
pub(crate) fn release(request: &Request<'_>) -> Query {
    let (person, kind) = (request.person, request.operation as i64);
    bind!(
        KEY_RELEASE,
        person.bucket(),
        person,
        kind,
        &request.idempotency.key
    )
}

/// Removes keys that were first used before `before`, at most `limit`. Returns their number.
pub(crate) async fn forget(tx: &Tx, before: Timestamp, limit: u32) -> StoreResult<u64> {
    let (mut people, mut kinds, mut keys) = (vec![], vec![], vec![]);
    tx.rows(bind!(KEYS_OLD, before, limit), |row| {
        people.push(row.get::<PersonId>(0)?);
        kinds.push(row.get::<i64>(1)?);
        keys.push(row.get::<String>(2)?);
        Ok(())
    })
    .await?;
    tx.execute(bind!(
        KEYS_FORGET,
        Value::buckets(people.iter().map(|person| person.bucket())),
        people,
        kinds,
        keys,
        before
    ))
    .await
}
