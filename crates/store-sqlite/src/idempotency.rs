//! Idempotency keys: the result of a request, stored in the transaction of its write.

use rusqlite::params;
use sosik_feed::{PersonId, RawId, Timestamp};

use super::db::Db;
use super::statement::statements;
use sosik_store::engine::{Earlier, Operation};
use sosik_store::{Idempotency, StoreResult};

statements! {
    KEY_LOOKUP = "SELECT fingerprint, answer FROM idempotency WHERE person = ?1 AND kind = ?2 AND key = ?3";
    KEY_INSERT = "INSERT INTO idempotency (person, kind, key, fingerprint, answer, given_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    KEYS_FORGET = "DELETE FROM idempotency WHERE (person, kind, key) IN
        (SELECT person, kind, key FROM idempotency WHERE given_at < ?1 ORDER BY given_at LIMIT ?2)";
}

/// Looks up an earlier request with this key.
pub(super) fn earlier(
    db: &Db<'_>,
    person: PersonId,
    act: Operation,
    asked: Option<&Idempotency>,
) -> StoreResult<Earlier> {
    let Some(asked) = asked else {
        return Ok(Earlier::New);
    };
    let known = db.row(
        KEY_LOOKUP,
        params![person.as_i64(), act as i64, asked.key],
        |row| {
            Ok((
                row.get::<_, i64>(0)?.cast_unsigned(),
                RawId::from_i64(row.get(1)?),
            ))
        },
    )?;
    Ok(known.map_or(Earlier::New, |(fingerprint, answer)| {
        Earlier::used(fingerprint, answer, asked)
    }))
}

/// Stores the result for the key.
pub(super) fn remember(
    db: &Db<'_>,
    person: PersonId,
    act: Operation,
    asked: Option<&Idempotency>,
    answer: RawId,
    now: Timestamp,
) -> StoreResult<()> {
    let Some(asked) = asked else { return Ok(()) };
    let fingerprint = asked.fingerprint.cast_signed();
    let row = params![
        person.as_i64(),
        act as i64,
        asked.key,
        fingerprint,
        answer.as_i64(),
        now.as_i64()
    ];
    db.execute(KEY_INSERT, row)?;
    Ok(())
}

/// Removes keys that were used before `before`. Returns their number.
pub(super) fn forget(db: &Db<'_>, before: Timestamp, limit: u32) -> StoreResult<u64> {
    Ok(db.execute(KEYS_FORGET, params![before.as_i64(), limit])? as u64)
}
