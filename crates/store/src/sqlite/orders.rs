//! Orders: the outbox of deliveries and purges.
//!
//! `ready_at` is the only time an order has: when its claim runs out, or when a failed attempt is due again.

use async_trait::async_trait;
use rusqlite::{Row, params};
use sosik_feed::{PersonId, StoryId, Timestamp};

use super::SqliteStore;
use super::db::Db;
use super::statement::statements;
use crate::{Claim, DeadOrder, NewStory, Order, OrderFigures, OrderKind, Orders, StoreResult};

statements! {
    ORDER_INSERT = "INSERT INTO orders (kind, story, author, created_at, claimed_by, ready_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    /// One that was under way for friends only begins again; who works on it learns that it is theirs no more.
    ORDER_AGAIN = "INSERT INTO orders (kind, story, author, created_at, claimed_by, ready_at) VALUES (?1, ?2, ?3, ?4, 0, ?4)
        ON CONFLICT (kind, story) DO UPDATE SET done_to = 0, attempts = 0, dead = 0, error = '', claimed_by = 0, ready_at = ?4";
    ORDERS_READY = "SELECT kind, story, author, done_to, attempts, created_at FROM orders
        WHERE dead = 0 AND ready_at <= ?1 ORDER BY ready_at LIMIT ?2";
    ORDER_CLAIM = "UPDATE orders SET claimed_by = ?3, ready_at = ?4 WHERE kind = ?1 AND story = ?2";
    ORDER_PROGRESS = "UPDATE orders SET done_to = max(done_to, ?5), ready_at = ?4
        WHERE kind = ?1 AND story = ?2 AND claimed_by = ?3 AND dead = 0";
    ORDER_FINISH = "DELETE FROM orders WHERE kind = ?1 AND story = ?2 AND claimed_by = ?3";
    ORDER_DROP = "DELETE FROM orders WHERE kind = ?1 AND story = ?2";
    ORDER_FAIL = "UPDATE orders SET attempts = attempts + 1, error = ?3, ready_at = ?4, claimed_by = 0,
        dead = (attempts + 1 >= ?5) WHERE kind = ?1 AND story = ?2";
    ORDER_FIGURES = "SELECT coalesce(sum(dead = 0), 0), coalesce(sum(dead), 0),
        min(CASE dead WHEN 0 THEN created_at END) FROM orders";
    OLDEST_UNDELIVERED = "SELECT story FROM orders WHERE kind = 1 ORDER BY story LIMIT 1";
    ORDERS_DEAD = "SELECT kind, story, author, done_to, attempts, created_at, error FROM orders
        WHERE dead = 1 ORDER BY story, kind LIMIT ?1";
    ORDERS_RETRY = "UPDATE orders SET dead = 0, attempts = 0, ready_at = ?1 WHERE dead = 1";
}

/// Longest error kept, in characters: a line that a person reads.
const ERROR_CHARACTERS_MAX: usize = 500;

#[async_trait]
impl Orders for SqliteStore {
    async fn claim_orders(
        &self,
        claim: Claim,
        now: Timestamp,
        limit: u32,
    ) -> StoreResult<Vec<Order>> {
        self.write("claim orders", move |db| {
            let mut orders = db.rows(ORDERS_READY, params![now.as_i64(), limit], order)?;
            for order in &orders {
                let by = claim.by.cast_signed();
                db.execute(
                    ORDER_CLAIM,
                    [
                        kind_number(order.kind),
                        order.story.as_i64(),
                        by,
                        claim.until.as_i64(),
                    ],
                )?;
            }
            orders.sort_unstable_by_key(|order| order.story);
            Ok(orders)
        })
        .await
    }

    async fn order_progress(
        &self,
        story: StoryId,
        kind: OrderKind,
        claim: Claim,
        done_to: PersonId,
    ) -> StoreResult<bool> {
        self.write("note the progress of an order", move |db| {
            let by = claim.by.cast_signed();
            let values = [
                kind_number(kind),
                story.as_i64(),
                by,
                claim.until.as_i64(),
                done_to.as_i64(),
            ];
            db.changes(ORDER_PROGRESS, values)
        })
        .await
    }

    async fn finish_orders(&self, done: Vec<(StoryId, OrderKind)>, by: u64) -> StoreResult<()> {
        self.write("finish orders", move |db| {
            for (story, kind) in done {
                db.execute(
                    ORDER_FINISH,
                    [kind_number(kind), story.as_i64(), by.cast_signed()],
                )?;
            }
            Ok(())
        })
        .await
    }

    async fn fail_order(
        &self,
        story: StoryId,
        kind: OrderKind,
        error: String,
        due: Timestamp,
        attempts_max: u32,
    ) -> StoreResult<()> {
        self.write("note a failed order", move |db| {
            let error: String = error.chars().take(ERROR_CHARACTERS_MAX).collect();
            db.execute(
                ORDER_FAIL,
                params![
                    kind_number(kind),
                    story.as_i64(),
                    error,
                    due.as_i64(),
                    attempts_max
                ],
            )?;
            Ok(())
        })
        .await
    }

    async fn order_figures(&self) -> StoreResult<OrderFigures> {
        self.read("count orders", |db| {
            let figures = db.row(ORDER_FIGURES, [], |row| {
                let count =
                    |column| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.unsigned_abs());
                let oldest = row.get::<_, Option<i64>>(2)?.map(Timestamp::from_i64);
                Ok(OrderFigures {
                    pending: count(0)?,
                    dead: count(1)?,
                    oldest,
                })
            })?;
            Ok(figures.unwrap_or_default())
        })
        .await
    }

    async fn oldest_undelivered(&self) -> StoreResult<Option<StoryId>> {
        self.read("find the oldest order", |db| {
            db.row(OLDEST_UNDELIVERED, [], |row| {
                Ok(StoryId::from_i64(row.get(0)?))
            })
        })
        .await
    }

    async fn dead_orders(&self, limit: u32) -> StoreResult<Vec<DeadOrder>> {
        self.read("list dead orders", move |db| {
            db.rows(ORDERS_DEAD, [limit], |row| {
                Ok(DeadOrder {
                    order: order(row)?,
                    error: row.get(6)?,
                })
            })
        })
        .await
    }

    async fn retry_dead_orders(&self, now: Timestamp) -> StoreResult<u64> {
        self.write("retry dead orders", move |db| {
            Ok(db.execute(ORDERS_RETRY, [now.as_i64()])? as u64)
        })
        .await
    }
}

/// Gives the order to deliver a new story, claimed already.
pub(super) fn give_delivery(db: &Db<'_>, story: &NewStory) -> StoreResult<()> {
    let (kind, id, author) = (
        kind_number(OrderKind::Deliver),
        story.id.as_i64(),
        story.author.as_i64(),
    );
    let (by, until) = (story.claim.by.cast_signed(), story.claim.until.as_i64());
    db.execute(
        ORDER_INSERT,
        [kind, id, author, story.now.as_i64(), by, until],
    )?;
    Ok(())
}

/// Gives the order to deliver a story to readers who did not get it before, for anyone to take at once.
pub(super) fn give_delivery_again(
    db: &Db<'_>,
    story: StoryId,
    author: PersonId,
    now: Timestamp,
) -> StoreResult<()> {
    db.execute(
        ORDER_AGAIN,
        [
            kind_number(OrderKind::Deliver),
            story.as_i64(),
            author.as_i64(),
            now.as_i64(),
        ],
    )?;
    Ok(())
}

/// A deleted story is not delivered any more but purged. A worker that delivers it right now learns it from its next
/// note of progress.
pub(super) fn replace_by_purge(
    db: &Db<'_>,
    story: StoryId,
    author: PersonId,
    now: Timestamp,
) -> StoreResult<()> {
    db.execute(
        ORDER_DROP,
        [kind_number(OrderKind::Deliver), story.as_i64()],
    )?;
    let (kind, now) = (kind_number(OrderKind::Purge), now.as_i64());
    db.execute(
        ORDER_INSERT,
        [kind, story.as_i64(), author.as_i64(), now, 0, now],
    )?;
    Ok(())
}

const fn kind_number(kind: OrderKind) -> i64 {
    match kind {
        OrderKind::Deliver => 1,
        OrderKind::Purge => 2,
    }
}

fn order(row: &Row<'_>) -> rusqlite::Result<Order> {
    Ok(Order {
        kind: if row.get::<_, i64>(0)? == kind_number(OrderKind::Deliver) {
            OrderKind::Deliver
        } else {
            OrderKind::Purge
        },
        story: StoryId::from_i64(row.get(1)?),
        author: PersonId::from_i64(row.get(2)?),
        done_to: PersonId::from_i64(row.get(3)?),
        attempts: row.get(4)?,
        created_at: Timestamp::from_i64(row.get(5)?),
    })
}
