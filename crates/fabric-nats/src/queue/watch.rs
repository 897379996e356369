//! The task that watches the stream: frees the room of orders that other nodes took, opens a lost stream again, returns
//! orders that no worker takes, and removes dead letters.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::Message;
use async_nats::Subscriber;
use async_nats::jetstream::consumer::Info;
use async_nats::jetstream::context::{ConsumerInfoError, ConsumerInfoErrorKind};
use futures::StreamExt;
use serde::Deserialize;
use sosik_fabric::FabricResult;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use super::{Fault, Shared, stream};
use crate::error::{NatsError, failed, within};
use crate::jetstream::{Created, created};
use crate::link::{Link, REQUEST_WITHIN};
use crate::options::NatsOptions;

/// Interval in which the room of orders that other nodes took becomes free.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Number of checks from one request to the server to the next, while the stream has no orders of this node. The loss of
/// an idle stream is detected at the latest after this number of checks.
const SILENT_LOOKS: u32 = 4;

pub(super) struct Watcher {
    shared: Arc<Shared>,
    dead_letters: Subscriber,
    tick: Interval,
    looks: u32,
    /// The stream and the consumer as they were when this node looked last.
    known: Option<(Created, Created)>,
}

/// The report of the server about an order that reached the maximum number of deliveries.
#[derive(Debug, Deserialize)]
struct DeadLetter {
    stream_seq: u64,
    deliveries: u64,
}

impl Watcher {
    pub(super) async fn new(shared: Arc<Shared>, options: &NatsOptions) -> FabricResult<Self> {
        let subject = stream::dead_letters(options);
        // One node of the group gets each report.
        let group = format!("{}-dead-letters", options.prefix);
        let client = &shared.stream.link.client;
        let dead_letters = within(REQUEST_WITHIN, client.queue_subscribe(subject, group)).await?;
        let mut tick = interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            shared,
            dead_letters,
            tick,
            looks: 0,
            known: None,
        })
    }

    /// Runs until the engine is dropped.
    pub(super) async fn run(mut self) {
        loop {
            let shared = Arc::clone(&self.shared);
            let outcome = tokio::select! {
                _ = self.tick.tick() => self.look(false).await,
                () = shared.look.notified() => self.look(true).await,
                Some(message) = self.dead_letters.next() => self.bury(&message).await,
            };
            if let Err(error) = outcome {
                tracing::debug!(%error, "the delivery queue does not answer");
            }
        }
    }

    async fn look(&mut self, now: bool) -> FabricResult<()> {
        if !self.link().is_connected() {
            self.shared.take_back();
            return Err(NatsError::Disconnected.into());
        }
        self.shared.give_back(stream::HOLD_MAX).await?;
        self.looks = self.looks.wrapping_add(1);
        let published = self.shared.waiting.lock().has_published();
        if now || published || self.looks.is_multiple_of(SILENT_LOOKS) {
            self.repair().await?;
            self.look_at_stream().await?;
        }
        Ok(())
    }

    fn link(&self) -> &Link {
        &self.shared.stream.link
    }

    /// Replaces a stream whose storage is gone, after a publish has found that.
    async fn repair(&self) -> FabricResult<()> {
        let failed = *self.shared.failed.lock();
        if failed.is_none_or(|(_, fault)| fault != Fault::Broken) {
            return Ok(());
        }
        let broken = self.known.map(|(stream, _)| stream);
        self.shared.stream.replace(broken).await?;
        if let Some((_, fault)) = &mut *self.shared.failed.lock() {
            *fault = Fault::Unknown;
        }
        Ok(())
    }

    async fn look_at_stream(&mut self) -> FabricResult<()> {
        let stream = self.shared.stream.stream().await?;
        let created = created(&stream);
        match timeout(REQUEST_WITHIN, stream.consumer_info(stream::CONSUMER)).await {
            Ok(Ok(consumer)) => self.compare(created, &consumer),
            Ok(Err(error)) if is_missing(&error) => self.reopen(),
            Ok(Err(error)) => return Err(failed(error)),
            Err(_elapsed) => return Err(NatsError::TimedOut(REQUEST_WITHIN).into()),
        }
        Ok(())
    }

    fn compare(&mut self, stream: Created, consumer: &Info) {
        let found = (stream, consumer.created.unix_timestamp_nanos());
        if self.known.is_some_and(|known| known != found) {
            self.reopen();
        }
        self.known = Some(found);
        let mut waiting = self.shared.waiting.lock();
        waiting.taken_up_to(consumer.delivered.stream_sequence);
    }

    /// The stream or its consumer is lost. The orders of this node that were in it go to its own workers.
    fn reopen(&mut self) {
        if self.known.take().is_some() {
            tracing::warn!(
                "the delivery queue was lost; its orders are delivered from here and from the store"
            );
        }
        self.shared.take_back();
        self.shared.waiting.lock().forget_stream();
        self.shared.reopened.notify_one();
    }

    /// Removes an order that no worker acknowledged. The store still has it.
    async fn bury(&self, message: &Message) -> FabricResult<()> {
        let dead: DeadLetter = serde_json::from_slice(&message.payload).map_err(failed)?;
        tracing::warn!(
            number = dead.stream_seq,
            deliveries = dead.deliveries,
            "an order was never acknowledged; the store makes it due when its claim expires"
        );
        self.shared.counts.dead.fetch_add(1, Ordering::Relaxed);
        let stream = self.shared.stream.stream().await?;
        let deleted = stream.delete_message(dead.stream_seq);
        within(REQUEST_WITHIN, deleted).await.map(|_deleted| ())
    }
}

fn is_missing(error: &ConsumerInfoError) -> bool {
    matches!(
        error.kind(),
        ConsumerInfoErrorKind::NotFound | ConsumerInfoErrorKind::StreamNotFound
    )
}
