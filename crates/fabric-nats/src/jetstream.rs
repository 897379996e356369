//! One JetStream stream: created when it is missing, and replaced when its storage is gone.

use std::error::Error;
use std::time::Duration;

use async_nats::Subject;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::stream::{Config, Stream};
use async_nats::jetstream::{self, Context, ContextBuilder, ErrorCode};
use bytes::Bytes;
use parking_lot::Mutex;
use sosik_fabric::{FabricError, FabricResult};

use crate::error::{NatsError, failed, within};
use crate::link::{Link, REQUEST_WITHIN};

/// Publishes whose acknowledgement is awaited at the same time. Further ones wait, within their deadline.
const PUBLISHES_MAX: usize = 1_024;

/// A stream with one subject.
pub(crate) struct JetStream {
    pub(crate) link: Link,
    pub(crate) context: Context,
    config: Config,
    subject: Subject,
    /// The creation of the stream that this node used last.
    used: Mutex<Option<Created>>,
}

/// When a stream was created, in nanoseconds. Two streams of the same name differ in it.
pub(crate) type Created = i128;

/// A message was not accepted.
#[derive(Debug)]
pub(crate) enum Refused {
    /// There is no stream.
    NoStream,
    /// The server has the stream, and lost its files.
    NoStorage,
    /// The message may have been accepted.
    Unknown(FabricError),
}

impl From<Refused> for FabricError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoStream => failed("JetStream lost a stream"),
            Refused::NoStorage => failed("JetStream lost the files of a stream"),
            Refused::Unknown(error) => error,
        }
    }
}

impl JetStream {
    /// A stream with this configuration and one subject.
    pub(crate) fn new(link: Link, subject: Subject, config: Config) -> Self {
        let context = ContextBuilder::new()
            .timeout(REQUEST_WITHIN)
            .ack_timeout(REQUEST_WITHIN)
            .max_ack_inflight(PUBLISHES_MAX)
            .build(link.client.clone());
        Self {
            link,
            context,
            subject,
            config,
            used: Mutex::default(),
        }
    }

    /// Creates the stream, or changes its configuration to that of this node.
    pub(crate) async fn configure(&self) -> FabricResult<()> {
        self.link.check_connected()?;
        let changed = self.context.create_or_update_stream(self.config.clone());
        within(REQUEST_WITHIN * 2, changed).await.map(|_info| ())
    }

    /// The stream with its state. Creates it if it is missing.
    pub(crate) async fn stream(&self) -> FabricResult<Stream> {
        self.link.check_connected()?;
        let found = self.context.get_or_create_stream(self.config.clone());
        let stream = within(REQUEST_WITHIN * 2, found).await?;
        *self.used.lock() = Some(created(&stream));
        Ok(stream)
    }

    /// Appends a message and returns its number.
    pub(crate) async fn publish(&self, payload: Bytes, deadline: Duration) -> Result<u64, Refused> {
        self.link.check_connected().map_err(Refused::Unknown)?;
        let publish = async {
            let sent = self.context.publish(self.subject.clone(), payload).await?;
            sent.await
        };
        match tokio::time::timeout(deadline, publish).await {
            Ok(Ok(accepted)) => Ok(accepted.sequence),
            Ok(Err(error)) => Err(reason(error)),
            Err(_elapsed) => Err(Refused::Unknown(NatsError::TimedOut(deadline).into())),
        }
    }

    /// Appends a message. Creates or replaces the stream if it is lost, and tries once more.
    pub(crate) async fn publish_again(
        &self,
        payload: Bytes,
        deadline: Duration,
    ) -> FabricResult<u64> {
        let used = *self.used.lock();
        match self.publish(payload.clone(), deadline).await {
            Ok(number) => return Ok(number),
            Err(Refused::NoStream) => {
                self.stream().await?;
            }
            Err(Refused::NoStorage) => self.replace(used).await?,
            Err(Refused::Unknown(error)) => return Err(error),
        }
        Ok(self.publish(payload, deadline).await?)
    }

    /// Deletes the stream that is broken and creates a new one, unless another node already did.
    pub(crate) async fn replace(&self, broken: Option<Created>) -> FabricResult<()> {
        let now = created(&self.stream().await?);
        if broken.is_none_or(|broken| broken == now) {
            tracing::warn!(stream = self.config.name, "a JetStream stream is replaced");
            let deleted = self.context.delete_stream(&self.config.name);
            within(REQUEST_WITHIN, deleted).await?;
        }
        self.stream().await.map(|_stream| ())
    }
}

/// When the stream was created.
pub(crate) fn created(stream: &Stream) -> Created {
    stream.cached_info().created.unix_timestamp_nanos()
}

fn reason(error: PublishError) -> Refused {
    if error.kind() == PublishErrorKind::StreamNotFound {
        return Refused::NoStream;
    }
    let source = error.source();
    let code = source.and_then(|source| source.downcast_ref::<jetstream::Error>());
    match code.map(jetstream::Error::error_code) {
        Some(ErrorCode::STREAM_NOT_FOUND) => Refused::NoStream,
        Some(ErrorCode::STREAM_STORE_FAILED) => Refused::NoStorage,
        Some(_) | None => Refused::Unknown(failed(error)),
    }
}
