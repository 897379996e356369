//! The orders of one node on their way to a worker.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use async_nats::Subject;
use sosik_fabric::delivery_queue::{Batch, Permit, Receipt};
use sosik_feed::Timestamp;
use sosik_feed::orders::Order;
use tokio::time::Instant;

/// Orders whose acknowledgement this node can send. The oldest one is forgotten first: it comes again, and its claim
/// tells whether it is done.
const HELD_MAX: usize = 16_384;

/// An order that came from the stream.
pub(super) struct Pulled {
    pub(super) order: Order,
    /// Its number in the stream. 0 if the stream is lost.
    pub(super) number: u64,
    /// Where it is acknowledged. `None` if the stream is lost.
    pub(super) reply: Option<Subject>,
    pub(super) since: Instant,
}

/// The orders of one node.
#[derive(Default)]
pub(super) struct Waiting {
    /// In the stream, by number. Offered here, and taken by a worker of any node.
    published: BTreeMap<u64, (Order, Permit)>,
    /// Every order up to this number was taken by a worker.
    taken: u64,
    /// Not in the stream, for workers of this node.
    kept: VecDeque<(Order, Permit)>,
    /// From the stream, for workers of this node.
    pulled: VecDeque<Pulled>,
    /// Where the orders that workers of this node have are acknowledged, by receipt.
    held: BTreeMap<u64, Subject>,
    receipts: u64,
    /// Whether this node has workers.
    pub(super) has_workers: bool,
}

impl Waiting {
    /// An order is in the stream.
    pub(super) fn publish(&mut self, number: u64, order: Order, permit: Permit) {
        if number > self.taken {
            self.published.insert(number, (order, permit));
        }
    }

    /// An order could not be published. Returns whether a worker of this node takes it; otherwise it is due in the store
    /// when its claim expires.
    pub(super) fn keep(&mut self, order: Order, permit: Permit) -> bool {
        if self.has_workers {
            self.kept.push_back((order, permit));
        }
        self.has_workers
    }

    /// Keeps every order that is in the stream, because the stream may be lost.
    pub(super) fn take_back(&mut self) -> bool {
        let published = std::mem::take(&mut self.published);
        if self.has_workers {
            self.kept.extend(published.into_values());
        }
        !self.kept.is_empty()
    }

    /// The stream was lost. Another one begins with the first number.
    pub(super) fn forget_stream(&mut self) {
        self.taken = 0;
        self.held.clear();
        for pulled in &mut self.pulled {
            (pulled.number, pulled.reply) = (0, None);
        }
    }

    /// An order came from the stream.
    pub(super) fn pull(&mut self, pulled: Pulled) {
        self.pulled.push_back(pulled);
    }

    /// The next orders for a worker, and whether there are more.
    pub(super) fn take(&mut self, orders_max: usize) -> (Batch, bool) {
        let (mut orders, mut receipt) = (Vec::new(), Receipt::default());
        while orders.len() < orders_max {
            if let Some(pulled) = self.pulled.pop_front() {
                self.taken_up_to(pulled.number);
                receipt.0.extend(pulled.reply.map(|reply| self.hold(reply)));
                orders.push(pulled.order);
            } else if let Some((order, _room)) = self.kept.pop_front() {
                orders.push(order);
            } else {
                break;
            }
        }
        let more = !(self.pulled.is_empty() && self.kept.is_empty());
        (Batch { orders, receipt }, more)
    }

    fn hold(&mut self, reply: Subject) -> u64 {
        self.receipts += 1;
        self.held.insert(self.receipts, reply);
        if self.held.len() > HELD_MAX {
            self.held.pop_first();
        }
        self.receipts
    }

    /// Every order up to this number was taken by a worker of some node: the stream passes them on in order.
    pub(super) fn taken_up_to(&mut self, number: u64) {
        if number > self.taken {
            self.taken = number;
            self.published = self.published.split_off(&(number + 1));
        }
    }

    /// Where these orders are acknowledged.
    pub(super) fn release(&mut self, receipt: &Receipt) -> Vec<Subject> {
        let replies = receipt.0.iter();
        replies
            .filter_map(|number| self.held.remove(number))
            .collect()
    }

    /// Removes the orders from the stream that have waited here for longer than `hold`, and returns where to refuse
    /// them.
    pub(super) fn give_back(&mut self, hold: Duration) -> Vec<Subject> {
        let mut replies = Vec::new();
        while let Some(pulled) = self
            .pulled
            .pop_front_if(|pulled| pulled.since.elapsed() >= hold)
        {
            replies.extend(pulled.reply);
        }
        replies
    }

    /// Whether orders of this node are in the stream.
    pub(super) fn has_published(&self) -> bool {
        !self.published.is_empty()
    }

    /// Whether a worker finds nothing here.
    pub(super) fn is_empty(&self) -> bool {
        self.pulled.is_empty() && self.kept.is_empty()
    }

    /// The creation time of the oldest order.
    pub(super) fn since(&self) -> Option<Timestamp> {
        let published = self.published.values().next().map(|(order, _)| order);
        let kept = self.kept.front().map(|(order, _)| order);
        let pulled = self.pulled.front().map(|pulled| &pulled.order);
        let oldest = [published, kept, pulled].into_iter().flatten();
        oldest.map(|order| order.created_at).min()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sosik_feed::orders::{Claim, OrderKind};
    use sosik_feed::{PersonId, StoryId};
    use tokio::sync::Semaphore;

    use super::*;

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

    fn pulled(number: u64) -> Pulled {
        Pulled {
            order: order(number),
            number,
            reply: Some(Subject::from("reply")),
            since: Instant::now(),
        }
    }

    fn room() -> (Arc<Semaphore>, impl Fn() -> Permit) {
        let room = Arc::new(Semaphore::new(10));
        let of = Arc::clone(&room);
        (room, move || Arc::clone(&of).try_acquire_owned().unwrap())
    }

    fn with_workers() -> Waiting {
        Waiting {
            has_workers: true,
            ..Waiting::default()
        }
    }

    fn stories(batch: &Batch) -> Vec<u64> {
        batch
            .orders
            .iter()
            .map(|order| order.story.as_u64())
            .collect()
    }

    #[test]
    fn room_is_free_when_any_worker_took_the_order_or_a_later_one() {
        let ((room, permit), mut waiting) = (room(), with_workers());
        for number in 1..=4 {
            waiting.publish(number, order(number), permit());
        }
        waiting.taken_up_to(2);
        assert_eq!(
            (room.available_permits(), waiting.since()),
            (8, Some(Timestamp::from_millis(3)))
        );
        waiting.pull(pulled(4));
        assert_eq!(stories(&waiting.take(9).0), [4]);
        assert_eq!(room.available_permits(), 10);
        waiting.publish(3, order(3), permit());
        assert_eq!(
            room.available_permits(),
            10,
            "taken before its offer returned"
        );
    }

    #[test]
    fn orders_of_a_lost_stream_are_taken_here() {
        let ((_room, permit), mut waiting) = (room(), with_workers());
        waiting.publish(7, order(7), permit());
        waiting.pull(pulled(6));
        assert!(waiting.take_back());
        waiting.forget_stream();
        let (batch, more) = waiting.take(9);
        assert_eq!((stories(&batch), more), (vec![6, 7], false));
        assert!(
            batch.receipt.0.is_empty(),
            "there is nothing to acknowledge"
        );
        waiting.publish(1, order(1), permit());
        assert!(waiting.has_published(), "the numbers begin again");
    }

    #[test]
    fn a_node_without_workers_keeps_nothing() {
        let ((room, permit), mut waiting) = (room(), Waiting::default());
        waiting.publish(1, order(1), permit());
        assert!(!waiting.take_back() && !waiting.keep(order(2), permit()));
        assert_eq!((room.available_permits(), waiting.since()), (10, None));
    }

    #[test]
    fn an_order_is_acknowledged_once() {
        let mut waiting = with_workers();
        waiting.pull(pulled(1));
        let (batch, _) = waiting.take(1);
        assert_eq!(waiting.release(&batch.receipt).len(), 1);
        assert_eq!(waiting.release(&batch.receipt).len(), 0);
    }

    #[test]
    fn receipts_that_nobody_uses_are_bounded() {
        let mut waiting = with_workers();
        for number in 1..=HELD_MAX as u64 + 10 {
            waiting.pull(pulled(number));
            waiting.take(1);
        }
        assert_eq!(waiting.held.len(), HELD_MAX);
    }

    #[test]
    fn orders_that_no_worker_takes_are_given_back() {
        let mut waiting = with_workers();
        waiting.pull(pulled(1));
        assert_eq!(waiting.give_back(Duration::from_secs(60)).len(), 0);
        assert_eq!(waiting.give_back(Duration::ZERO).len(), 1);
        assert!(waiting.is_empty());
    }
}
