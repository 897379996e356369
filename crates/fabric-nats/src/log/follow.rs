//! The task that copies the stream into the tail of this node.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::pull::{Batch, Config};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer};
use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::{Message, message};
use futures::StreamExt;
use sosik_fabric::FabricResult;
use sosik_feed::pulled::LogPosition;
use tokio::time::{Instant, sleep_until, timeout};

use super::{Shared, end_of};
use crate::error::{NatsError, failed, within};
use crate::jetstream::created;
use crate::link::REQUEST_WITHIN;
use crate::wire::{read_entry, write_entry};

/// Entries that one pull returns.
pub(super) const PULL_MAX: usize = 1_024;

/// Time that a pull waits at the server for entries. A stream that was lost meanwhile is noticed afterwards.
const PULL_WAIT: Duration = Duration::from_secs(1);

/// Time for the server to end a pull after that.
const PULL_GRACE: Duration = Duration::from_secs(1);

/// The server removes the consumer of a node that does not pull for this long.
const CONSUMER_KEPT: Duration = Duration::from_secs(60);

/// Pause after the first failure. Doubles up to [`RETRY_MAX`].
const RETRY_FIRST: Duration = Duration::from_millis(50);

/// Longest pause between two attempts.
const RETRY_MAX: Duration = Duration::from_secs(2);

pub(super) struct Follower {
    shared: Arc<Shared>,
}

/// Why the follower looks at the stream again.
enum Ended {
    /// The pull returned nothing, or its maximum.
    Pull { entries: usize },
    /// The stream is another one.
    Replaced,
}

impl Follower {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Runs until the engine is dropped.
    pub(super) async fn run(self) {
        let mut pause = RETRY_FIRST;
        loop {
            match self.follow().await {
                Ok(()) => pause = RETRY_FIRST,
                Err(error) => {
                    tracing::debug!(%error, "the log of large authors cannot be read; retrying");
                    sleep_until(Instant::now() + pause).await;
                    pause = (pause * 2).min(RETRY_MAX);
                }
            }
        }
    }

    /// Copies entries until the stream is lost, is replaced, or returns nothing although it has entries.
    async fn follow(&self) -> FabricResult<()> {
        let stream = self.shared.stream.stream().await?;
        let begin = self.align(&stream).await?;
        let consumer = self.consumer(&stream, begin).await?;
        loop {
            match self.pull(&consumer).await? {
                Ended::Replaced => return Ok(()),
                Ended::Pull { entries: PULL_MAX } => {}
                Ended::Pull { entries } => {
                    if !self.is_current(entries).await? {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Makes the tail a part of this stream. Returns the number of the first message to read: the last one that the tail
    /// has, to see that it is unchanged, or the next one.
    async fn align(&self, stream: &Stream) -> FabricResult<u64> {
        let (tail, end) = (&self.shared.tail, end_of(stream));
        let have = tail.end();
        if have.log() == end.log() && have.number() > end.number() {
            return self.rewritten(stream).await;
        }
        let first = stream.cached_info().state.first_sequence.max(1);
        if have.log() == end.log() && have.number() + 1 >= first {
            return Ok(match tail.begin() == have || have.number() < first {
                true => have.number() + 1,
                false => have.number(),
            });
        }
        let newest = (end.number() + 1).saturating_sub(self.shared.entries_max);
        let begin = newest.max(first);
        tail.reset(end.log(), begin - 1);
        Ok(begin)
    }

    /// The stream lost entries that this node has.
    async fn rewritten<T>(&self, stream: &Stream) -> FabricResult<T> {
        tracing::warn!("the log of large authors lost entries; a new one begins");
        self.shared.stream.replace(Some(created(stream))).await?;
        Err(NatsError::LogRewritten.into())
    }

    async fn consumer(&self, stream: &Stream, begin: u64) -> FabricResult<PullConsumer> {
        let config = Config {
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: begin,
            },
            ack_policy: AckPolicy::None,
            inactive_threshold: CONSUMER_KEPT,
            memory_storage: true,
            num_replicas: 1,
            ..Config::default()
        };
        within(REQUEST_WITHIN, stream.create_consumer(config)).await
    }

    async fn pull(&self, consumer: &PullConsumer) -> FabricResult<Ended> {
        let batch = consumer
            .batch()
            .max_messages(PULL_MAX)
            .expires(PULL_WAIT)
            .messages();
        let batch = within(REQUEST_WITHIN, batch).await?;
        tokio::select! {
            entries = self.copy(batch) => entries.map(|entries| Ended::Pull { entries }),
            () = self.shared.replaced.notified() => Ok(Ended::Replaced),
        }
    }

    async fn copy(&self, mut batch: Batch) -> FabricResult<usize> {
        let mut entries = 0;
        // A server that was restarted sends neither entries nor the end of the pull.
        while let Ok(Some(message)) = timeout(PULL_WAIT + PULL_GRACE, batch.next()).await {
            self.push(&message.map_err(failed)?).await?;
            entries += 1;
        }
        Ok(entries)
    }

    /// Adds a message to the tail.
    async fn push(&self, message: &Message) -> FabricResult<()> {
        let tail = &self.shared.tail;
        let info: message::Info<'_> = message.info().map_err(failed)?;
        let (number, end) = (info.stream_sequence, tail.end());
        if number <= end.number() {
            return self.compare(number, message).await;
        }
        if number > end.number() + 1 {
            // The entries between were removed before this node read them.
            tail.reset(end.log(), number - 1);
        }
        match read_entry(&message.payload) {
            Ok(entry) => _ = tail.push(entry),
            // A newer version wrote it. Timelines that need it are built from the store.
            Err(_unknown) => tail.reset(end.log(), number),
        }
        Ok(())
    }

    /// Checks that an entry is the one that the tail already has.
    async fn compare(&self, number: u64, message: &Message) -> FabricResult<()> {
        let log = self.shared.tail.end().log();
        let known = self.shared.tail.entries(LogPosition::new(log, number - 1));
        let known = known.and_then(|(entries, _)| entries.first().map(write_entry));
        if known.is_none_or(|known| known == message.payload) {
            return Ok(());
        }
        let stream = self.shared.stream.stream().await?;
        self.rewritten(&stream).await
    }

    /// Whether the stream is still that of the tail, and a pull without entries means that there are none.
    async fn is_current(&self, pulled: usize) -> FabricResult<bool> {
        let end = end_of(&self.shared.stream.stream().await?);
        let have = self.shared.tail.end();
        let same = have.log() == end.log() && have.number() <= end.number();
        Ok(same && (pulled > 0 || have == end))
    }
}
