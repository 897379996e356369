//! The behaviour of every engine of [`DeliveryQueue`]. Opens an engine with room for [`ORDERS_MAX`] orders.

use std::collections::BTreeSet;
use std::sync::Arc;

use sosik_feed::orders::{Claim, Order, OrderKind};
use sosik_feed::{PersonId, StoryId, Timestamp};

use super::unique;
use crate::delivery_queue::DeliveryQueue;

/// The room that every engine under test has.
pub const ORDERS_MAX: usize = 4;

type Queue = Arc<dyn DeliveryQueue>;

fn order(story: u64) -> Order {
    Order {
        story: StoryId::from_u64(story),
        kind: OrderKind::Deliver,
        author: PersonId::from_u64(1),
        done_to: PersonId::default(),
        attempts: 0,
        created_at: Timestamp::from_millis(story),
        claim: Claim::default(),
    }
}

pub(super) async fn offer(queue: &Queue, stories: std::ops::Range<u64>) {
    for story in stories {
        let permit = queue.reserve().expect("there is room");
        queue.offer(permit, order(story)).await.unwrap();
    }
}

/// Takes orders until this number of stories has arrived, and acknowledges them.
pub(super) async fn take(queue: &Queue, count: usize) -> Vec<u64> {
    let mut stories = Vec::new();
    while stories.len() < count {
        let batch = queue.take(ORDERS_MAX).await.unwrap();
        stories.extend(batch.orders.iter().map(|order| order.story.as_u64()));
        queue.done(batch.receipt).await.unwrap();
    }
    stories
}

pub async fn orders_and_reserved_room_never_exceed_the_maximum(queue: Queue) {
    let base = unique();
    let mut permits: Vec<_> = (0..ORDERS_MAX)
        .map(|_| queue.reserve().expect("there is room"))
        .collect();
    assert!(queue.reserve().is_none(), "reserved room counts");
    let permit = permits.pop().unwrap();
    queue.offer(permit, order(base)).await.unwrap();
    assert!(queue.reserve().is_none(), "orders count");
    drop(permits.pop());
    offer(&queue, base + 1..base + 2).await;
    assert!(queue.reserve().is_none());
    assert_eq!(take(&queue, 2).await, [base, base + 1]);
    offer(&queue, base + 2..base + 4).await;
}

pub async fn orders_come_in_the_order_in_which_they_were_offered(queue: Queue) {
    let base = unique();
    offer(&queue, base..base + 4).await;
    assert_eq!(take(&queue, 4).await, (base..base + 4).collect::<Vec<_>>());
}

pub async fn no_batch_is_larger_than_asked_and_every_order_finds_a_worker(queue: Queue) {
    let base = unique();
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move {
                let batch = queue.take(1).await.unwrap();
                assert_eq!(batch.orders.len(), 1);
                queue.done(batch.receipt).await.unwrap();
                batch.orders[0].story.as_u64()
            })
        })
        .collect();
    offer(&queue, base..base + 4).await;
    let mut taken = BTreeSet::new();
    for worker in workers {
        taken.insert(worker.await.unwrap());
    }
    // The queue may deliver an order twice, so some of the four may still be queued.
    while taken.len() < 4 {
        taken.extend(take(&queue, 1).await);
    }
    assert_eq!(taken, (base..base + 4).collect());
}

pub async fn a_take_that_is_dropped_loses_no_order(queue: Queue) {
    let base = unique();
    for _ in 0..100 {
        tokio::select! {
            biased;
            _ = queue.take(1) => panic!("the queue is empty"),
            () = std::future::ready(()) => {}
        }
    }
    offer(&queue, base..base + 2).await;
    assert_eq!(take(&queue, 2).await, [base, base + 1]);
}

pub async fn the_oldest_order_tells_since_when_it_waits(queue: Queue) {
    let base = unique() % 1_000_000;
    assert_eq!(queue.waits_since(), None);
    offer(&queue, base..base + 2).await;
    assert_eq!(queue.waits_since(), Some(Timestamp::from_millis(base)));
    take(&queue, 2).await;
    assert_eq!(queue.waits_since(), None);
}
