//! The log of large authors: one JetStream stream, copied into the tail of each node.
//!
//! The number of an entry is its number in the stream, and the number of the log is made from the time at which the
//! stream was created. So all nodes number alike, and a stream that was lost and created again is another log: timelines
//! that were built from the lost one are rebuilt.
//!
//! JetStream acknowledges before it syncs its files. After a crash of its machine the stream may end before entries that
//! nodes have already read, and go on with other entries under the same numbers. A node that finds an entry changed
//! replaces the stream.

mod follow;

use std::sync::Arc;
use std::time::Duration;

use async_nats::Subject;
use async_nats::jetstream::stream::{Config, DiscardPolicy, StorageType, Stream};
use async_trait::async_trait;
use sosik_fabric::{FabricResult, LargeAuthorLog, LogTail};
use sosik_feed::pulled::{LogEntry, LogPosition};
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

use crate::error::{NatsError, within};
use crate::jetstream::{Created, JetStream, created};
use crate::link::Link;
use crate::options::NatsOptions;
use crate::wire::write_entry;
use follow::Follower;

/// Messages that wait in the library for this node: two pulls.
const MESSAGES_MAX: usize = 2 * follow::PULL_MAX;

/// Time for JetStream to accept an entry. The delivery fails then, and is retried.
const APPEND_WITHIN: Duration = Duration::from_secs(2);

/// Time for the tail to get everything that is in the log.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(2);

/// Numbers of logs: 24 bits, without 0.
const LOGS: i128 = (1 << 24) - 1;

/// The log of large authors in JetStream.
pub struct NatsLog {
    shared: Arc<Shared>,
    _follower: AbortOnDropHandle<()>,
}

/// What the follower and the callers share.
struct Shared {
    stream: JetStream,
    tail: Arc<LogTail>,
    entries_max: u64,
    /// The stream is another one than that of the tail.
    replaced: Notify,
}

impl NatsLog {
    /// Connects and follows the log. `random` numbers the empty log of a node that starts without an answer of NATS.
    ///
    /// # Errors
    /// The address or the prefix is malformed.
    pub async fn open(options: &NatsOptions, random: u64) -> FabricResult<Self> {
        let link = Link::open(options, "log", MESSAGES_MAX).await?;
        let subject = Subject::from(format!("{}.log", options.prefix));
        let stream = JetStream::new(link, subject.clone(), config(options, &subject));
        if let Err(error) = stream.configure().await {
            tracing::warn!(%error, "the log of large authors is not configured");
        }
        let tail = Arc::new(LogTail::new(options.log_entries, number_of(random.into())));
        let shared = Arc::new(Shared {
            stream,
            tail,
            entries_max: options.log_entries as u64,
            replaced: Notify::new(),
        });
        let follower = Follower::new(Arc::clone(&shared));
        let log = Self {
            shared,
            _follower: AbortOnDropHandle::new(tokio::spawn(follower.run())),
        };
        // Before the first read, so that it does not build a timeline on the empty log.
        let _later = log.catch_up().await;
        Ok(log)
    }
}

#[async_trait]
impl LargeAuthorLog for NatsLog {
    async fn append(&self, entry: LogEntry) -> FabricResult<()> {
        let entry = write_entry(&entry);
        let appended = self.shared.stream.publish_again(entry, APPEND_WITHIN);
        appended.await.map(|_number| ())
    }

    async fn catch_up(&self) -> FabricResult<()> {
        let end = end_of(&self.shared.stream.stream().await?);
        let tail = &self.shared.tail;
        if tail.end().log() != end.log() {
            self.shared.replaced.notify_one();
        }
        within(CATCH_UP_WITHIN, async {
            let mut reached = tail.end();
            while !reached.is_at_least(end) {
                reached = tail.grown(reached).await;
            }
            Ok::<_, NatsError>(())
        })
        .await
    }

    fn tail(&self) -> &Arc<LogTail> {
        &self.shared.tail
    }
}

fn config(options: &NatsOptions, subject: &Subject) -> Config {
    Config {
        name: format!("{}_log", options.prefix),
        description: Some("stories of large authors, in order of arrival".to_owned()),
        subjects: vec![subject.to_string()],
        max_messages: i64::try_from(options.log_entries).unwrap_or(i64::MAX),
        discard: DiscardPolicy::Old,
        storage: StorageType::File,
        num_replicas: options.replicas,
        ..Config::default()
    }
}

/// The number of a log, from 1.
fn number_of(created: Created) -> u32 {
    let mixed = created ^ (created >> 24) ^ (created >> 48);
    u32::try_from(mixed.rem_euclid(LOGS)).unwrap_or_default() + 1
}

/// The position after the last entry of the stream.
fn end_of(stream: &Stream) -> LogPosition {
    let last = stream.cached_info().state.last_sequence;
    LogPosition::new(number_of(created(stream)), last)
}
