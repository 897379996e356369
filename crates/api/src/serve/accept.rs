//! Accepts connections from the system.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::canonical;
use super::connection::{Registry, count_refused};
use super::networks::NetworkShare;

/// Pause when the system cannot open another connection, instead of a busy loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The interval at which failures to accept connections are logged.
const LOG_EVERY: Duration = Duration::from_secs(60);

/// A connection ends when its peer acknowledges nothing for this time. Interruptions of mobile networks are shorter.
/// This also bounds how long a peer may keep its receive window at zero.
const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(45);

/// A silent peer is probed after this time, then `PROBES` times at this interval. A peer that vanished is detected
/// within 50 seconds.
const PROBE_AFTER: Duration = Duration::from_secs(20);
const PROBE_EVERY: Duration = Duration::from_secs(10);
const PROBES: u32 = 3;

/// A new connection.
pub(super) struct Accepted {
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    /// Held while the connection is open.
    pub(super) permits: ConnectionPermits,
}

/// A permit among all connections of the listener, and one among those of its network.
pub(super) struct ConnectionPermits {
    _all: OwnedSemaphorePermit,
    _network: Option<NetworkShare>,
}

/// The listener and its recent failures.
pub(super) struct Acceptor {
    listener: TcpListener,
    registry: Arc<Registry>,
    failures: Failures,
}

impl Acceptor {
    pub(super) fn new(listener: TcpListener, registry: Arc<Registry>) -> Self {
        Self {
            listener,
            registry,
            failures: Failures::default(),
        }
    }

    /// The next connection. While the maximum number is open, further ones wait in the queue of the system.
    pub(super) async fn next(&mut self) -> Option<Accepted> {
        let permits = Arc::clone(self.registry.permits());
        let all = permits.acquire_owned().await.ok()?;
        match self.listener.accept().await {
            Ok((stream, peer)) => self.take(stream, canonical(peer), all),
            // The client disconnected before the accept.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
                ) =>
            {
                None
            }
            Err(error) => {
                if let Some(count) = self.failures.note(Instant::now()) {
                    let listener = self.registry.limits().listener;
                    tracing::error!(%error, count, listener, "connections cannot be accepted: allow more open files, or lower server.connections_max");
                }
                pause().await;
                None
            }
        }
    }

    fn take(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        all: OwnedSemaphorePermit,
    ) -> Option<Accepted> {
        let Ok(network) = self.registry.admit(peer) else {
            count_refused(self.registry.limits().listener, 1);
            return None;
        };
        // On a system without one of these options the server still works, and detects dead peers later, by pings and
        // heartbeats.
        let _unsupported = set_options(&stream);
        Some(Accepted {
            stream,
            peer,
            permits: ConnectionPermits {
                _all: all,
                _network: network,
            },
        })
    }
}

/// Sends small responses immediately, and lets the system detect peers that are gone.
fn set_options(stream: &TcpStream) -> std::io::Result<()> {
    let socket = SockRef::from(stream);
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED_MAX))?;
    let probes = TcpKeepalive::new().with_time(PROBE_AFTER);
    let probes = probes.with_interval(PROBE_EVERY).with_retries(PROBES);
    socket.set_tcp_keepalive(&probes)
}

#[expect(
    clippy::disallowed_methods,
    reason = "waits for the system to get room, which nobody announces"
)]
async fn pause() {
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// Failures to accept. The log gets one line a minute with their number.
#[derive(Debug, Default)]
struct Failures {
    count: u64,
    logged: Option<Instant>,
}

impl Failures {
    /// Counts a failure. If a log line is due, returns the number of failures since the last one.
    fn note(&mut self, now: Instant) -> Option<u64> {
        self.count += 1;
        let is_due = self
            .logged
            .is_none_or(|logged| now.duration_since(logged) >= LOG_EVERY);
        is_due.then(|| {
            self.logged = Some(now);
            std::mem::take(&mut self.count)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_to_accept_are_logged_at_once_and_then_once_a_minute_with_their_number() {
        let mut failures = Failures::default();
        let start = Instant::now();
        assert_eq!(failures.note(start), Some(1));
        for second in 1..60 {
            assert_eq!(failures.note(start + Duration::from_secs(second)), None);
        }
        assert_eq!(failures.note(start + Duration::from_secs(60)), Some(60));
        assert_eq!(failures.note(start + Duration::from_secs(61)), None);
    }

    #[tokio::test]
    async fn the_system_is_asked_to_notice_peers_that_are_gone() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (_client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (stream, _) = accepted.unwrap();
        set_options(&stream).unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        let unacknowledged = socket.tcp_user_timeout().unwrap();
        assert_eq!(unacknowledged, Some(Duration::from_secs(45)));
        let idle = socket.tcp_keepalive_time().unwrap();
        let every = socket.tcp_keepalive_interval().unwrap();
        let probes = socket.tcp_keepalive_retries().unwrap();
        assert!(idle + every * probes <= Duration::from_secs(60));
    }
}
