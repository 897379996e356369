//! Late stories: those that are delivered after newer ones.
//!
//! Their numbers have no gaps and follow the order of commits: a transaction that takes numbers locks the row of the
//! newest number until it commits. It takes them before it locks orders.

use sosik_feed::{PersonId, StoryId, Timestamp};

use super::orders;
use super::row::{Answer, Row};
use super::sql::{Query, Value, bind, statements};
use super::tx::Tx;
use sosik_store::engine::{LATE_STORIES_KEPT, LateReaders, order_kind_number};
use sosik_store::{Claim, LateStory, OrderKind, StoreResult};

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
    /// A delivery to friends that is in progress starts over. Its worker loses the claim. A late delivery that is not
    /// dead keeps its number: no cursor passes it before its readers have the story.
    DELIVERY_AGAIN = "INSERT INTO orders (bucket, kind, story, author, created_at, ready_at, late)
        VALUES ($1, 1, $2, $3, $4, $4, $5) ON CONFLICT (story, kind, bucket) DO UPDATE
        SET done_to = 0, attempts = 0, dead = false, error = '', claimed_by = 0, claim = 0,
            ready_at = excluded.ready_at,
            late = CASE WHEN orders.late > 0 AND NOT orders.dead THEN orders.late ELSE excluded.late END";
    ORDERS_RETRY = "UPDATE orders o SET dead = false, attempts = 0, ready_at = $5, late = r.late
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS r (bucket, kind, story, late)
        WHERE o.bucket = r.bucket AND o.kind = r.kind AND o.story = r.story AND o.dead";
}

/// Takes a number for a story that becomes public, and locks its delivery. [`redelivery`] reads the answers.
pub(crate) fn take(story: StoryId) -> [Query; 2] {
    let delivery = bind!(DELIVERY_LOCK, story.bucket(), story);
    [bind!(LATE_TAKE, 1_i64), delivery]
}

/// Inserts an order to deliver a story to readers who did not receive it before, due immediately. `taken` has the
/// answers to [`take`]. If it is empty, nothing is inserted.
pub(crate) fn redelivery(
    taken: &[Answer],
    story: StoryId,
    author: PersonId,
    now: Timestamp,
) -> StoreResult<Vec<Query>> {
    let [number, delivery] = taken else {
        return Ok(Vec::new());
    };
    // The watermark waits for friends whose delivery is in progress, and not for those of a dead delivery.
    let readers = match delivery.first()? {
        Some(true) => LateReaders::FriendsToo,
        Some(false) | None => LateReaders::FollowersOnly,
    };
    let number = number.number()?;
    let mut writes = insert(&[(story, author)], number, readers).to_vec();
    writes.push(bind!(
        DELIVERY_AGAIN,
        story.bucket(),
        story,
        author,
        now,
        number
    ));
    Ok(writes)
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

/// Makes dead orders due. The stories delivered by these orders are late for all their readers. `dead` reads the orders.
/// Returns their number.
pub(crate) async fn retry(tx: &Tx, dead: Query, now: Timestamp) -> StoreResult<u64> {
    // Locks the numbers before the orders, as every transaction does.
    let [_locked, dead] = tx.batch([bind!(LATE_TAKE, 0_i64), dead]).await?;
    let dead = dead.rows(|row| orders::order(row, Claim::default()))?;
    let deliveries = dead.iter().filter(|order| order.kind == OrderKind::Deliver);
    let deliveries: Vec<_> = deliveries
        .map(|order| (order.story, order.author))
        .collect();
    let mut numbers = insert_late(tx, &deliveries).await?.into_iter();
    let late = dead.iter().map(|order| match order.kind {
        OrderKind::Deliver => numbers.next().unwrap_or_default(),
        OrderKind::Purge => 0,
    });
    let late: Vec<i64> = late.collect();
    let retried = bind!(
        ORDERS_RETRY,
        Value::buckets(dead.iter().map(|order| order.story.bucket())),
        dead.iter()
            .map(|order| order_kind_number(order.kind))
            .collect::<Vec<_>>(),
        dead.iter().map(|order| order.story).collect::<Vec<_>>(),
        late,
        now
    );
    tx.run(retried).await?;
    Ok(dead.len() as u64)
}

/// Inserts stories that are late for friends, too. Returns their numbers.
async fn insert_late(tx: &Tx, stories: &[(StoryId, PersonId)]) -> StoreResult<Vec<i64>> {
    if stories.is_empty() {
        return Ok(Vec::new());
    }
    let count = i64::try_from(stories.len()).unwrap_or(i64::MAX);
    let last = tx.number(bind!(LATE_TAKE, count)).await?;
    tx.batch(insert(stories, last, LateReaders::FriendsToo))
        .await?;
    Ok(numbers(stories.len(), last))
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
