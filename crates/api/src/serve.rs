//! Listening: HTTP/1.1 and HTTP/2 on one socket, and going away without dropping anybody.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::Service;

use crate::extract::Peer;

/// Connections open at once; further ones wait in the system's queue. More than the streams and clients of one node,
/// and bounds the memory of idle ones (about 10 KiB each).
const CONNECTIONS_MAX: usize = 65_536;

/// A client sends the head of its request within this, or is cut off: slow senders must not keep connections.
/// Idle connections between requests end after the same time.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Requests of one HTTP/2 connection at once. Browsers open a hundred; one connection must not take all places.
const REQUESTS_PER_CONNECTION_MAX: u32 = 128;

/// Bytes of the head of a request. Enough for a token, a cursor and the cookies of neighbours on the same host.
const HEAD_BYTES_MAX: u32 = 16 * 1024;

/// A silent HTTP/2 connection is asked for a sign of life this often, and is given up after as long without one.
const PING_EVERY: Duration = Duration::from_secs(20);

/// Pause when the system has no room for another connection, instead of asking it in a circle.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `leaving`, then lets running requests end, for at most `drain`. Connections that are not done by then
/// are cut.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    leaving: CancellationToken,
    drain: Duration,
) {
    let server = Server {
        router,
        http: Arc::new(protocol()),
        graceful: GracefulShutdown::new(),
        room: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
        cut: CancellationToken::new(),
    };
    loop {
        let accepted = tokio::select! {
            () = leaving.cancelled() => break,
            accepted = accept(&listener, &server.room) => accepted,
        };
        if let Some((stream, peer, room)) = accepted {
            server.connect(stream, peer, room);
        }
    }
    drop(listener);
    if timeout(drain, server.graceful.shutdown()).await.is_err() {
        tracing::warn!(
            drain_ms = drain.as_millis(),
            "some requests did not end in time and are cut off"
        );
    }
    server.cut.cancel();
}

struct Server {
    router: Router,
    http: Arc<Builder<TokioExecutor>>,
    graceful: GracefulShutdown,
    room: Arc<Semaphore>,
    cut: CancellationToken,
}

fn protocol() -> Builder<TokioExecutor> {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES_MAX as usize * 4);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(REQUESTS_PER_CONNECTION_MAX)
        .max_header_list_size(HEAD_BYTES_MAX)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_EVERY);
    http
}

type Accepted = (TcpStream, SocketAddr, OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> Option<Accepted> {
    let room = Arc::clone(room).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => Some((stream, peer, room)),
        // The client was gone before we looked.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
            ) =>
        {
            None
        }
        Err(error) => {
            tracing::error!(%error, "no connection can be accepted; if it stays so, allow more open files");
            pause().await;
            None
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "waits for the system to get room, which nobody announces"
)]
async fn pause() {
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

impl Server {
    fn connect(&self, stream: TcpStream, peer: SocketAddr, room: OwnedSemaphorePermit) {
        // Answers are small and written at once; waiting to fill packets only delays them. Losing this is harmless.
        let _slower = stream.set_nodelay(true);
        let router = self.router.clone();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            handle(router.clone(), request, peer)
        });
        let http = Arc::clone(&self.http);
        let watcher = self.graceful.watcher();
        let cut = self.cut.clone();
        tokio::spawn(async move {
            let connection = http
                .serve_connection(TokioIo::new(stream), service)
                .into_owned();
            tokio::select! {
                // How a connection ends is the client's affair; what failed on our side was logged with its request.
                _ended = watcher.watch(connection) => {}
                () = cut.cancelled() => {}
            }
            drop(room);
        });
    }
}

async fn handle(
    mut router: Router,
    request: Request<Incoming>,
    peer: SocketAddr,
) -> Result<axum::response::Response, Infallible> {
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(Peer(peer));
    router.call(request).await
}
