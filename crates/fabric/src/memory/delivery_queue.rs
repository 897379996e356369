//! The delivery queue of a single process.
//!
//! It holds only orders that were posted through this process and that the process has claimed. Other orders, including
//! those that found the queue full, are due in the store: a worker claims them right before it processes them. So an
//! order never occupies memory because it waited before, and a backlog does not feed itself.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use sosik_feed::Timestamp;
use sosik_feed::orders::Order;
use tokio::sync::{Notify, Semaphore};

use crate::delivery_queue::{Batch, DeliveryQueue, Permit, Receipt};
use crate::error::FabricResult;

/// Orders of this process that wait for a worker, oldest first, each with its room.
pub struct MemoryQueue {
    waiting: Mutex<VecDeque<(Order, Permit)>>,
    room: Arc<Semaphore>,
    added: Notify,
}

impl MemoryQueue {
    /// A queue for at most `orders_max` orders, including reserved room.
    #[must_use]
    pub fn new(orders_max: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            room: Arc::new(Semaphore::new(orders_max.min(Semaphore::MAX_PERMITS))),
            added: Notify::new(),
        }
    }

    /// The oldest orders. Wakes another worker if there are more.
    fn take_now(&self, orders_max: usize) -> Vec<Order> {
        let mut waiting = self.waiting.lock();
        let count = orders_max.min(waiting.len());
        let orders = waiting.drain(..count).map(|(order, _room)| order);
        let orders = orders.collect();
        if !waiting.is_empty() {
            self.added.notify_one();
        }
        orders
    }
}

#[async_trait]
impl DeliveryQueue for MemoryQueue {
    fn reserve(&self) -> Option<Permit> {
        Arc::clone(&self.room).try_acquire_owned().ok()
    }

    async fn offer(&self, permit: Permit, order: Order) -> FabricResult<()> {
        self.waiting.lock().push_back((order, permit));
        self.added.notify_one();
        Ok(())
    }

    async fn take(&self, orders_max: usize) -> FabricResult<Batch> {
        loop {
            let orders = self.take_now(orders_max);
            if !orders.is_empty() {
                let receipt = Receipt::default();
                return Ok(Batch { orders, receipt });
            }
            self.added.notified().await;
        }
    }

    async fn done(&self, _receipt: Receipt) -> FabricResult<()> {
        Ok(())
    }

    /// Nothing is passed on twice.
    fn dead_letters(&self) -> u64 {
        0
    }

    fn waits_since(&self) -> Option<Timestamp> {
        let waiting = self.waiting.lock();
        waiting.front().map(|(order, _room)| order.created_at)
    }
}
