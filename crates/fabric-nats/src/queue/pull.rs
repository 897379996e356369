//! The task that pulls orders from the stream while a worker waits.
//!
//! It waits for one order, and then fetches those that are there already, up to the batch of the worker. So a node whose
//! worker is gone holds one order at most, and not all that arrive until its pull expires.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::consumer::pull::{Batch, Config};
use futures::StreamExt;
use sosik_fabric::FabricResult;
use tokio::time::{Instant, sleep_until, timeout};

use super::waiting::Pulled;
use super::{Shared, stream};
use crate::error::{failed, within};
use crate::link::REQUEST_WITHIN;
use crate::options::NatsOptions;
use crate::wire::read_order;

/// Orders that one pull returns: a batch of a worker.
pub(super) const PULL_MAX: usize = 256;

/// Time that a pull waits at the server for orders.
const PULL_WAIT: Duration = Duration::from_secs(1);

/// Time for the server to end a pull after that.
const PULL_GRACE: Duration = Duration::from_secs(1);

/// Pause after the first failure. Doubles up to [`RETRY_MAX`].
const RETRY_FIRST: Duration = Duration::from_millis(50);

/// Longest pause between two attempts.
const RETRY_MAX: Duration = Duration::from_secs(2);

pub(super) struct Puller {
    shared: Arc<Shared>,
    config: Config,
}

impl Puller {
    pub(super) fn new(shared: Arc<Shared>, options: &NatsOptions) -> Self {
        let config = stream::consumer(options);
        Self { shared, config }
    }

    /// Runs until the engine is dropped.
    pub(super) async fn run(self) {
        let mut pause = RETRY_FIRST;
        loop {
            match self.pull_all().await {
                Ok(()) => pause = RETRY_FIRST,
                Err(error) => {
                    tracing::debug!(%error, "orders cannot be pulled; retrying");
                    sleep_until(Instant::now() + pause).await;
                    pause = (pause * 2).min(RETRY_MAX);
                }
            }
        }
    }

    /// Pulls while workers wait, until the stream is opened again.
    async fn pull_all(&self) -> FabricResult<()> {
        let stream = self.shared.stream.stream().await?;
        let created = stream.create_consumer(self.config.clone());
        let consumer = within(REQUEST_WITHIN, created).await?;
        loop {
            tokio::select! {
                () = self.shared.reopened.notified() => return Ok(()),
                pulled = self.pull(&consumer) => pulled?,
            }
        }
    }

    async fn pull(&self, consumer: &PullConsumer) -> FabricResult<()> {
        let wanted = self.wanted().await;
        let first = consumer.batch().max_messages(1).expires(PULL_WAIT);
        let first = within(REQUEST_WITHIN, first.messages()).await?;
        if self.pass_on(first).await? == 0 || wanted == 1 {
            return Ok(());
        }
        // With an expiry the server would keep the request after it has answered.
        let rest = consumer.fetch().max_messages(wanted - 1);
        let rest = within(REQUEST_WITHIN, rest.messages()).await?;
        self.pass_on(rest).await.map(|_count| ())
    }

    /// Waits for a worker that finds nothing here. Returns how many orders it wants.
    async fn wanted(&self) -> usize {
        loop {
            let wanted = self.shared.wanted_orders();
            if wanted > 0 && self.shared.waiting.lock().is_empty() {
                return wanted.min(PULL_MAX);
            }
            self.shared.wanted.notified().await;
        }
    }

    /// Passes the orders on as they arrive. Returns their number.
    async fn pass_on(&self, mut batch: Batch) -> FabricResult<usize> {
        let mut count = 0;
        // A server that was restarted sends neither orders nor the end of the pull.
        while let Ok(Some(message)) = timeout(PULL_WAIT + PULL_GRACE, batch.next()).await {
            self.add(&message.map_err(failed)?).await?;
            count += 1;
        }
        Ok(count)
    }

    async fn add(&self, message: &Message) -> FabricResult<()> {
        let shared = &self.shared;
        let number = message.info().map_err(failed)?.stream_sequence;
        let reply = message.reply.clone();
        match read_order(&message.payload) {
            Ok(order) => {
                shared.waiting.lock().pull(Pulled {
                    order,
                    number,
                    reply,
                    since: Instant::now(),
                });
                shared.added.notify_one();
            }
            Err(_unknown) => {
                tracing::warn!(
                    number,
                    "a message in the delivery queue is no order of this version"
                );
                shared.counts.dead.fetch_add(1, Ordering::Relaxed);
                let reply = reply.into_iter().collect();
                shared.answer(reply, stream::TERMINATE).await?;
            }
        }
        Ok(())
    }
}
