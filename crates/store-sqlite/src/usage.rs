//! Storage used by a person. Triggers maintain the numbers. Writes that increase them check the quota in their
//! transaction.

use rusqlite::params;
use sosik_feed::{PersonId, Timestamp};

use super::db::Db;
use super::statement::statements;
use sosik_store::{PersonLimits, Quota, StoreError, StoreResult};

statements! {
    USAGE = "SELECT stories, comments, text_bytes FROM usage WHERE person = ?1";
    STRANGER_MENTION = "UPDATE usage SET mentions = CASE WHEN mention_day = ?2 THEN mentions + 1 ELSE 1 END, mention_day = ?2
        WHERE person = ?1 AND ?3 > 0 AND (mention_day <> ?2 OR mentions < ?3)";
    USAGE_COUNTED = "SELECT (SELECT count(*) FROM stories WHERE author = ?1 AND deleted_at IS NULL),
        (SELECT count(*) FROM comments WHERE author = ?1),
        (SELECT coalesce(sum(octet_length(text)), 0) FROM stories WHERE author = ?1 AND deleted_at IS NULL)
            + (SELECT coalesce(sum(octet_length(text)), 0) FROM comments WHERE author = ?1)";
    USAGE_MEND = "INSERT INTO usage (person, stories, comments, text_bytes) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (person) DO UPDATE SET stories = excluded.stories, comments = excluded.comments,
        text_bytes = excluded.text_bytes";
}

/// Stories, comments, bytes.
type Usage = [i64; 3];

/// Runs `work`. Returns an error if the person exceeds a quota afterwards; the transaction then rolls the work back.
///
/// A person who already exceeds a quota, because it was lowered, may still delete and shorten.
pub(super) fn within_quota<T>(
    db: &Db<'_>,
    person: PersonId,
    limits: &PersonLimits,
    work: impl FnOnce() -> StoreResult<T>,
) -> StoreResult<T> {
    let before = usage(db, USAGE, person)?.unwrap_or_default();
    let done = work()?;
    let after = usage(db, USAGE, person)?.unwrap_or_default();
    let bytes_max = i64::try_from(limits.text_bytes_max).unwrap_or(i64::MAX);
    let limits = [
        (Quota::Stories, limits.stories_max.into()),
        (Quota::Comments, limits.comments_max.into()),
        (Quota::TextBytes, bytes_max),
    ];
    for ((quota, most), (before, after)) in limits.into_iter().zip(before.into_iter().zip(after)) {
        if after > before && after > most {
            return Err(StoreError::QuotaReached(quota));
        }
    }
    Ok(done)
}

/// Takes one notification of a stranger from the daily limit. Returns whether one was left.
pub(super) fn take_stranger_mention(
    db: &Db<'_>,
    person: PersonId,
    now: Timestamp,
    limits: &PersonLimits,
) -> StoreResult<bool> {
    const DAY_MS: i64 = 86_400_000;
    let day = now.as_i64().div_euclid(DAY_MS);
    let most = limits.stranger_mentions_per_day_max;
    db.changes(STRANGER_MENTION, params![person.as_i64(), day, most])
}

/// Recomputes a person's usage, and returns whether it was wrong.
pub(super) fn repair(db: &Db<'_>, person: PersonId) -> StoreResult<bool> {
    let counted = usage(db, USAGE_COUNTED, person)?.unwrap_or_default();
    if usage(db, USAGE, person)? == Some(counted) {
        return Ok(false);
    }
    let [stories, comments, bytes] = counted;
    db.execute(USAGE_MEND, [person.as_i64(), stories, comments, bytes])?;
    Ok(true)
}

fn usage(db: &Db<'_>, sql: super::statement::Sql, person: PersonId) -> StoreResult<Option<Usage>> {
    db.row(sql, [person.as_i64()], |row| {
        Ok([row.get(0)?, row.get(1)?, row.get(2)?])
    })
}
