//! Delivery: a story's way from its order to the timelines of its readers.
//!
//! The order in the store is the record; the queue of this process is a doorbell that rings sooner. An order goes
//! away only when its effect is done, so a crash at any point means that it is done again, which changes nothing
//! where it was done before. A sweeper takes up orders that nobody works on: left by a crash, by a full queue, or by
//! an attempt that failed.
//!
//! Delivered to dormant readers: nothing. Delivered for large authors: one entry in the log that timelines are
//! filled up from when read.

pub mod settled;
mod sweep;
mod work;

use sosik_feed::StoryId;
use sosik_store::{Order, OrderKind};
use tokio::sync::{Notify, mpsc};

use crate::settings::DeliverySettings;
use settled::Settled;

/// How workers are reached.
pub(crate) struct Courier {
    /// Names this process in claims.
    pub(crate) worker: u64,
    /// Up to which story everything is delivered.
    pub(crate) settled: Settled,
    orders: mpsc::Sender<Order>,
    done: mpsc::UnboundedSender<(StoryId, OrderKind)>,
    sweep: Notify,
}

/// What the workers take from.
pub(crate) struct Inbox {
    orders: mpsc::Receiver<Order>,
    done: mpsc::UnboundedReceiver<(StoryId, OrderKind)>,
}

impl Courier {
    pub(crate) fn new(settings: &DeliverySettings, worker: u64) -> (Self, Inbox) {
        let (orders, orders_inbox) = mpsc::channel(settings.queued_max);
        // Not bounded by itself: there is at most one entry for each order taken from the bounded queue.
        let (done, done_inbox) = mpsc::unbounded_channel();
        let courier = Self {
            worker,
            settled: Settled::new(),
            orders,
            done,
            sweep: Notify::new(),
        };
        (
            courier,
            Inbox {
                orders: orders_inbox,
                done: done_inbox,
            },
        )
    }

    /// Rings for an order that this process has claimed. When the queue is full the order waits in the store until
    /// its claim runs out and the sweeper takes it.
    pub(crate) fn send(&self, order: Order) {
        if self.orders.try_send(order).is_err() {
            metrics::counter!("sosik_delivery_queue_full_total").increment(1);
        }
    }

    /// Looks for orders now instead of at the next turn.
    pub(crate) fn sweep_soon(&self) {
        self.sweep.notify_one();
    }
}
