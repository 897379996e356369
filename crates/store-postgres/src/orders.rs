//! Orders: the outbox of deliveries and purges. Claiming is in `claims`, late stories are in `late`.
//!
//! `ready_at` is the only time of an order: the expiry of its claim, or its due time. `claimed_by` and `claim` are the
//! name of the claim that a worker holds.

use async_trait::async_trait;
use sosik_feed::{PersonId, StoryId, Timestamp};

use super::pool::Class;
use super::row::Row;
use super::sql::{Query, Value, bind, statements};
use super::{PostgresStore, claims, late};
use sosik_store::engine::{order_kind_number, order_kind_of_number};
use sosik_store::{
    Claim, ClaimName, DeadOrder, DeliveryProgress, FailedOrder, HeldOrder, LateStory, NewStory,
    Order, OrderKind, OrderStats, Orders, RETRIED_ORDERS_MAX, StoreResult,
};

statements! {
    ORDER_INSERT = "INSERT INTO orders (bucket, kind, story, author, created_at, claimed_by, claim, ready_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// An order that failed keeps its own due time.
    ORDER_HASTEN = "UPDATE orders SET ready_at = $3
        WHERE bucket = $1 AND kind = 1 AND story = $2 AND NOT dead AND attempts = 0 AND ready_at > $3";
    ORDERS_PROGRESS = "UPDATE orders o SET done_to = greatest(o.done_to, p.done_to), ready_at = $7
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
            AS p (bucket, kind, story, claimed_by, claim, done_to)
        WHERE o.bucket = p.bucket AND o.kind = p.kind AND o.story = p.story
          AND o.claimed_by = p.claimed_by AND o.claim = p.claim
        RETURNING o.kind, o.story, o.claimed_by, o.claim";
    ORDERS_FINISH = "DELETE FROM orders o
        USING unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
            AS d (bucket, kind, story, claimed_by, claim)
        WHERE o.bucket = d.bucket AND o.kind = d.kind AND o.story = d.story
          AND o.claimed_by = d.claimed_by AND o.claim = d.claim";
    ORDERS_FAIL = "UPDATE orders o SET attempts = o.attempts + 1, error = f.error, ready_at = f.due,
            claimed_by = 0, claim = 0, dead = o.attempts + 1 >= $8
        FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[])
            AS f (bucket, kind, story, claimed_by, claim, error, due)
        WHERE o.bucket = f.bucket AND o.kind = f.kind AND o.story = f.story
          AND o.claimed_by = f.claimed_by AND o.claim = f.claim";
    /// The times of claimed orders are in the future, so this scans only claimed orders, by their index.
    ORDERS_RELEASE = "UPDATE orders SET claimed_by = 0, claim = 0, ready_at = $2
        WHERE NOT dead AND ready_at > $2 AND claimed_by = $1";
    DELIVERY_DROP = "DELETE FROM orders WHERE bucket = $1 AND kind = 1 AND story = $2";
    ORDER_FIGURES = "SELECT count(*) FILTER (WHERE NOT dead), count(*) FILTER (WHERE dead),
        min(created_at) FILTER (WHERE NOT dead) FROM orders";
    OLDEST_UNDELIVERED = "SELECT story FROM orders WHERE kind = 1 AND NOT dead ORDER BY story LIMIT 1";
    OLDEST_DUE = "SELECT ready_at FROM orders
        WHERE kind = 1 AND attempts = 0 AND NOT dead AND ready_at <= $1 ORDER BY ready_at LIMIT 1";
    ORDERS_DEAD = "SELECT kind, story, author, done_to, attempts, created_at, error FROM orders
        WHERE dead ORDER BY story, kind LIMIT $1";
}

/// Maximum characters of a stored error: one readable line.
const ERROR_CHARACTERS_MAX: usize = 500;

#[async_trait]
impl Orders for PostgresStore {
    async fn claim_orders(
        &self,
        claim: Claim,
        now: Timestamp,
        limit: u32,
    ) -> StoreResult<Vec<Order>> {
        self.db
            .write(Class::Background, "claim orders", |tx| async move {
                claims::claim(&tx, claim, now, limit).await
            })
            .await
    }

    async fn order_progress(
        &self,
        progress: Vec<(HeldOrder, PersonId)>,
        until: Timestamp,
    ) -> StoreResult<Vec<bool>> {
        let held: Vec<_> = progress.iter().map(|(held, _)| *held).collect();
        let [buckets, kinds, stories, processes, numbers] = columns(&held);
        let done_to: Vec<_> = progress.iter().map(|(_, done_to)| *done_to).collect();
        let update = bind!(
            ORDERS_PROGRESS,
            buckets,
            kinds,
            stories,
            processes,
            numbers,
            done_to,
            until
        );
        let update = self
            .db
            .execute(Class::Background, "record the progress of orders", update);
        let holding = update.await?.rows(held_order)?;
        Ok(held.iter().map(|held| holding.contains(held)).collect())
    }

    async fn finish_orders(&self, done: Vec<HeldOrder>) -> StoreResult<()> {
        let [buckets, kinds, stories, processes, numbers] = columns(&done);
        let finish = bind!(ORDERS_FINISH, buckets, kinds, stories, processes, numbers);
        let finish = self.db.execute(Class::Background, "finish orders", finish);
        finish.await?;
        Ok(())
    }

    async fn fail_orders(&self, failed: Vec<FailedOrder>, attempts_max: u32) -> StoreResult<()> {
        let held: Vec<_> = failed.iter().map(|failed| failed.held).collect();
        let [buckets, kinds, stories, processes, numbers] = columns(&held);
        let cut = |failed: &FailedOrder| failed.error.chars().take(ERROR_CHARACTERS_MAX).collect();
        let errors: Vec<String> = failed.iter().map(cut).collect();
        let due: Vec<_> = failed.iter().map(|failed| failed.due.as_i64()).collect();
        let fail = bind!(
            ORDERS_FAIL,
            buckets,
            kinds,
            stories,
            processes,
            numbers,
            errors,
            due,
            attempts_max
        );
        let fail = self
            .db
            .execute(Class::Background, "record failed orders", fail);
        fail.await?;
        Ok(())
    }

    async fn release_orders(&self, process: u64, now: Timestamp) -> StoreResult<u64> {
        let release = bind!(ORDERS_RELEASE, process, now);
        let release = self
            .db
            .execute(Class::Background, "release orders", release);
        Ok(release.await?.affected)
    }

    async fn order_stats(&self) -> StoreResult<OrderStats> {
        let stats = self
            .db
            .read(Class::Background, "count orders", bind!(ORDER_FIGURES));
        let stats = stats.await?.row(|row| {
            Ok(OrderStats {
                pending: row.get(0)?,
                dead: row.get(1)?,
                oldest: row.get(2)?,
            })
        })?;
        Ok(stats.unwrap_or_default())
    }

    async fn delivery_progress(&self, now: Timestamp) -> StoreResult<DeliveryProgress> {
        self.db
            .snapshot(Class::Background, "find the watermark", |tx| async move {
                let [undelivered, due, oldest_late, newest_late] = tx
                    .batch([
                        bind!(OLDEST_UNDELIVERED),
                        bind!(OLDEST_DUE, now),
                        late::oldest_undelivered(),
                        late::newest(),
                    ])
                    .await?;
                let late = match oldest_late.first::<u64>()? {
                    Some(number) => number - 1,
                    None => newest_late.first()?.unwrap_or(0),
                };
                Ok(DeliveryProgress {
                    oldest_undelivered: undelivered.first()?,
                    late,
                    due_since: due.first()?,
                })
            })
            .await
    }

    async fn late_stories(&self, after: u64) -> StoreResult<Option<Vec<LateStory>>> {
        let late = self
            .db
            .read(Class::Read, "read late stories", late::after(after));
        let late = late.await?.rows(late::late_story)?;
        let complete = late.first().is_none_or(|first| first.number == after + 1);
        Ok(complete.then_some(late))
    }

    async fn dead_orders(&self, limit: u32) -> StoreResult<Vec<DeadOrder>> {
        let dead = bind!(ORDERS_DEAD, limit);
        let dead = self
            .db
            .read(Class::Administration, "list dead orders", dead);
        dead.await?.rows(|row| {
            Ok(DeadOrder {
                order: order(row, Claim::default())?,
                error: row.get(6)?,
            })
        })
    }

    async fn retry_dead_orders(&self, now: Timestamp) -> StoreResult<u64> {
        self.db
            .write(
                Class::Administration,
                "retry dead orders",
                |tx| async move {
                    let dead = bind!(ORDERS_DEAD, RETRIED_ORDERS_MAX);
                    late::retry(&tx, dead, now).await
                },
            )
            .await
    }
}

/// Inserts the delivery order of a new story, either claimed or due immediately.
pub(crate) fn insert_delivery_order(story: &NewStory) -> Query {
    let claim = story.claim.unwrap_or(due_at(story.now));
    let order = NewOrder {
        kind: OrderKind::Deliver,
        story: story.id,
        author: story.author,
        created_at: story.now,
    };
    insert(&order, claim)
}

/// No claim: the order is due from this time.
fn due_at(time: Timestamp) -> Claim {
    Claim {
        name: ClaimName::default(),
        until: time,
    }
}

struct NewOrder {
    kind: OrderKind,
    story: StoryId,
    author: PersonId,
    created_at: Timestamp,
}

fn insert(order: &NewOrder, claim: Claim) -> Query {
    bind!(
        ORDER_INSERT,
        order.story.bucket(),
        order_kind_number(order.kind),
        order.story,
        order.author,
        order.created_at,
        claim.name.process,
        claim.name.number,
        claim.until
    )
}

/// Makes a delivery due, if there is one that never failed. Its claim holds until another one is made.
pub(crate) fn make_delivery_due(story: StoryId, now: Timestamp) -> Query {
    bind!(ORDER_HASTEN, story.bucket(), story, now)
}

/// Replaces the delivery of a deleted story by a purge. A worker that is delivering it loses its claim and learns this
/// when it records its progress.
pub(crate) fn replace_by_purge(story: StoryId, author: PersonId, now: Timestamp) -> [Query; 2] {
    let purge = NewOrder {
        kind: OrderKind::Purge,
        story,
        author,
        created_at: now,
    };
    let drop = bind!(DELIVERY_DROP, story.bucket(), story);
    [drop, insert(&purge, due_at(now))]
}

/// The columns that identify orders and their claims: bucket, kind, story, process, number of the claim.
fn columns(held: &[HeldOrder]) -> [Value; 5] {
    let column = |value: fn(&HeldOrder) -> i64| Value::Ints(held.iter().map(value).collect());
    [
        Value::buckets(held.iter().map(|held| held.story.bucket())),
        column(|held| order_kind_number(held.kind)),
        column(|held| held.story.as_i64()),
        column(|held| held.claim.process.cast_signed()),
        column(|held| held.claim.number.cast_signed()),
    ]
}

fn held_order(row: &Row) -> StoreResult<HeldOrder> {
    Ok(HeldOrder {
        kind: order_kind_of_number(row.get(0)?),
        story: row.get(1)?,
        claim: ClaimName {
            process: row.get::<i64>(2)?.cast_unsigned(),
            number: row.get::<i64>(3)?.cast_unsigned(),
        },
    })
}

/// Reads an order from its first six columns.
pub(crate) fn order(row: &Row, claim: Claim) -> StoreResult<Order> {
    Ok(Order {
        kind: order_kind_of_number(row.get(0)?),
        story: row.get(1)?,
        author: row.get(2)?,
        done_to: row.get(3)?,
        attempts: row.get(4)?,
        created_at: row.get(5)?,
        claim,
    })
}
