//! Orders of this process that wait for a worker, and the signal that wakes workers.
//!
//! The queue holds only orders that were posted through this process and that the process has claimed. Other orders,
//! including those that found the queue full, are due in the store: a worker claims them right before it processes
//! them. So an order never occupies memory because it waited before, and a backlog does not feed itself.
//!
//! A post reserves a place before its write. Without a place its order is written without a claim and is due
//! immediately.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use sosik_feed::Timestamp;
use sosik_store::Order;
use tokio::sync::Notify;

/// The queue of one process.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    /// Maximum of queued orders plus reserved places.
    orders_max: usize,
    /// The store may have orders that are due.
    poll_requested: AtomicBool,
    notify: Notify,
}

#[derive(Default)]
struct Waiting {
    orders: VecDeque<Order>,
    reserved: usize,
}

/// Room for one order. Dropping it releases the room.
pub(crate) struct Place<'a> {
    queue: &'a Queue,
}

impl Queue {
    pub(crate) fn new(orders_max: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            orders_max,
            poll_requested: AtomicBool::new(false),
            notify: Notify::new(),
        }
    }

    /// Reserves room for an order; `None` if the queue is full.
    pub(crate) fn reserve(&self) -> Option<Place<'_>> {
        let mut waiting = self.waiting.lock();
        if waiting.orders.len() + waiting.reserved >= self.orders_max {
            metrics::counter!("sosik_delivery_queue_full_total").increment(1);
            return None;
        }
        waiting.reserved += 1;
        Some(Place { queue: self })
    }

    /// Takes the oldest orders, at most `count`.
    pub(super) fn take(&self, count: usize) -> Vec<Order> {
        let mut waiting = self.waiting.lock();
        let count = count.min(waiting.orders.len());
        waiting.orders.drain(..count).collect()
    }

    /// The creation time of the oldest order.
    pub(super) fn waits_since(&self) -> Option<Timestamp> {
        let waiting = self.waiting.lock();
        waiting.orders.front().map(|order| order.created_at)
    }

    /// Makes a worker poll the store, because it may have orders that are due.
    pub(crate) fn request_poll(&self) {
        self.poll_requested.store(true, Ordering::Release);
        self.notify.notify_one();
    }

    /// Claims the pending poll of the store; `false` if another worker has claimed it.
    pub(super) fn take_poll_request(&self) -> bool {
        self.poll_requested.swap(false, Ordering::AcqRel)
    }

    /// Waits until there may be work. A signal between two polls of the queue is not lost.
    pub(super) async fn notified(&self) {
        self.notify.notified().await;
    }
}

impl Place<'_> {
    /// Puts the order into the reserved place and wakes a worker.
    pub(crate) fn fill(self, order: Order) {
        self.queue.waiting.lock().orders.push_back(order);
        self.queue.notify.notify_one();
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.queue.waiting.lock().reserved -= 1;
    }
}

#[cfg(test)]
mod tests {
    use sosik_feed::{PersonId, StoryId, Timestamp};
    use sosik_store::{Claim, OrderKind};

    use super::*;

    fn order(story: u64) -> Order {
        Order {
            story: StoryId::from_u64(story),
            kind: OrderKind::Deliver,
            author: PersonId::from_u64(1),
            done_to: PersonId::default(),
            attempts: 0,
            created_at: Timestamp::default(),
            claim: Claim::default(),
        }
    }

    fn stories(orders: &[Order]) -> Vec<u64> {
        orders.iter().map(|order| order.story.as_u64()).collect()
    }

    #[test]
    fn the_queue_never_holds_more_than_its_maximum_and_releases_unused_permits() {
        let queue = Queue::new(2);
        let (one, two) = (queue.reserve().unwrap(), queue.reserve().unwrap());
        assert!(queue.reserve().is_none(), "reserved places count");
        one.fill(order(1));
        assert!(queue.reserve().is_none(), "orders count");
        drop(two);
        queue.reserve().unwrap().fill(order(2));
        assert!(queue.reserve().is_none());
        assert_eq!(stories(&queue.take(9)), [1, 2]);
        assert!(queue.reserve().is_some());
    }

    #[test]
    fn orders_are_taken_in_the_order_of_their_coming() {
        let queue = Queue::new(9);
        for story in [3, 1, 2] {
            queue.reserve().unwrap().fill(order(story));
        }
        assert_eq!(stories(&queue.take(2)), [3, 1]);
        assert_eq!(stories(&queue.take(2)), [2]);
        assert!(queue.take(2).is_empty());
    }

    #[test]
    fn one_worker_takes_the_request_to_poll_the_store() {
        let queue = Queue::new(1);
        assert!(!queue.take_poll_request());
        queue.request_poll();
        queue.request_poll();
        assert!(queue.take_poll_request());
        assert!(!queue.take_poll_request());
    }
}
