//! Listeners, admission and streams.

use std::{fs, net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context, ensure};
use sosik_api::ForwardedHeader;
use sosik_store_sqlite::private;

use super::{
    allowed::{Allowed, Any, AtMost, Origin, Origins, ShortText},
    proxies::{Proxies, ProxyHeader},
    secret::{Secret, TokenText},
    setting::settings,
    units::{MIB_MAX, kib, mib},
};

/// An address to listen on. With port 0 the system chooses the port, which tests use.
const LISTEN: Any = Any("an IP address and a port; port 0 takes a free one");

/// 16 random characters cannot be guessed over a network; 512 fit into a header with the others.
const ADMIN_TOKEN: TokenText = TokenText { bytes: 16..=512 };

settings! {
    /// The two listeners, their admission limits, and the time limits of requests.
    pub struct Server in "server" {
        /// Address of the public API.
        pub listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8420)), unit: "address", allowed: LISTEN;

        /// Address of health checks and metrics. It is separate from the public listener, so that both answer during
        /// overload. At most 64 connections are open at once. Keep it on a private address.
        pub admin_listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8421)), unit: "address", allowed: LISTEN;

        /// Operators send this to the administration listener as `Authorization: Bearer`. If it is empty, no token is
        /// required. /livez and /readyz never require one.
        pub admin_token: Secret = Secret::default(), unit: "token", allowed: ADMIN_TOKEN;

        /// A file that contains the administration token, so that the token is in neither the environment nor the
        /// configuration. Set this or `admin_token`, not both. It is read at the start.
        pub admin_token_file: String = String::new(), unit: "path", allowed: ShortText { bytes_max: 4_096 };

        /// The origin under which people reach this service. Its scheme decides whether cookies are marked Secure.
        /// Requests with cookies are accepted from this origin only.
        pub public_url: String = "http://127.0.0.1:8420".to_owned(), unit: "origin", allowed: Origin;

        /// Other origins whose pages may call the API with a bearer token.
        pub cors_origins: Vec<String> = Vec::new(), unit: "origins", allowed: Origins { at_most: 64 };

        /// Connections open at once on the public listener. Further ones wait in the accept queue of the system. Each
        /// needs an open file. If the process may open too few files, this is lowered at the start. A warning is logged
        /// if the key was set.
        pub connections_max: usize = 65_536, unit: "connections", allowed: 64..=1_000_000;

        /// Connections open at once from one address (IP version 6: from one /64 network). Further ones are closed
        /// immediately. Addresses in trusted_proxies are exempt. Raise it to measure with many connections from one
        /// machine.
        pub connections_per_address_max: usize = 4_096, unit: "connections", allowed: 1..=1_000_000;

        /// A connection without a complete request is closed after this.
        pub first_request_seconds: u32 = 15, unit: "seconds", allowed: 1..=300;

        /// A connection without a request in flight is closed after this. A live stream is a request in flight.
        pub idle_connection_seconds: u32 = 60, unit: "seconds", allowed: 5..=3_600;

        /// Requests processed at the same time. Further ones wait. A value above what the machine can process only
        /// makes every request slower.
        pub requests_at_once_max: usize = 1_024, unit: "requests", allowed: 1..=100_000;

        /// Requests that may wait to be processed. Further ones get 503 immediately.
        pub requests_waiting_max: usize = 512, unit: "requests", allowed: 1..=100_000;

        /// How long a request may wait to be processed. After that it gets 503.
        pub request_wait_ms: u32 = 500, unit: "milliseconds", allowed: 1..=10_000;

        /// Largest request body, except uploads. The minimum fits the longest story if a client escapes every
        /// character.
        pub request_body_kib: u32 = 64, unit: "KiB", allowed: 64..=1_024;

        /// How long a body may take to arrive. After the first 5 seconds it must also arrive at 1 KiB a second on
        /// average.
        pub body_timeout_seconds: u32 = 15, unit: "seconds", allowed: 6..=300;

        /// Memory for bodies that are being received or processed. Without room, requests with a body get 503.
        pub bodies_mib: u32 = 64, unit: "MiB", allowed: 1..=MIB_MAX;

        /// Memory for all answers that wait to be written. Without room, requests get 503. One network may use at most
        /// half.
        pub answers_mib: u32 = 256, unit: "MiB", allowed: 16..=MIB_MAX;

        /// Memory for the answers of one connection that wait to be written. Above it, further requests of the
        /// connection get 503. The largest page of the API takes about 3 MiB.
        pub answers_per_connection_mib: u32 = 8, unit: "MiB", allowed: 4..=1_024;

        /// A client that reads an answer at less than 1 KiB a second for this long is disconnected. While more than
        /// half of answers_mib is in use, the limit is 16 KiB a second.
        pub answer_stall_seconds: u32 = 30, unit: "seconds", allowed: 2..=300;

        /// Longest time between the arrival of a request's body and its answer. Streams are exempt.
        pub request_timeout_seconds: u32 = 15, unit: "seconds", allowed: 1..=300;

        /// How long this node continues to serve after /readyz reports that it is leaving, so that load balancers
        /// notice before connections are refused. Set it to a little more than the interval of their health checks; 0
        /// without a load balancer.
        pub balancer_wait_seconds: u32 = 0, unit: "seconds", allowed: 0..=300;

        /// How long requests in flight may take to complete after the process received a stop signal.
        pub drain_seconds: u32 = 10, unit: "seconds", allowed: 1..=300;

        /// Proxies whose `forwarded_header` is trusted: addresses or networks such as 10.0.0.0/8. The client is the
        /// rightmost address in the header that is not a trusted proxy. For all other connections the client is the
        /// address of the connection, so that no client can evade a limit with a header.
        pub trusted_proxies: Vec<Proxies> = Vec::new(), unit: "IP addresses or networks", allowed: AtMost { items: 256 };

        /// The header in which the trusted proxies name their client. Only this header is read, because a proxy
        /// forwards the other one unchanged from the client.
        pub forwarded_header: ProxyHeader = ProxyHeader(ForwardedHeader::XForwardedFor), unit: "word",
            allowed: Any("x-forwarded-for or forwarded");

        /// Live streams open on this node.
        pub streams_max: usize = 20_000, unit: "streams", allowed: 1..=1_000_000;

        /// Live streams open for one person on this node. Above it a new stream is rejected and no existing stream is
        /// closed.
        pub streams_per_person_max: usize = 8, unit: "streams", allowed: 1..=64;

        /// How often an open stream checks its session and sends a heart-beat. A stream ends within this time after its
        /// session ends.
        pub stream_check_seconds: u32 = 3, unit: "seconds", allowed: 1..=5;
    }
}

impl Server {
    /// The administration token, from the configuration or from its file.
    ///
    /// # Errors
    /// The file cannot be read or contains no token.
    pub fn admin_token_in_effect(&self) -> anyhow::Result<Option<String>> {
        if self.admin_token_file.is_empty() {
            return Ok(self.admin_token.reveal().map(str::to_owned));
        }
        let path = &self.admin_token_file;
        let text = fs::read_to_string(path)
            .with_context(|| format!("read server.admin_token_file {path}"))?;
        let token = Secret::new(text.trim().to_owned());
        ensure!(
            token.reveal().is_some() && ADMIN_TOKEN.admits(&token),
            "{path} (server.admin_token_file) holds no token: write {}",
            ADMIN_TOKEN.describe()
        );
        if let Some(command) = private::command_to_close_file(Path::new(path)) {
            tracing::warn!(
                "other accounts of this machine may read server.admin_token_file; to keep them out, run: {command}"
            );
        }
        Ok(token.reveal().map(str::to_owned))
    }

    /// [`request_wait_ms`](Self::request_wait_ms) as a duration.
    pub fn request_wait(&self) -> Duration {
        Duration::from_millis(self.request_wait_ms.into())
    }

    /// [`request_timeout_seconds`](Self::request_timeout_seconds) as a duration.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds.into())
    }

    /// [`balancer_wait_seconds`](Self::balancer_wait_seconds) as a duration.
    pub fn balancer_wait(&self) -> Duration {
        Duration::from_secs(self.balancer_wait_seconds.into())
    }

    /// [`first_request_seconds`](Self::first_request_seconds) as a duration.
    pub fn first_request(&self) -> Duration {
        Duration::from_secs(self.first_request_seconds.into())
    }

    /// [`idle_connection_seconds`](Self::idle_connection_seconds) as a duration.
    pub fn idle_connection(&self) -> Duration {
        Duration::from_secs(self.idle_connection_seconds.into())
    }

    /// [`body_timeout_seconds`](Self::body_timeout_seconds) as a duration.
    pub fn body_timeout(&self) -> Duration {
        Duration::from_secs(self.body_timeout_seconds.into())
    }

    /// [`answer_stall_seconds`](Self::answer_stall_seconds) as a duration.
    pub fn answer_stall(&self) -> Duration {
        Duration::from_secs(self.answer_stall_seconds.into())
    }

    /// [`drain_seconds`](Self::drain_seconds) as a duration.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds.into())
    }

    /// [`stream_check_seconds`](Self::stream_check_seconds) as a duration.
    pub fn stream_check(&self) -> Duration {
        Duration::from_secs(self.stream_check_seconds.into())
    }

    /// Largest request body in bytes.
    pub fn request_body_bytes_max(&self) -> usize {
        kib(self.request_body_kib)
    }

    /// Memory for bodies in bytes.
    pub fn bodies_bytes_max(&self) -> usize {
        mib(self.bodies_mib)
    }

    /// Memory for answers that wait to be written, in bytes.
    pub fn answer_bytes_max(&self) -> usize {
        mib(self.answers_mib)
    }

    /// Memory for the answers of one connection that wait to be written, in bytes.
    pub fn answer_bytes_per_connection_max(&self) -> usize {
        mib(self.answers_per_connection_mib)
    }

    /// Whether people connect over TLS, so that cookies must be marked `Secure`.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}
