//! A connection to NATS with deadlines and bounded buffers.
//!
//! The library reconnects by itself. Meanwhile calls fail at once instead of filling its buffers with messages that
//! would be outdated when they are sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::connection::State;
use async_nats::{
    Client, ConnectOptions, Event, RequestErrorKind, ServerAddr, Subject, Subscriber,
};
use bytes::Bytes;
use sosik_fabric::FabricResult;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::error::{NatsError, failed, within};
use crate::options::NatsOptions;

/// Commands that wait for the connection in the library. With messages of at most 64 KiB, that is 64 MiB at worst. The
/// library takes no more of them while it has 64 KiB that the socket does not accept.
const COMMANDS_MAX: usize = 1_024;

/// Time for one command to enter the buffer of the library.
const SEND_WITHIN: Duration = Duration::from_millis(250);

/// Time for one connection attempt.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);

/// Time for a request to the server and its answer.
pub(crate) const REQUEST_WITHIN: Duration = Duration::from_secs(2);

/// Interval of the pings of the library. It gives a connection up after the third ping without an answer.
const PING_EVERY: Duration = Duration::from_secs(2);

/// Longest pause between two connection attempts.
const RECONNECT_MAX: Duration = Duration::from_secs(2);

/// Pause before the second connection attempt. Doubles up to [`RECONNECT_MAX`].
const RECONNECT_FIRST: Duration = Duration::from_millis(20);

/// A node starts without NATS after this time, and connects as soon as it can.
const OPEN_WITHIN: Duration = Duration::from_secs(5);

/// A connection.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) client: Client,
    events: Arc<Events>,
}

#[derive(Default)]
struct Events {
    changed: Notify,
    /// Messages that found the buffer of their subscription full.
    dropped: AtomicU64,
}

impl Link {
    /// Connects. `class` tells the connections of a node apart. `messages_max` bounds each subscription: a message that
    /// finds its buffer full is dropped.
    ///
    /// # Errors
    /// The address is malformed, or the server refuses the credentials.
    pub(crate) async fn open(
        options: &NatsOptions,
        class: &str,
        messages_max: usize,
    ) -> FabricResult<Self> {
        let events = Arc::new(Events::default());
        let connecting = ConnectOptions::new()
            .name(format!("{}/{}/{class}", options.prefix, options.node))
            .client_capacity(COMMANDS_MAX)
            .subscription_capacity(messages_max)
            .connection_timeout(CONNECT_WITHIN)
            .request_timeout(Some(REQUEST_WITHIN))
            .ping_interval(PING_EVERY)
            .reconnect_delay_callback(reconnect_pause)
            .retry_on_initial_connect()
            .event_callback({
                let events = Arc::clone(&events);
                move |event| {
                    events.note(&event);
                    std::future::ready(())
                }
            });
        let client = connecting.connect(addresses(&options.url)?).await;
        let link = Self {
            client: client.map_err(failed)?,
            events,
        };
        link.wait_for_connection().await;
        Ok(link)
    }

    async fn wait_for_connection(&self) {
        let connected = async {
            while !self.is_connected() {
                self.changed().await;
            }
        };
        if timeout(OPEN_WITHIN, connected).await.is_err() {
            tracing::warn!("NATS does not answer; the node starts without it");
        }
    }

    /// Whether there is a connection. One load.
    pub(crate) fn is_connected(&self) -> bool {
        self.client.connection_state() == State::Connected
    }

    /// Number of connections so far. If it changed, messages may have been lost in both directions.
    pub(crate) fn connects(&self) -> u64 {
        self.client.statistics().connects.load(Ordering::Relaxed)
    }

    /// Number of messages that this node dropped because it was too slow.
    pub(crate) fn dropped(&self) -> u64 {
        self.events.dropped.load(Ordering::Relaxed)
    }

    /// Waits until [`connects`](Self::connects) or [`dropped`](Self::dropped) may have changed. One waiter.
    pub(crate) async fn changed(&self) {
        self.events.changed.notified().await;
    }

    /// Sends a message. Success means that it is in the buffer of the connection.
    pub(crate) async fn publish(&self, subject: Subject, payload: Bytes) -> FabricResult<()> {
        self.check_connected()?;
        within(SEND_WITHIN, self.client.publish(subject, payload)).await
    }

    /// Subscribes, also while there is no connection.
    pub(crate) async fn subscribe(&self, subject: Subject) -> FabricResult<Subscriber> {
        within(SEND_WITHIN, self.client.subscribe(subject)).await
    }

    /// Fails at once while there is no connection.
    pub(crate) fn check_connected(&self) -> FabricResult<()> {
        match self.is_connected() {
            true => Ok(()),
            false => Err(NatsError::Disconnected.into()),
        }
    }

    /// Returns when the server has processed every command sent before. The subject has no subscriber, so the server
    /// itself answers.
    pub(crate) async fn round_trip(&self) -> FabricResult<()> {
        self.check_connected()?;
        let nobody = self.client.new_inbox();
        let answer = timeout(REQUEST_WITHIN, self.client.request(nobody, Bytes::new())).await;
        match answer {
            Ok(Err(error)) if error.kind() == RequestErrorKind::NoResponders => Ok(()),
            Ok(Err(error)) => Err(failed(error)),
            Ok(Ok(_)) | Err(_) => Err(NatsError::TimedOut(REQUEST_WITHIN).into()),
        }
    }
}

impl Events {
    fn note(&self, event: &Event) {
        if matches!(event, Event::SlowConsumer(_)) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        self.changed.notify_one();
    }
}

fn addresses(url: &str) -> FabricResult<Vec<ServerAddr>> {
    let addresses = url.split(',').map(|address| address.trim().parse());
    addresses
        .collect::<Result<_, std::io::Error>>()
        .map_err(failed)
}

/// The pause before a connection attempt. The first one is immediate. A random half of each pause keeps nodes that lost
/// the same server apart.
fn reconnect_pause(attempt: usize) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(2)).unwrap_or(u32::MAX);
    if attempt <= 1 {
        return Duration::ZERO;
    }
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    let longest = RECONNECT_FIRST.saturating_mul(factor).min(RECONNECT_MAX);
    longest.mul_f64(rand::random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_between_connection_attempts_double_up_to_the_longest() {
        assert_eq!(reconnect_pause(1), Duration::ZERO);
        for _ in 0..100 {
            assert!(reconnect_pause(2) <= RECONNECT_FIRST);
            assert!(reconnect_pause(3) <= RECONNECT_FIRST * 2);
            let longest = reconnect_pause(1_000);
            assert!(longest <= RECONNECT_MAX && longest >= RECONNECT_MAX / 2);
        }
    }

    #[test]
    fn several_addresses_are_separated_by_commas() {
        assert_eq!(addresses("nats://a:1, nats://b:2").unwrap().len(), 2);
        assert!(addresses("http://a:1").is_err());
    }
}
