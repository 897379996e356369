//! Listeners, admission and streams.

use std::{fs, net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context, ensure};
use sosik_store_sqlite::private;

use super::allowed::{Allowed, Any, AtMost, Origin, Origins, ShortText};
use super::secret::{Secret, TokenText};
use super::setting::settings;
use super::units::{Kib, MIB_MAX, Mib, Milliseconds, Seconds};

/// An address to listen on. With port 0 the system chooses the port, which tests use.
const LISTEN: Any = Any("an IP address and a port; port 0 takes a free one");

/// 16 random characters cannot be guessed over a network; 512 fit into a header with the others.
const ADMIN_TOKEN: TokenText = TokenText { bytes: 16..=512 };

/// The listeners, the access to the administration, and the orderly stop.
#[derive(Debug, Clone)]
pub struct Server {
    /// Address of the public API.
    pub listen: SocketAddr,
    /// Address of health checks and metrics.
    pub admin_listen: SocketAddr,
    /// Where balancers reach the public listener; port 0 stands for its own address.
    pub node_address: SocketAddr,
    /// What operators send to the administration listener.
    pub admin_token: Secret,
    /// A file with the token instead; empty for none.
    pub admin_token_file: String,
    /// How long this node serves after /readyz reports that it is leaving.
    pub balancer_wait: Duration,
    /// How long requests in flight may take after that.
    pub drain: Duration,
}

impl Default for Server {
    fn default() -> Self {
        let here = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            listen: here(8420),
            admin_listen: here(8421),
            node_address: SocketAddr::from(([0, 0, 0, 0], 0)),
            admin_token: Secret::default(),
            admin_token_file: String::new(),
            balancer_wait: Duration::ZERO,
            drain: Duration::from_secs(10),
        }
    }
}

settings! {
    /// The two listeners, their admission limits, and the time limits of requests.
    "server" {
        /// Address of the public API.
        listen => server.listen, unit: "address", allowed: LISTEN;

        /// Address of health checks and metrics. It is separate from the public listener, so that both answer during
        /// overload. At most 64 connections are open at once. Keep it on a private address.
        admin_listen => server.admin_listen, unit: "address", allowed: LISTEN;

        /// Operators send this to the administration listener as `Authorization: Bearer`. If it is empty, no token is
        /// required. /livez and /readyz never require one.
        admin_token => server.admin_token, unit: "token", allowed: ADMIN_TOKEN;

        /// A file that contains the administration token, so that the token is in neither the environment nor the
        /// configuration. Set this or `admin_token`, not both. It is read at the start.
        admin_token_file => server.admin_token_file, unit: "path", allowed: ShortText { bytes_max: 4_096 };

        /// The origin under which people reach this service. Its scheme decides whether cookies are marked Secure.
        /// Requests with cookies are accepted from this origin only.
        public_url => api.public_url, unit: "origin", allowed: Origin;

        /// Other origins whose pages may call the API with a bearer token.
        cors_origins => api.cors_origins, unit: "origins", allowed: Origins { at_most: 64 };

        /// Connections open at once on the public listener. Further ones wait in the accept queue of the system. Each
        /// needs an open file. If the process may open too few files, this is lowered at the start. A warning is logged
        /// if the key was set.
        connections_max => api.connections.open_max, unit: "connections", allowed: 64..=1_000_000;

        /// Connections open at once from one address (IP version 6: from one /64 network). Further ones are closed
        /// immediately. Addresses in trusted_proxies are exempt. Raise it to measure with many connections from one
        /// machine.
        connections_per_address_max => api.connections.per_network_max, unit: "connections", allowed: 1..=1_000_000;

        /// A connection without a complete request is closed after this.
        first_request_seconds => api.connections.first_request, unit: Seconds, allowed: 1..=300;

        /// A connection without a request in flight is closed after this. A live stream is a request in flight.
        idle_connection_seconds => api.connections.idle, unit: Seconds, allowed: 5..=3_600;

        /// Requests processed at the same time. Further ones wait. A value above what the machine can process only
        /// makes every request slower.
        requests_at_once_max => api.requests_at_once_max, unit: "requests", allowed: 1..=100_000;

        /// Requests that may wait to be processed. Further ones get 503 immediately.
        requests_waiting_max => api.requests_waiting_max, unit: "requests", allowed: 1..=100_000;

        /// How long a request may wait to be processed. After that it gets 503.
        request_wait_ms => api.request_wait, unit: Milliseconds, allowed: 1..=10_000;

        /// Largest request body, except uploads. The minimum fits the longest story if a client escapes every
        /// character.
        request_body_kib => api.request_body_bytes_max, unit: Kib, allowed: 64..=1_024;

        /// How long a body may take to arrive. After the first 5 seconds it must also arrive at 1 KiB a second on
        /// average.
        body_timeout_seconds => api.body_timeout, unit: Seconds, allowed: 6..=300;

        /// Memory for bodies that are being received or processed. Without room, requests with a body get 503.
        bodies_mib => api.bodies_bytes_max, unit: Mib, allowed: 1..=MIB_MAX;

        /// Memory for all answers that wait to be written. Without room, requests get 503. One network may use at most
        /// half, and one person an eighth.
        answers_mib => api.connections.answer_bytes_max, unit: Mib, allowed: 16..=MIB_MAX;

        /// Memory for the answers of one connection that wait to be written. Above it, further requests of the
        /// connection get 503. The largest page of the API takes about 3 MiB.
        answers_per_connection_mib => api.connections.answer_bytes_per_connection_max, unit: Mib, allowed: 4..=1_024;

        /// A client that reads an answer at less than 1 KiB a second for this long is disconnected. While more than
        /// half of answers_mib is in use, the limit is 16 KiB a second.
        answer_stall_seconds => api.connections.answer_stall, unit: Seconds, allowed: 2..=300;

        /// Longest time between the arrival of a request's body and its answer. Streams are exempt.
        request_timeout_seconds => api.request_timeout, unit: Seconds, allowed: 1..=300;

        /// How long this node continues to serve after /readyz reports that it is leaving, so that load balancers
        /// notice before connections are refused. Set it to a little more than the interval of their health checks; 0
        /// without a load balancer.
        balancer_wait_seconds => server.balancer_wait, unit: Seconds, allowed: 0..=300;

        /// How long requests in flight may take to complete after the process received a stop signal.
        drain_seconds => server.drain, unit: Seconds, allowed: 1..=300;

        /// Proxies whose `forwarded_header` is trusted: addresses or networks such as 10.0.0.0/8. The client is the
        /// rightmost address in the header that is not a trusted proxy. For all other connections the client is the
        /// address of the connection, so that no client can evade a limit with a header.
        trusted_proxies => api.connections.trusted_proxies,
            unit: "IP addresses or networks", allowed: AtMost { items: 256 };

        /// The header in which the trusted proxies name their client. Only this header is read, because a proxy
        /// forwards the other one unchanged from the client.
        forwarded_header => api.forwarded_header, unit: "word", allowed: Any("x-forwarded-for or forwarded");

        /// Live streams open on this node.
        streams_max => api.streams_max, unit: "streams", allowed: 1..=1_000_000;

        /// Live streams open for one person on this node. Above it a new stream is rejected and no existing stream is
        /// closed.
        streams_per_person_max => api.streams_per_person_max, unit: "streams", allowed: 1..=64;

        /// How often an open stream checks its session and sends a heart-beat. A stream ends within this time after its
        /// session ends.
        stream_check_seconds => api.stream_check, unit: Seconds, allowed: 1..=5;
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
            token.reveal().is_some() && ADMIN_TOKEN.admits(&token) && !token.is_of_the_sample(),
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
}
