//! The daily limit on notifications of mentions that a person sends to people without a connection.
//!
//! The caller holds the lock of the person's counts, so the two statements are one step.

use sosik_feed::{PersonId, Timestamp};

use super::sql::{bind, statements};
use super::tx::Tx;
use sosik_store::{PersonLimits, StoreResult};

statements! {
    STRANGER_MENTIONS = "SELECT mentions FROM stranger_mentions WHERE bucket = $1 AND person = $2 AND day = $3";
    STRANGER_MENTIONS_SET = "INSERT INTO stranger_mentions (bucket, person, day, mentions) VALUES ($1, $2, $3, $4)
        ON CONFLICT (person, bucket) DO UPDATE SET day = excluded.day, mentions = excluded.mentions";
}

const DAY_MS: i64 = 86_400_000;

/// Takes up to `wanted` notifications from the limit of the day. Returns the number taken.
pub(crate) async fn take(
    tx: &Tx,
    person: PersonId,
    now: Timestamp,
    wanted: usize,
    limits: &PersonLimits,
) -> StoreResult<usize> {
    let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
    let day = now.as_i64().div_euclid(DAY_MS);
    let sent = bind!(STRANGER_MENTIONS, person.bucket(), person, day);
    let sent = tx.number(sent).await?;
    let left = i64::from(limits.stranger_mentions_per_day_max) - sent;
    let taken = wanted.min(left).max(0);
    if taken > 0 {
        let sent = sent + taken;
        let set = bind!(STRANGER_MENTIONS_SET, person.bucket(), person, day, sent);
        tx.execute(set).await?;
    }
    Ok(usize::try_from(taken).unwrap_or(0))
}
