//! The behaviour of every engine of [`DeliveryQueue`] on several nodes.

use std::sync::Arc;
use std::time::Duration;

use super::delivery_queue::{ORDERS_MAX, offer, take};
use super::unique;
use crate::delivery_queue::DeliveryQueue;

type Queue = Arc<dyn DeliveryQueue>;

/// Two nodes of one cluster.
type Two = (Queue, Queue);

/// Pause between two looks at the room.
const LOOK_EVERY: Duration = Duration::from_millis(5);

pub async fn an_order_is_taken_on_the_other_node_and_nobody_takes_it_again((one, two): Two) {
    let base = unique();
    offer(&one, base..base + 1).await;
    assert_eq!(take(&two, 1).await, [base]);
    offer(&one, base + 1..base + 2).await;
    assert_eq!(take(&one, 1).await, [base + 1], "the first one is done");
}

pub async fn every_order_is_taken_on_one_of_the_nodes((one, two): Two) {
    let base = unique();
    let worker = |queue: &Queue| {
        let queue = Arc::clone(queue);
        tokio::spawn(async move {
            let batch = queue.take(1).await.unwrap();
            queue.done(batch.receipt).await.unwrap();
            batch.orders[0].story.as_u64()
        })
    };
    let workers = [worker(&one), worker(&two), worker(&one), worker(&two)];
    offer(&one, base..base + 2).await;
    offer(&two, base + 2..base + 4).await;
    let mut taken = Vec::new();
    for worker in workers {
        taken.push(worker.await.unwrap());
    }
    taken.sort_unstable();
    assert_eq!(taken, (base..base + 4).collect::<Vec<_>>());
}

pub async fn the_room_of_an_order_is_free_after_the_other_node_took_it((one, two): Two) {
    let base = unique();
    let count = u64::try_from(ORDERS_MAX).unwrap();
    offer(&one, base..base + count).await;
    assert!(one.reserve().is_none());
    take(&two, ORDERS_MAX).await;
    while one.reserve().is_none() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    assert_eq!(one.waits_since(), None);
}
