//! Claiming orders. The one place that decides how workers share them.
//!
//! A worker reads the orders that are due and then claims those that nobody else has claimed since. Two workers that
//! read the same orders wait for each other at the first row, and the second one finds the rest of them claimed. It
//! reads again. `FOR UPDATE SKIP LOCKED` avoids the wait, but an engine that distributes the table rejects it over
//! several shards.

use sosik_feed::{StoryId, Timestamp};

use super::orders;
use super::sql::{Value, bind, statements};
use super::tx::Tx;
use sosik_store::{Claim, Order, StoreResult};

statements! {
    ORDERS_READY = "SELECT kind, story, ready_at FROM orders WHERE NOT dead AND ready_at <= $1 ORDER BY ready_at LIMIT $2";
    /// A claim changes `ready_at`, so an order that another worker claimed since it was read does not match.
    ORDERS_CLAIM = "UPDATE orders o SET claimed_by = $5, claim = $6, ready_at = $7
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS r (bucket, kind, story, ready_at)
        WHERE o.bucket = r.bucket AND o.kind = r.kind AND o.story = r.story AND o.ready_at = r.ready_at AND NOT o.dead
        RETURNING o.kind, o.story, o.author, o.done_to, o.attempts, o.created_at";
}

/// How often a worker reads again after others have claimed the orders that it read. Afterwards it takes what it has:
/// the others make progress.
const READS_MAX: u32 = 4;

/// Claims orders that are due, those that have waited longest, in order of their stories.
pub(crate) async fn claim(
    tx: &Tx,
    claim: Claim,
    now: Timestamp,
    limit: u32,
) -> StoreResult<Vec<Order>> {
    let mut orders: Vec<Order> = Vec::new();
    for _ in 0..READS_MAX {
        let left = limit.saturating_sub(u32::try_from(orders.len()).unwrap_or(u32::MAX));
        let ready = ready(tx, now, left).await?;
        let claimed = claim_ready(tx, claim, &ready).await?;
        let all = claimed.len() == ready.len();
        orders.extend(claimed);
        if all {
            break;
        }
    }
    orders.sort_unstable_by_key(|order| order.story);
    Ok(orders)
}

/// An order that was due when it was read.
struct Ready {
    kind: i64,
    story: StoryId,
    ready_at: i64,
}

async fn ready(tx: &Tx, now: Timestamp, limit: u32) -> StoreResult<Vec<Ready>> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    tx.rows(bind!(ORDERS_READY, now, limit), |row| {
        Ok(Ready {
            kind: row.get(0)?,
            story: row.get(1)?,
            ready_at: row.get(2)?,
        })
    })
    .await
}

async fn claim_ready(tx: &Tx, claim: Claim, ready: &[Ready]) -> StoreResult<Vec<Order>> {
    if ready.is_empty() {
        return Ok(Vec::new());
    }
    let claimed = bind!(
        ORDERS_CLAIM,
        Value::buckets(ready.iter().map(|order| order.story.bucket())),
        ready.iter().map(|order| order.kind).collect::<Vec<_>>(),
        ready.iter().map(|order| order.story).collect::<Vec<_>>(),
        ready.iter().map(|order| order.ready_at).collect::<Vec<_>>(),
        claim.name.process,
        claim.name.number,
        claim.until
    );
    tx.rows(claimed, |row| orders::order(row, claim)).await
}
