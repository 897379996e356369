//! Accepts connections of clients, within their limits.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use metrics::counter;
use pingora_core::apps::ServerApp;
use pingora_core::protocols::Stream as AnyStream;
use pingora_core::protocols::l4::stream::Stream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::front::{Front, Shared};
use super::places::{Place, Places};
use super::tls::Tls;
use super::wait;
use super::workers::Workers;
use crate::Settings;

/// How long accepting pauses after an error. The process is out of files or memory, so trying at once would only burn
/// processor time.
const PAUSE: Duration = Duration::from_millis(50);

/// Most connections that are taken out of the accept queue when accepting ends. The queue of the system is not longer.
const QUEUED_MAX: usize = 4_096;

/// Accepts connections.
#[derive(Clone)]
pub(super) struct Listener {
    workers: Arc<Workers>,
    places: Arc<Places>,
    connections: TaskTracker,
    serving: Serving,
}

/// What a connection knows of the listener. It does not keep the threads running.
#[derive(Clone)]
struct Serving {
    first_request: Duration,
    /// `true` asks connections to end after their next answer.
    ending: Arc<watch::Sender<bool>>,
    /// Ends connections that have not begun a request.
    idle_ends: CancellationToken,
}

/// A connection and its place.
type Accepted = (OwnedSemaphorePermit, io::Result<(TcpStream, SocketAddr)>);

impl Listener {
    pub(super) fn new(settings: &Settings, workers: Workers) -> Self {
        Self {
            workers: Arc::new(workers),
            places: Arc::new(Places::new(settings)),
            connections: TaskTracker::new(),
            serving: Serving {
                first_request: settings.connections.first_request,
                ending: Arc::new(watch::Sender::new(false)),
                idle_ends: CancellationToken::new(),
            },
        }
    }

    pub(super) fn places(&self) -> Arc<Places> {
        Arc::clone(&self.places)
    }

    /// Accepts until the token is cancelled, then what waits in the queue: it would be reset with the socket.
    pub(super) async fn accept(
        self,
        listener: TcpListener,
        tls: Option<Tls>,
        until: CancellationToken,
    ) {
        while let Some(Some(accepted)) = until.run_until_cancelled(self.next(&listener)).await {
            if let Err(error) = self.admit(accepted, tls.as_ref()) {
                tracing::warn!(%error, "cannot accept connections");
                wait(PAUSE, &until).await;
            }
        }
        for _ in 0..QUEUED_MAX {
            let queued = tokio::select! {
                biased;
                queued = self.next(&listener) => queued,
                () = std::future::ready(()) => None,
            };
            let Some(Ok(())) = queued.map(|queued| self.admit(queued, tls.as_ref())) else {
                return;
            };
        }
    }

    async fn next(&self, listener: &TcpListener) -> Option<Accepted> {
        let permit = self.places.free().await?;
        Some((permit, listener.accept().await))
    }

    fn admit(&self, (permit, accepted): Accepted, tls: Option<&Tls>) -> io::Result<()> {
        let (stream, peer) = accepted?;
        match self.places.take(permit, peer.ip()) {
            Some(place) => self.spawn(stream.into_std()?, peer, tls.cloned(), place),
            None => counter!("sosik_balance_connections_refused_total").increment(1),
        }
        Ok(())
    }

    /// Hands a connection over to a worker.
    fn spawn(&self, stream: std::net::TcpStream, peer: SocketAddr, tls: Option<Tls>, place: Place) {
        let worker = self.workers.next();
        let (serving, shared) = (self.serving.clone(), Arc::clone(&worker.shared));
        let served = self.connections.track_future(async move {
            match TcpStream::from_std(stream) {
                Ok(stream) => serving.handle(stream, peer, tls, shared).await,
                Err(error) => tracing::warn!(%error, "cannot serve a connection"),
            }
            drop(place);
        });
        worker.runtime.spawn(served);
    }

    /// Waits until all connections have ended, but no longer than `span`. Those without a request may begin one within
    /// `linger`, or until `hurry` is cancelled.
    pub(super) async fn drain(&self, linger: Duration, span: Duration, hurry: &CancellationToken) {
        let until = Instant::now() + span;
        self.serving.ending.send_replace(true);
        self.connections.close();
        let ended = timeout(linger.min(span), self.connections.wait());
        if let Some(Ok(())) = hurry.run_until_cancelled(ended).await {
            return;
        }
        self.serving.idle_ends.cancel();
        self.workers.end_idle().await;
        if timeout_at(until, self.connections.wait()).await.is_err() {
            let open = self.places.taken();
            tracing::warn!(open, "connections with requests in flight are closed");
        }
    }
}

impl Serving {
    /// Serves a connection until it ends. One that sends nothing costs no more than its socket.
    async fn handle(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        tls: Option<Tls>,
        shared: Arc<Shared>,
    ) {
        let ending = self.subscribe();
        let mut first = [0_u8; 1];
        let begins = self.idle_ends.run_until_cancelled(stream.peek(&mut first));
        let begun = timeout(self.first_request, begins).await;
        if !matches!(begun, Ok(Some(Ok(1..)))) {
            return;
        }
        let first = tls.is_none().then_some(first[0]);
        let Some(stream) = self.secured(stream, tls).await else {
            return;
        };
        let front = Arc::new(Front::new(shared, peer, first));
        tokio::select! {
            _ended = front.process_new(stream, &ending) => {}
            () = front.no_request_in_time() => {}
            () = front.abandons() => {
                counter!("sosik_balance_connections_abandoning_total").increment(1);
            }
        }
    }

    /// Reports the end once, also if it came before.
    fn subscribe(&self) -> watch::Receiver<bool> {
        let mut ending = self.ending.subscribe();
        if *ending.borrow() {
            ending.mark_changed();
        }
        ending
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
}
