//! The delivery queue: a JetStream work queue that passes orders to the workers of all nodes.
//!
//! The order in the store is the record, so the stream may lose everything. A node that cannot publish an order, or
//! finds the stream lost, passes its orders to its own workers. An order is acknowledged after its outcome is in the
//! store. Without acknowledgement another worker gets it, after the time of a claim and then after longer pauses, a few
//! times. After that it is a dead letter: it is logged, counted and removed from the stream, and the store still has it.

mod pull;
mod stream;
mod waiting;
mod watch;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::Subject;
use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;
use sosik_fabric::delivery_queue::{Batch, Permit, Receipt};
use sosik_fabric::{DeliveryQueue, FabricResult};
use sosik_feed::Timestamp;
use sosik_feed::orders::Order;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::error::failed;
use crate::jetstream::{JetStream, Refused};
use crate::link::Link;
use crate::options::NatsOptions;
use crate::wire::write_order;
use pull::Puller;
use stream::{ACK, NAK};
use waiting::Waiting;
use watch::Watcher;

/// Messages that wait in the library for this node: two pulls.
const MESSAGES_MAX: usize = 2 * pull::PULL_MAX;

/// Pause after a failed publish. Meanwhile orders go to the workers of this node at once, so that not every post waits
/// for the deadline.
const PUBLISH_PAUSE: Duration = Duration::from_secs(1);

/// A work queue in JetStream.
pub struct NatsQueue {
    shared: Arc<Shared>,
    offer_within: Duration,
    puller: AbortOnDropHandle<()>,
    _watcher: AbortOnDropHandle<()>,
}

/// What the tasks and the callers share.
struct Shared {
    stream: JetStream,
    room: Arc<Semaphore>,
    waiting: Mutex<Waiting>,
    /// Orders were added for the workers of this node.
    added: Notify,
    /// A worker waits.
    wanted: Notify,
    /// The orders that each waiting worker wants at most.
    takers: Mutex<Vec<usize>>,
    /// The stream was opened again, so pulls begin again.
    reopened: Notify,
    /// A publish failed: look at the stream.
    look: Notify,
    /// The last failed publish.
    failed: Mutex<Option<(Instant, Fault)>>,
    counts: Counts,
}

/// What a failed publish says about the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Missing,
    Broken,
    Unknown,
}

#[derive(Default)]
struct Counts {
    published: AtomicU64,
    kept: AtomicU64,
    dead: AtomicU64,
    given_back: AtomicU64,
}

/// Counts since the start of this node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueStats {
    /// Orders that were published.
    pub published: u64,
    /// Orders that this node passed to its own workers, because they could not be published or the stream was lost.
    pub kept: u64,
    /// Orders that this node returned to the stream, because its workers were busy.
    pub given_back: u64,
}

impl NatsQueue {
    /// Connects and creates the stream. Without an answer of NATS the orders of this node go to its own workers.
    ///
    /// # Errors
    /// The address or the prefix is malformed.
    pub async fn open(options: &NatsOptions) -> FabricResult<Self> {
        let link = Link::open(options, "queue", MESSAGES_MAX).await?;
        let subject = Subject::from(format!("{}.orders", options.prefix));
        let stream = JetStream::new(link, subject.clone(), stream::config(options, &subject));
        if let Err(error) = stream.configure().await {
            tracing::warn!(%error, "the delivery queue is not configured");
        }
        let shared = Arc::new(Shared::new(stream, options.queued_max));
        let puller = Puller::new(Arc::clone(&shared), options);
        let watcher = Watcher::new(Arc::clone(&shared), options).await?;
        Ok(Self {
            shared,
            offer_within: options.offer_within,
            puller: AbortOnDropHandle::new(tokio::spawn(puller.run())),
            _watcher: AbortOnDropHandle::new(tokio::spawn(watcher.run())),
        })
    }

    /// Counts since the start of this node. No I/O.
    #[must_use]
    pub fn stats(&self) -> QueueStats {
        let counts = &self.shared.counts;
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        QueueStats {
            published: read(&counts.published),
            kept: read(&counts.kept),
            given_back: read(&counts.given_back),
        }
    }
}

#[async_trait]
impl DeliveryQueue for NatsQueue {
    fn reserve(&self) -> Option<Permit> {
        // No worker here would take an order that cannot be published. Without a permit it is due in the store at once,
        // and other nodes find it there.
        if !self.shared.may_publish() && !self.shared.waiting.lock().has_workers {
            return None;
        }
        Arc::clone(&self.shared.room).try_acquire_owned().ok()
    }

    async fn offer(&self, permit: Permit, order: Order) -> FabricResult<()> {
        let shared = &self.shared;
        if shared.may_publish() {
            let message = write_order(&order);
            match shared.stream.publish(message, self.offer_within).await {
                Ok(number) => {
                    shared.waiting.lock().publish(number, order, permit);
                    shared.counts.published.fetch_add(1, Ordering::Relaxed);
                    return Ok(());
                }
                Err(refused) => shared.note_failure(&refused),
            }
        }
        shared.keep(order, permit)
    }

    async fn take(&self, orders_max: usize) -> FabricResult<Batch> {
        let shared = &self.shared;
        let _waits = Taker::new(shared, orders_max);
        loop {
            let (batch, more) = shared.waiting.lock().take(orders_max);
            if more {
                shared.added.notify_one();
            }
            // The puller waits until nothing is left here.
            shared.wanted.notify_one();
            if !batch.orders.is_empty() {
                return Ok(batch);
            }
            shared.added.notified().await;
        }
    }

    async fn done(&self, receipt: Receipt) -> FabricResult<()> {
        let replies = self.shared.waiting.lock().release(&receipt);
        self.shared.answer(replies, ACK).await
    }

    fn dead_letters(&self) -> u64 {
        self.shared.counts.dead.load(Ordering::Relaxed)
    }

    fn waits_since(&self) -> Option<Timestamp> {
        self.shared.waiting.lock().since()
    }

    async fn leave(&self) -> FabricResult<()> {
        self.puller.abort();
        self.shared.stream.link.round_trip().await?;
        self.shared.give_back(Duration::ZERO).await?;
        self.shared.stream.link.round_trip().await
    }
}

/// A worker that waits.
struct Taker<'a> {
    shared: &'a Shared,
    orders_max: usize,
}

impl<'a> Taker<'a> {
    fn new(shared: &'a Shared, orders_max: usize) -> Self {
        shared.takers.lock().push(orders_max);
        shared.waiting.lock().has_workers = true;
        Self { shared, orders_max }
    }
}

impl Drop for Taker<'_> {
    fn drop(&mut self) {
        let mut takers = self.shared.takers.lock();
        let mine = takers.iter().position(|wanted| *wanted == self.orders_max);
        mine.map(|mine| takers.swap_remove(mine));
    }
}

impl Shared {
    fn new(stream: JetStream, queued_max: usize) -> Self {
        Self {
            stream,
            room: Arc::new(Semaphore::new(queued_max.min(Semaphore::MAX_PERMITS))),
            waiting: Mutex::default(),
            added: Notify::new(),
            wanted: Notify::new(),
            takers: Mutex::default(),
            reopened: Notify::new(),
            look: Notify::new(),
            failed: Mutex::default(),
            counts: Counts::default(),
        }
    }

    /// The orders that a waiting worker wants. 0 if none waits.
    fn wanted_orders(&self) -> usize {
        self.takers.lock().iter().max().copied().unwrap_or_default()
    }

    fn may_publish(&self) -> bool {
        let failed = *self.failed.lock();
        failed.is_none_or(|(at, _)| at.elapsed() >= PUBLISH_PAUSE)
            && self.stream.link.is_connected()
    }

    fn note_failure(&self, refused: &Refused) {
        let fault = match refused {
            Refused::NoStream => Fault::Missing,
            Refused::NoStorage => Fault::Broken,
            Refused::Unknown(_) => Fault::Unknown,
        };
        *self.failed.lock() = Some((Instant::now(), fault));
        self.look.notify_one();
    }

    /// Passes an order to the workers of this node.
    fn keep(&self, order: Order, permit: Permit) -> FabricResult<()> {
        if !self.waiting.lock().keep(order, permit) {
            return Err(failed(
                "the order was not queued, and this node has no workers",
            ));
        }
        self.counts.kept.fetch_add(1, Ordering::Relaxed);
        self.added.notify_one();
        Ok(())
    }

    /// Passes the orders of this node that are in the stream to its own workers.
    fn take_back(&self) {
        if self.waiting.lock().take_back() {
            self.added.notify_one();
        }
    }

    async fn answer(&self, replies: Vec<Subject>, answer: &'static [u8]) -> FabricResult<()> {
        for reply in replies {
            let answer = Bytes::from_static(answer);
            self.stream.link.publish(reply, answer).await?;
        }
        Ok(())
    }

    /// Returns the orders to the stream that have waited for a worker of this node for longer than `hold`.
    async fn give_back(&self, hold: Duration) -> FabricResult<()> {
        let replies = self.waiting.lock().give_back(hold);
        let count = replies.len() as u64;
        self.counts.given_back.fetch_add(count, Ordering::Relaxed);
        self.answer(replies, NAK).await
    }
}
