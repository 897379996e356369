//! Orders: the outbox of deliveries and purges.
//!
//! `ready_at` is the only time of an order: the expiry of its claim, or its due time. `claimed_by` and `claim` are the
//! name of the claim that a worker holds.

use async_trait::async_trait;
use rusqlite::{Row, params};
use sosik_feed::{PersonId, StoryId, Timestamp};

use super::SqliteStore;
use super::db::Db;
use super::statement::statements;
use super::stories::story_id;
use sosik_store::engine::{
    LATE_STORIES_KEPT, LateReaders, order_kind_number, order_kind_of_number,
};
use sosik_store::{
    Claim, ClaimName, DeadOrder, DeliveryProgress, FailedOrder, HeldOrder, LateStory, NewStory,
    Order, OrderKind, OrderStats, Orders, RETRIED_ORDERS_MAX, StoreResult,
};

statements! {
    ORDER_INSERT = "INSERT INTO orders (kind, story, author, created_at, claimed_by, claim, ready_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    /// A delivery to friends that is in progress starts over. Its worker loses the claim. A late delivery that is not
    /// dead keeps its number: no cursor passes it before its readers have the story.
    ORDER_AGAIN = "INSERT INTO orders (kind, story, author, created_at, claimed_by, ready_at, late)
        VALUES (?1, ?2, ?3, ?4, 0, ?4, ?5) ON CONFLICT (kind, story) DO UPDATE
        SET done_to = 0, attempts = 0, dead = 0, error = '', claimed_by = 0, claim = 0, ready_at = ?4,
            late = CASE WHEN late > 0 AND NOT dead THEN late ELSE ?5 END";
    ORDER_IS_DEAD = "SELECT dead FROM orders WHERE kind = ?1 AND story = ?2";
    /// An order that failed keeps its own due time.
    ORDER_HASTEN = "UPDATE orders SET ready_at = ?3
        WHERE kind = ?1 AND story = ?2 AND dead = 0 AND attempts = 0 AND ready_at > ?3";
    ORDERS_READY = "SELECT kind, story, author, done_to, attempts, created_at FROM orders
        WHERE dead = 0 AND ready_at <= ?1 ORDER BY ready_at LIMIT ?2";
    ORDER_CLAIM = "UPDATE orders SET claimed_by = ?3, claim = ?4, ready_at = ?5 WHERE kind = ?1 AND story = ?2";
    ORDER_PROGRESS = "UPDATE orders SET done_to = max(done_to, ?5), ready_at = ?6
        WHERE kind = ?1 AND story = ?2 AND claimed_by = ?3 AND claim = ?4";
    ORDER_FINISH = "DELETE FROM orders WHERE kind = ?1 AND story = ?2 AND claimed_by = ?3 AND claim = ?4";
    /// The times of claimed orders are in the future, so this scans only claimed orders, by their index.
    ORDERS_RELEASE = "UPDATE orders SET claimed_by = 0, claim = 0, ready_at = ?2
        WHERE dead = 0 AND ready_at > ?2 AND claimed_by = ?1";
    ORDER_DROP = "DELETE FROM orders WHERE kind = ?1 AND story = ?2";
    ORDER_FAIL = "UPDATE orders SET attempts = attempts + 1, error = ?5, ready_at = ?6, claimed_by = 0, claim = 0,
        dead = (attempts + 1 >= ?7) WHERE kind = ?1 AND story = ?2 AND claimed_by = ?3 AND claim = ?4";
    ORDER_FIGURES = "SELECT coalesce(sum(dead = 0), 0), coalesce(sum(dead), 0),
        min(CASE dead WHEN 0 THEN created_at END) FROM orders";
    OLDEST_UNDELIVERED = "SELECT story FROM orders WHERE kind = 1 AND dead = 0 ORDER BY story LIMIT 1";
    /// Uses the index of times: `+kind` excludes the index by kind, which would require a sort.
    OLDEST_DUE = "SELECT ready_at FROM orders
        WHERE dead = 0 AND ready_at <= ?1 AND +kind = 1 AND attempts = 0 ORDER BY ready_at LIMIT 1";
    OLDEST_LATE = "SELECT late FROM orders WHERE late > 0 AND dead = 0 ORDER BY late LIMIT 1";
    LATE_NEWEST = "SELECT coalesce(max(number), 0) FROM late_stories";
    LATE_AFTER = "SELECT number, story, author, to_friends FROM late_stories WHERE number > ?1 ORDER BY number";
    LATE_INSERT = "INSERT INTO late_stories (number, story, author, to_friends) VALUES (?1, ?2, ?3, ?4)";
    LATE_FORGET = "DELETE FROM late_stories WHERE number <= ?1";
    ORDERS_DEAD = "SELECT kind, story, author, done_to, attempts, created_at, error FROM orders
        WHERE dead = 1 ORDER BY story, kind LIMIT ?1";
    ORDER_RETRY = "UPDATE orders SET dead = 0, attempts = 0, ready_at = ?3, late = ?4 WHERE kind = ?1 AND story = ?2";
}

/// Maximum characters of a stored error: one readable line.
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
            let ready = params![now.as_i64(), limit];
            let mut orders = db.rows(ORDERS_READY, ready, |row| order(row, claim))?;
            for order in &orders {
                let [kind, story, process, number] = columns(&order.held());
                let until = claim.until.as_i64();
                db.execute(ORDER_CLAIM, [kind, story, process, number, until])?;
            }
            orders.sort_unstable_by_key(|order| order.story);
            Ok(orders)
        })
        .await
    }

    async fn order_progress(
        &self,
        progress: Vec<(HeldOrder, PersonId)>,
        until: Timestamp,
    ) -> StoreResult<Vec<bool>> {
        self.write("record the progress of orders", move |db| {
            let record = |(held, done_to): &(HeldOrder, PersonId)| {
                let [kind, story, process, number] = columns(held);
                let (done_to, until) = (done_to.as_i64(), until.as_i64());
                db.changes(
                    ORDER_PROGRESS,
                    [kind, story, process, number, done_to, until],
                )
            };
            progress.iter().map(record).collect()
        })
        .await
    }

    async fn finish_orders(&self, done: Vec<HeldOrder>) -> StoreResult<()> {
        self.write("finish orders", move |db| {
            for held in &done {
                db.execute(ORDER_FINISH, columns(held))?;
            }
            Ok(())
        })
        .await
    }

    async fn fail_orders(&self, failed: Vec<FailedOrder>, attempts_max: u32) -> StoreResult<()> {
        self.write("record failed orders", move |db| {
            for FailedOrder { held, error, due } in &failed {
                let error: String = error.chars().take(ERROR_CHARACTERS_MAX).collect();
                let [kind, story, process, number] = columns(held);
                let values = params![
                    kind,
                    story,
                    process,
                    number,
                    error,
                    due.as_i64(),
                    attempts_max
                ];
                db.execute(ORDER_FAIL, values)?;
            }
            Ok(())
        })
        .await
    }

    async fn release_orders(&self, process: u64, now: Timestamp) -> StoreResult<u64> {
        self.write("release orders", move |db| {
            let values = [process.cast_signed(), now.as_i64()];
            Ok(db.execute(ORDERS_RELEASE, values)? as u64)
        })
        .await
    }

    async fn order_stats(&self) -> StoreResult<OrderStats> {
        self.read("count orders", |db| {
            let stats = db.row(ORDER_FIGURES, [], |row| {
                let count =
                    |column| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.unsigned_abs());
                let oldest = row.get::<_, Option<i64>>(2)?.map(Timestamp::from_i64);
                Ok(OrderStats {
                    pending: count(0)?,
                    dead: count(1)?,
                    oldest,
                })
            })?;
            Ok(stats.unwrap_or_default())
        })
        .await
    }

    async fn delivery_progress(&self, now: Timestamp) -> StoreResult<DeliveryProgress> {
        self.read("find the watermark", move |db| {
            let due = |row: &Row<'_>| Ok(Timestamp::from_i64(row.get(0)?));
            let undelivered_late = db.row(OLDEST_LATE, [], |row| row.get::<_, i64>(0))?;
            let late = match undelivered_late {
                Some(number) => number - 1,
                None => db.number(LATE_NEWEST, [])?,
            };
            Ok(DeliveryProgress {
                oldest_undelivered: db.row(OLDEST_UNDELIVERED, [], story_id)?,
                late: late.unsigned_abs(),
                due_since: db.row(OLDEST_DUE, [now.as_i64()], due)?,
            })
        })
        .await
    }

    async fn late_stories(&self, after: u64) -> StoreResult<Option<Vec<LateStory>>> {
        self.read("read late stories", move |db| {
            let late = db.rows(LATE_AFTER, [after.cast_signed()], |row| {
                Ok(LateStory {
                    number: row.get::<_, i64>(0)?.unsigned_abs(),
                    story: StoryId::from_i64(row.get(1)?),
                    author: PersonId::from_i64(row.get(2)?),
                    to_friends: row.get(3)?,
                })
            })?;
            let complete = late.first().is_none_or(|first| first.number == after + 1);
            Ok(complete.then_some(late))
        })
        .await
    }

    async fn dead_orders(&self, limit: u32) -> StoreResult<Vec<DeadOrder>> {
        self.read("list dead orders", move |db| {
            db.rows(ORDERS_DEAD, [limit], |row| {
                Ok(DeadOrder {
                    order: order(row, Claim::default())?,
                    error: row.get(6)?,
                })
            })
        })
        .await
    }

    async fn retry_dead_orders(&self, now: Timestamp) -> StoreResult<u64> {
        self.write("retry dead orders", move |db| {
            let dead = db.rows(ORDERS_DEAD, [RETRIED_ORDERS_MAX], |row| {
                order(row, Claim::default())
            })?;
            for order in &dead {
                retry(db, order, now)?;
            }
            Ok(dead.len() as u64)
        })
        .await
    }
}

/// Inserts the delivery order of a new story, either claimed or due immediately.
pub(super) fn insert_delivery_order(db: &Db<'_>, story: &NewStory) -> StoreResult<()> {
    let due_at_once = Claim {
        name: ClaimName::default(),
        until: story.now,
    };
    let claim = story.claim.unwrap_or(due_at_once);
    let order = Order {
        story: story.id,
        kind: OrderKind::Deliver,
        author: story.author,
        done_to: PersonId::default(),
        attempts: 0,
        created_at: story.now,
        claim,
    };
    insert(db, &order)
}

fn insert(db: &Db<'_>, order: &Order) -> StoreResult<()> {
    let [kind, story, process, number] = columns(&order.held());
    let (author, created_at) = (order.author.as_i64(), order.created_at.as_i64());
    let ready_at = order.claim.until.as_i64();
    let values = [kind, story, author, created_at, process, number, ready_at];
    db.execute(ORDER_INSERT, values)?;
    Ok(())
}

/// Makes a delivery due, if there is one that never failed. Its claim holds until another one is made.
pub(super) fn make_delivery_due(db: &Db<'_>, story: StoryId, now: Timestamp) -> StoreResult<()> {
    let kind = order_kind_number(OrderKind::Deliver);
    db.execute(ORDER_HASTEN, [kind, story.as_i64(), now.as_i64()])?;
    Ok(())
}

/// Inserts an order to deliver a story to readers who did not receive it before, due immediately.
pub(super) fn insert_redelivery_order(
    db: &Db<'_>,
    story: StoryId,
    author: PersonId,
    now: Timestamp,
) -> StoreResult<()> {
    let kind = order_kind_number(OrderKind::Deliver);
    let dead = db.row(ORDER_IS_DEAD, [kind, story.as_i64()], |row| row.get(0))?;
    // The watermark waits for friends whose delivery is in progress, and not for those of a dead delivery.
    let to_friends = match dead {
        Some(true) => LateReaders::FriendsToo,
        Some(false) | None => LateReaders::FollowersOnly,
    };
    let number = insert_late_story(db, story, author, to_friends)?;
    let (author, now) = (author.as_i64(), now.as_i64());
    db.execute(ORDER_AGAIN, [kind, story.as_i64(), author, now, number])?;
    Ok(())
}

/// Makes a dead order due. A delivery gets a new number among the late stories.
fn retry(db: &Db<'_>, dead: &Order, now: Timestamp) -> StoreResult<()> {
    let late = match dead.kind {
        OrderKind::Deliver => {
            insert_late_story(db, dead.story, dead.author, LateReaders::FriendsToo)?
        }
        OrderKind::Purge => 0,
    };
    let (kind, story) = (order_kind_number(dead.kind), dead.story.as_i64());
    db.execute(ORDER_RETRY, [kind, story, now.as_i64(), late])?;
    Ok(())
}

/// Inserts a late story, deletes rows beyond the maximum, and returns the number of the new row.
fn insert_late_story(
    db: &Db<'_>,
    story: StoryId,
    author: PersonId,
    to_friends: LateReaders,
) -> StoreResult<i64> {
    let number = db.number(LATE_NEWEST, [])? + 1;
    let to_friends = i64::from(to_friends == LateReaders::FriendsToo);
    let values = [number, story.as_i64(), author.as_i64(), to_friends];
    db.execute(LATE_INSERT, values)?;
    db.execute(LATE_FORGET, [number - LATE_STORIES_KEPT])?;
    Ok(number)
}

/// Replaces the delivery of a deleted story by a purge. A worker that is delivering it loses its claim and learns this
/// when it records its progress.
pub(super) fn replace_by_purge(
    db: &Db<'_>,
    story: StoryId,
    author: PersonId,
    now: Timestamp,
) -> StoreResult<()> {
    db.execute(
        ORDER_DROP,
        [order_kind_number(OrderKind::Deliver), story.as_i64()],
    )?;
    let purge = Order {
        story,
        kind: OrderKind::Purge,
        author,
        done_to: PersonId::default(),
        attempts: 0,
        created_at: now,
        claim: Claim {
            name: ClaimName::default(),
            until: now,
        },
    };
    insert(db, &purge)
}

/// The four columns that identify an order and its claim.
const fn columns(held: &HeldOrder) -> [i64; 4] {
    let ClaimName { process, number } = held.claim;
    [
        order_kind_number(held.kind),
        held.story.as_i64(),
        process.cast_signed(),
        number.cast_signed(),
    ]
}

fn order(row: &Row<'_>, claim: Claim) -> rusqlite::Result<Order> {
    Ok(Order {
        kind: order_kind_of_number(row.get(0)?),
        story: StoryId::from_i64(row.get(1)?),
        author: PersonId::from_i64(row.get(2)?),
        done_to: PersonId::from_i64(row.get(3)?),
        attempts: row.get(4)?,
        created_at: Timestamp::from_i64(row.get(5)?),
        claim,
    })
}
