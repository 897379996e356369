//! One connection of a client, in front of the library.
//!
//! The library reads requests and passes them on. It has no limit for the time in which the head of a request must
//! arrive, so each request runs beside a [`Deadline`], which its steps move.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use pingora_core::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream};
use pingora_core::protocols::http::ServerSession;
use pingora_core::protocols::http::v2::server::H2Options;
use pingora_core::server::ShutdownWatch;
use pingora_core::server::configuration::ServerConf;
use pingora_proxy::HttpProxy;
use tokio::time::Instant;

use super::abandoned::Abandoned;
use super::deadline::Deadline;
use super::relay::Relay;
use crate::settings::Connections;
use crate::{Pool, Settings};

/// Attempts of one request: the first one, and two on other nodes.
pub(super) const ATTEMPTS_MAX: usize = 3;

/// Streams that a client of HTTP/2 may reset before they are served. Further ones end the connection: a client that
/// opens and resets streams at once makes work and no requests.
const RESETS_MAX: usize = 32;

/// Longest list of header fields on HTTP/2, in bytes with 32 for each field.
pub(super) const HEAD_BYTES_MAX: u32 = 64 * 1_024;

/// Memory for answers that a client of HTTP/2 does not read, for each stream.
const SEND_BUFFER_BYTES: usize = 64 * 1_024;

tokio::task_local! {
    /// The request that the library processes in this task.
    static CURRENT: Arc<Current>;
}

/// What a request knows about its connection.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) peer: SocketAddr,
    /// Whether the client speaks TLS.
    pub(super) tls: bool,
    /// The request is dropped when this passes.
    pub(super) deadline: Deadline,
    pub(super) pool: Arc<Pool>,
    /// The score of its connection.
    pub(super) abandoned: Arc<Abandoned>,
    started: Arc<AtomicBool>,
}

impl Current {
    /// The request of this task.
    pub(super) fn get() -> Option<Arc<Self>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    /// The head of the request is complete.
    pub(super) fn head_arrived(&self) {
        self.started.store(true, Ordering::Relaxed);
        self.deadline.clear();
    }
}

/// What the connections of one thread share.
pub(super) struct Shared {
    proxy: Arc<HttpProxy<Relay>>,
    pool: Arc<Pool>,
    limits: Connections,
}

impl Shared {
    /// Ends connections without a request in flight, also those of later.
    pub(super) async fn end_idle(&self) {
        self.proxy.http_cleanup().await;
    }
}

/// One connection.
pub(super) struct Front {
    shared: Arc<Shared>,
    peer: SocketAddr,
    tls: bool,
    options: HttpServerOptions,
    abandoned: Arc<Abandoned>,
    started: Arc<AtomicBool>,
    first_request: Arc<Deadline>,
}

impl Front {
    /// What the connections of one of this many threads share.
    pub(super) fn shared(
        settings: &Settings,
        pool: &Arc<Pool>,
        relay: Relay,
        threads: usize,
    ) -> Arc<Shared> {
        let conf = ServerConf {
            max_retries: ATTEMPTS_MAX,
            upstream_keepalive_pool_size: (settings.node_idle_max / threads).max(1),
            ..ServerConf::default()
        };
        // Modules of the library, such as compression, are not wanted: nodes compress.
        let proxy = HttpProxy::new(relay, Arc::new(conf));
        Arc::new(Shared {
            proxy: Arc::new(proxy),
            pool: Arc::clone(pool),
            limits: settings.connections,
        })
    }

    /// A connection whose first byte is known, unless it speaks TLS.
    pub(super) fn new(shared: Arc<Shared>, peer: SocketAddr, first: Option<u8>) -> Self {
        let mut options = HttpServerOptions::default();
        // The preface of HTTP/2 begins with this letter, as some methods do. The library looks further.
        options.h2c = first == Some(b'P');
        options.h2_idle_timeout = Some(shared.limits.idle);
        let streams_max = usize::try_from(shared.limits.streams_max).unwrap_or(usize::MAX);
        let first_request = Deadline::default();
        first_request.set(Instant::now() + shared.limits.first_request);
        Self {
            shared,
            peer,
            tls: first.is_none(),
            options,
            abandoned: Arc::new(Abandoned::new(streams_max)),
            started: Arc::default(),
            first_request: Arc::new(first_request),
        }
    }

    /// Returns when the client has given up too many requests.
    pub(super) async fn abandons(&self) {
        self.abandoned.too_many().await;
    }

    /// Returns if no complete request arrives in time.
    pub(super) async fn no_request_in_time(&self) {
        self.first_request.passed().await;
        if self.started.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl HttpServerApp for Front {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        ending: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        let current = Arc::new(Current {
            peer: self.peer,
            tls: self.tls,
            deadline: Deadline::default(),
            pool: Arc::clone(&self.shared.pool),
            abandoned: Arc::clone(&self.abandoned),
            started: Arc::clone(&self.started),
        });
        // The first request of a connection has its own limit.
        let idle = self.shared.limits.idle;
        current.deadline.set(Instant::now() + idle);
        let work = self.shared.proxy.process_new_http(session, ending);
        tokio::select! {
            biased;
            done = CURRENT.scope(Arc::clone(&current), work) => done,
            () = current.deadline.passed() => None,
        }
    }

    fn h2_options(&self) -> Option<H2Options> {
        let mut options = H2Options::new();
        options
            .max_concurrent_streams(self.shared.limits.streams_max)
            .max_header_list_size(HEAD_BYTES_MAX)
            .max_pending_accept_reset_streams(RESETS_MAX)
            .max_local_error_reset_streams(Some(RESETS_MAX))
            .max_send_buffer_size(SEND_BUFFER_BYTES);
        Some(options)
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        Some(&self.options)
    }
}
