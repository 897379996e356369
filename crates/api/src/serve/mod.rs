//! Listens: HTTP/1.1 and HTTP/2 on one socket, and a stop that drops no request.
//!
//! [`Acceptor`] takes connections from the system, [`protocol`] limits HTTP, [`Connection`] counts the activity of one
//! connection, [`deadlines`] closes inactive ones. Every listener has its own limits, so the administration listener
//! responds while the public one is full.

mod accept;
mod body;
mod budget;
mod connection;
mod deadlines;
mod networks;
mod protocol;
mod socket;
mod waiting;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::Service;

use self::accept::{Accepted, Acceptor};
use self::body::ResponseBody;
pub(crate) use self::budget::{BudgetExceeded, RequestPermit, Room};
pub(crate) use self::connection::InFlight;
use self::connection::{CloseRequest, Connection, Registry};
pub(crate) use self::networks::{NetworkShare, NetworkShares};
use self::protocol::Protocols;
pub(crate) use self::protocol::{HEAD_BYTES_MAX, HEADER_FIELDS_MAX};
use self::socket::Socket;
use crate::settings::Connections;

/// Handles the requests of a listener: a router, or [`Api::public`](crate::Api::public).
pub trait Handle:
    Service<Request, Response = Response, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Handle for S where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// Serves until `draining`, then waits at most `drain` for the requests in flight. The remaining connections are cut.
pub async fn serve(
    listener: TcpListener,
    handler: impl Handle,
    limits: Connections,
    draining: CancellationToken,
    drain: Duration,
) {
    let server = Server {
        handler,
        protocols: Arc::new(Protocols::new(&limits)),
        registry: Arc::new(Registry::new(limits)),
        tasks: TaskTracker::new(),
    };
    let stopped = CancellationToken::new();
    let _stops_the_scans = stopped.clone().drop_guard();
    tokio::spawn(deadlines::enforce_deadlines(
        Arc::clone(&server.registry),
        stopped,
    ));
    let mut acceptor = Acceptor::new(listener, Arc::clone(&server.registry));
    loop {
        let accepted = tokio::select! {
            () = draining.cancelled() => break,
            accepted = acceptor.next() => accepted,
        };
        if let Some(accepted) = accepted {
            server.connect(accepted);
        }
    }
    drop(acceptor);
    server.stop(drain).await;
}

struct Server<H> {
    handler: H,
    protocols: Arc<Protocols>,
    registry: Arc<Registry>,
    tasks: TaskTracker,
}

impl<H: Handle> Server<H> {
    fn connect(&self, accepted: Accepted) {
        let Accepted {
            stream,
            peer,
            permits,
        } = accepted;
        let connection = self.registry.open(peer);
        let serving = serve_connection(
            Arc::clone(&self.protocols),
            stream,
            self.handler.clone(),
            Arc::clone(&connection),
        );
        self.tasks.spawn(async move {
            // Dropped after a panic of a body, too.
            let _open = (connection, permits);
            serving.await;
        });
    }

    /// Drains requests in flight, then cuts the remaining connections.
    async fn stop(&self, drain: Duration) {
        self.registry.close_all(CloseRequest::Drain);
        self.tasks.close();
        if timeout(drain, self.tasks.wait()).await.is_err() {
            tracing::warn!(
                drain_ms = drain.as_millis(),
                "some requests did not finish in time: their connections are closed"
            );
            self.registry.close_all(CloseRequest::Abort);
        }
    }
}

async fn serve_connection(
    protocols: Arc<Protocols>,
    stream: TcpStream,
    handler: impl Handle,
    connection: Arc<Connection>,
) {
    let socket = Socket::new(stream, Arc::clone(&connection));
    let handled = Arc::clone(&connection);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        handle(handler.clone(), request, &handled)
    });
    let serving = protocols.of(&connection).serve_connection(socket, service);
    let mut serving = pin!(serving);
    loop {
        tokio::select! {
            biased;
            // A client may end a connection in any way. Failures on our side were logged with their request.
            _ended = serving.as_mut() => return,
            close_request = connection.close_requested() => match close_request {
                CloseRequest::None => {}
                CloseRequest::Drain => serving.as_mut().graceful_shutdown(),
                CloseRequest::Abort => return,
            },
        }
    }
}

fn handle<H: Handle>(
    mut handler: H,
    request: Request<Incoming>,
    connection: &Arc<Connection>,
) -> impl Future<Output = Result<Response<ResponseBody>, Infallible>> + Send + use<H> {
    let in_flight = connection.begin();
    let mut request = request.map(Body::new);
    request.extensions_mut().insert(Arc::clone(&in_flight));
    let handling = handler.call(request);
    async move {
        let response = handling.await?;
        Ok(response.map(|body| ResponseBody::new(body, in_flight)))
    }
}

/// The address of a listener's peer. IPv4 addresses in IPv6 notation are converted to IPv4.
fn canonical(peer: SocketAddr) -> SocketAddr {
    SocketAddr::new(peer.ip().to_canonical(), peer.port())
}

#[cfg(test)]
mod tests {
    use std::io;

    use bytes::Bytes;
    use futures::stream;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Responds with a body that panics.
    async fn panics(_request: Request) -> Result<Response, Infallible> {
        let body = stream::poll_fn(|_context| -> std::task::Poll<Option<io::Result<Bytes>>> {
            panic!("a fault in a body")
        });
        Ok(Response::new(Body::from_stream(body)))
    }

    #[tokio::test]
    async fn a_body_that_panics_leaves_no_connection_behind() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server {
            handler: tower::service_fn(panics),
            protocols: Arc::new(Protocols::new(&Connections::default())),
            registry: Arc::new(Registry::new(Connections::default())),
            tasks: TaskTracker::new(),
        };
        let mut client = TcpStream::connect(address).await.unwrap();
        let mut acceptor = Acceptor::new(listener, Arc::clone(&server.registry));
        server.connect(acceptor.next().await.unwrap());
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let mut received = Vec::new();
        let _reset = client.read_to_end(&mut received).await;
        server.tasks.close();
        server.tasks.wait().await;
        assert_eq!(server.registry.advance(), 0);
    }
}
