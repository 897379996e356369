//! Late stories: those that are delivered after newer ones.
//!
//! Their numbers have no gaps and follow the order of commits: a transaction that takes numbers locks the row of the
//! newest number until it commits. It takes them before it locks orders.

use sosik_feed::{PersonId, StoryId, Timestamp};

use super::row::Row;
use super::sql::{Query, Value, bind, statements};
use super::tx::Tx;
use sosik_store::{LateStory, StoreResult};

statements! {
    /// Returns the last of the numbers taken.
    LATE_TAKE = "INSERT INTO late_numbers AS n (bucket, newest) VALUES (0, $1)
        ON CONFLICT (bucket) DO UPDATE SET newest = n.newest + $1 RETURNING newest";
    LATE_NEWEST = "SELECT newest FROM late_numbers WHERE bucket = 0";
    LATE_AFTER = "SELECT number, story, author, to_friends FROM late_stories
        WHERE bucket = 0 AND number > $1 ORDER BY number";
    LATE_INSERT = "INSERT INTO late_stories (bucket, number, story, author, to_friends)
        SELECT 0, number, story, author, $4::boolean FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
            AS l (number, story, author)";
    LATE_FORGET = "DELETE FROM late_stories WHERE bucket = 0 AND number <= $1";
    OLDEST_LATE = "SELECT late FROM orders WHERE late > 0 AND NOT dead ORDER BY late LIMIT 1";
    DELIVERY_LOCK = "SELECT dead FROM orders WHERE bucket = $1 AND kind = 1 AND story = $2 FOR UPDATE";
    /// A delivery to friends that is in progress starts over. Its worker loses the claim.
    DELIVERY_AGAIN = "INSERT INTO orders (bucket, kind, story, author, created_at, ready_at, late)
        VALUES ($1, 1, $2, $3, $4, $4, $5) ON CONFLICT (story, kind, bucket) DO UPDATE
        SET done_to = 0, attempts = 0, dead = false, error = '', claimed_by = 0, claim = 0,
            ready_at = excluded.ready_at, late = excluded.late";
    DEAD_DELIVERIES = "SELECT story, author FROM orders WHERE dead AND kind = 1 ORDER BY story LIMIT $1";
    DELIVERIES_RETRY = "UPDATE orders o SET dead = false, attempts = 0, ready_at = $4, late = l.number
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS l (bucket, story, number)
        WHERE o.bucket = l.bucket AND o.kind = 1 AND o.story = l.story AND o.dead";
    PURGES_RETRY = "UPDATE orders SET dead = false, attempts = 0, ready_at = $1 WHERE dead AND kind = 2";
}

/// Maximum number of late stories. After a timeline is lost, a reader queries those after its cursor. Reading all of
/// them takes a few milliseconds. A cursor that is further behind starts over.
const LATE_STORIES_KEPT: i64 = 4_096;

/// Dead deliveries in one statement. Bounds its size: they are all retried in one transaction.
const RETRIED_AT_ONCE: u32 = 1_000;

/// Whether friends get a late story, too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LateReaders {
    FriendsToo,
    FollowersOnly,
}

/// Inserts an order to deliver a story to readers who did not receive it before, due immediately.
pub(crate) async fn insert_redelivery_order(
    tx: &Tx,
    story: StoryId,
    author: PersonId,
    now: Timestamp,
) -> StoreResult<()> {
    let delivery = bind!(DELIVERY_LOCK, story.bucket(), story);
    let [number, delivery] = tx.batch([bind!(LATE_TAKE, 1_i64), delivery]).await?;
    // The watermark waits for friends whose delivery is in progress, and not for those of a dead delivery.
    let readers = match delivery.first()? {
        Some(true) => LateReaders::FriendsToo,
        Some(false) | None => LateReaders::FollowersOnly,
    };
    let number = number.number()?;
    let order = bind!(DELIVERY_AGAIN, story.bucket(), story, author, now, number);
    let [insert, forget] = insert(&[(story, author)], number, readers);
    tx.batch([insert, forget, order]).await?;
    Ok(())
}

/// Inserts late stories, the last one with this number, and deletes rows beyond the maximum.
fn insert(stories: &[(StoryId, PersonId)], last: i64, readers: LateReaders) -> [Query; 2] {
    let insert = bind!(
        LATE_INSERT,
        numbers(stories.len(), last),
        stories.iter().map(|(story, _)| *story).collect::<Vec<_>>(),
        stories
            .iter()
            .map(|(_, author)| *author)
            .collect::<Vec<_>>(),
        readers == LateReaders::FriendsToo
    );
    [insert, bind!(LATE_FORGET, last - LATE_STORIES_KEPT)]
}

/// The numbers of this many stories, up to the last one.
fn numbers(count: usize, last: i64) -> Vec<i64> {
    let first = last - i64::try_from(count).unwrap_or(i64::MAX) + 1;
    (first..=last).collect()
}

/// Makes every dead order due. The stories delivered by these orders are late for all their readers. Returns the number
/// of orders.
pub(crate) async fn retry_dead_orders(tx: &Tx, now: Timestamp) -> StoreResult<u64> {
    // Locks the numbers before the orders, as every transaction does.
    tx.run(bind!(LATE_TAKE, 0_i64)).await?;
    let mut retried = tx.execute(bind!(PURGES_RETRY, now)).await?;
    loop {
        let dead = bind!(DEAD_DELIVERIES, RETRIED_AT_ONCE);
        let dead = tx.rows(dead, |row| Ok((row.get(0)?, row.get(1)?))).await?;
        if dead.is_empty() {
            return Ok(retried);
        }
        retried += retry_deliveries(tx, &dead, now).await?;
    }
}

async fn retry_deliveries(
    tx: &Tx,
    dead: &[(StoryId, PersonId)],
    now: Timestamp,
) -> StoreResult<u64> {
    let count = i64::try_from(dead.len()).unwrap_or(i64::MAX);
    let last = tx.number(bind!(LATE_TAKE, count)).await?;
    let retry = bind!(
        DELIVERIES_RETRY,
        Value::buckets(dead.iter().map(|(story, _)| story.bucket())),
        dead.iter().map(|(story, _)| *story).collect::<Vec<_>>(),
        numbers(dead.len(), last),
        now
    );
    let [insert, forget] = insert(dead, last, LateReaders::FriendsToo);
    let [_, _, retried] = tx.batch([insert, forget, retry]).await?;
    Ok(retried.affected)
}

/// Reads the number of the oldest late story whose delivery is not done.
pub(crate) fn oldest_undelivered() -> Query {
    bind!(OLDEST_LATE)
}

/// Reads the number of the newest late story.
pub(crate) fn newest() -> Query {
    bind!(LATE_NEWEST)
}

/// Reads the late stories after a number, ascending.
pub(crate) fn after(number: u64) -> Query {
    bind!(LATE_AFTER, number)
}

/// Reads a row of [`after`].
pub(crate) fn late_story(row: &Row) -> StoreResult<LateStory> {
    Ok(LateStory {
        number: row.get(0)?,
        story: row.get(1)?,
        author: row.get(2)?,
        to_friends: row.get(3)?,
    })
}
