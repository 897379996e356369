//! The daily limit on notifications of mentions that a person sends to people without a connection.

use rusqlite::params;
use sosik_feed::{PersonId, Timestamp};

use super::db::Db;
use super::statement::statements;
use sosik_store::{PersonLimits, StoreResult};

statements! {
    STRANGER_MENTION = "INSERT INTO stranger_mentions (person, day, mentions) SELECT ?1, ?2, 1 WHERE ?3 > 0
        ON CONFLICT (person) DO UPDATE SET mentions = CASE WHEN day = ?2 THEN mentions + 1 ELSE 1 END, day = ?2
        WHERE day <> ?2 OR mentions < ?3";
}

const DAY_MS: i64 = 86_400_000;

/// Takes one notification from the limit of the day. Returns whether one was left.
pub(super) fn take(
    db: &Db<'_>,
    person: PersonId,
    now: Timestamp,
    limits: &PersonLimits,
) -> StoreResult<bool> {
    let day = now.as_i64().div_euclid(DAY_MS);
    let max = limits.stranger_mentions_per_day_max;
    db.changes(STRANGER_MENTION, params![person.as_i64(), day, max])
}
