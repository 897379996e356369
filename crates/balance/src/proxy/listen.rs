//! Accepts connections of clients, within their limits.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use pingora_core::apps::ServerApp;
use pingora_core::protocols::Stream as AnyStream;
use pingora_core::protocols::l4::stream::Stream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::front::{Front, Shared};
use super::places::{Place, Places};
use super::tls::Tls;
use super::wait;
use crate::Settings;

/// How long accepting pauses after an error. The process is out of files or memory, so trying at once would only burn
/// processor time.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections.
#[derive(Clone)]
pub(super) struct Listener {
    shared: Arc<Shared>,
    places: Arc<Places>,
    first_request: Duration,
    connections: TaskTracker,
    /// `true` asks connections to end after the request in flight.
    ending: Arc<watch::Sender<bool>>,
}

impl Listener {
    pub(super) fn new(settings: &Settings, shared: Arc<Shared>) -> Self {
        Self {
            shared,
            places: Arc::new(Places::new(settings)),
            first_request: settings.connections.first_request,
            connections: TaskTracker::new(),
            ending: Arc::new(watch::Sender::new(false)),
        }
    }

    pub(super) fn places(&self) -> Arc<Places> {
        Arc::clone(&self.places)
    }

    /// Accepts until the token is cancelled.
    pub(super) async fn accept(
        self,
        listener: TcpListener,
        tls: Option<Tls>,
        until: CancellationToken,
    ) {
        while let Some(permit) = self.places.free().await {
            let accepted = tokio::select! {
                () = until.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => match self.places.take(permit, peer.ip()) {
                    Some(place) => self.spawn(stream, peer, tls.clone(), place),
                    None => counter!("sosik_balance_connections_refused_total").increment(1),
                },
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections");
                    wait(PAUSE, &until).await;
                }
            }
        }
    }

    fn spawn(&self, stream: TcpStream, peer: SocketAddr, tls: Option<Tls>, place: Place) {
        let this = self.clone();
        self.connections.spawn(async move {
            this.handle(stream, peer, tls).await;
            drop(place);
        });
    }

    /// Serves a connection until it ends. One that sends nothing costs no more than its socket.
    async fn handle(&self, stream: TcpStream, peer: SocketAddr, tls: Option<Tls>) {
        let mut ending = self.ending.subscribe();
        let mut first = [0_u8; 1];
        let begins = async {
            tokio::select! {
                _ended = ending.wait_for(|ending| *ending) => false,
                peeked = stream.peek(&mut first) => peeked.is_ok_and(|bytes| bytes > 0),
            }
        };
        if !timeout(self.first_request, begins).await.unwrap_or(false) {
            return;
        }
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let first = tls.is_none().then_some(first[0]);
        let Some(stream) = self.secured(stream, tls).await else {
            return;
        };
        let front = Arc::new(Front::new(Arc::clone(&self.shared), peer, first));
        let ending = self.ending.subscribe();
        tokio::select! {
            _ended = front.process_new(stream, &ending) => {}
            () = front.no_request_in_time() => {}
        }
    }

    /// The connection as the library wants it. `None` if its handshake fails or takes too long.
    async fn secured(&self, stream: TcpStream, tls: Option<Tls>) -> Option<AnyStream> {
        let Some(tls) = tls else {
            return Some(Box::new(Stream::from(stream)));
        };
        let secure = timeout(self.first_request, tls.accept(stream)).await;
        match secure {
            Ok(Ok(secure)) => Some(Box::new(secure)),
            Ok(Err(_)) | Err(_) => {
                counter!("sosik_balance_handshakes_failed_total").increment(1);
                None
            }
        }
    }

    /// Ends idle connections, and waits for the others, but no longer than this.
    pub(super) async fn drain(&self, span: Duration) {
        self.ending.send_replace(true);
        self.shared.end_idle().await;
        self.connections.close();
        if timeout(span, self.connections.wait()).await.is_err() {
            let open = self.places.taken();
            tracing::warn!(open, "connections with requests in flight are closed");
        }
    }
}
