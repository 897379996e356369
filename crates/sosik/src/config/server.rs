//! Listeners, admission and streams.

use std::{net::SocketAddr, time::Duration};

use sosik_api::ForwardedHeader;

use super::{
    allowed::{Any, AtMost, Origin, Origins},
    proxies::{Proxies, ProxyHeader},
    setting::settings,
    units::kib,
};

/// An address to listen on; port 0 lets the system choose, which is what tests do.
const LISTEN: Any = Any("an IP address and a port; port 0 takes a free one");

settings! {
    /// The two listeners, what they let in at once, and how long anything may take.
    pub struct Server in "server" {
        /// Where the public API is served.
        pub listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8420)), unit: "address", allowed: LISTEN;

        /// Where health and metrics are served, apart from the public so that they answer when it is drowning. Keep it
        /// on a private address.
        pub admin_listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8421)), unit: "address", allowed: LISTEN;

        /// The origin under which people reach this service. Its scheme decides whether cookies are marked Secure, and
        /// requests with cookies are taken from this origin only.
        pub public_url: String = "http://127.0.0.1:8420".to_owned(), unit: "origin", allowed: Origin;

        /// Other origins whose pages may call the API with a bearer token.
        pub cors_origins: Vec<String> = Vec::new(), unit: "origins", allowed: Origins { at_most: 64 };

        /// Requests worked on at the same time; further ones wait. More than the machine can work on only makes all
        /// of them slower.
        pub requests_at_once_max: usize = 1_024, unit: "requests", allowed: 1..=100_000;

        /// Requests that may wait for their turn; further ones are answered 503 at once.
        pub requests_waiting_max: usize = 512, unit: "requests", allowed: 1..=100_000;

        /// How long a request waits for its turn before it is answered 503.
        pub request_wait_ms: u32 = 500, unit: "milliseconds", allowed: 1..=10_000;

        /// Largest request body outside uploads. The least is what the longest story needs when a client escapes
        /// every character.
        pub request_body_kib: u32 = 64, unit: "KiB", allowed: 64..=1_024;

        /// How long a request may take in all before it is given up. Streams are exempt.
        pub request_timeout_seconds: u32 = 15, unit: "seconds", allowed: 1..=300;

        /// How long to go on serving after /readyz says that this node is leaving, so that balancers notice before
        /// connections are refused. A little more than their interval of asking; 0 without a balancer.
        pub balancer_wait_seconds: u32 = 0, unit: "seconds", allowed: 0..=300;

        /// How long running requests may take to end when the process is asked to stop.
        pub drain_seconds: u32 = 10, unit: "seconds", allowed: 1..=300;

        /// Proxies whose `forwarded_header` is believed: addresses or networks such as 10.0.0.0/8. The client is the
        /// rightmost address in the header that is none of them. For everybody else the address of the connection
        /// counts, so that nobody escapes a limit by writing a header.
        pub trusted_proxies: Vec<Proxies> = Vec::new(), unit: "IP addresses or networks", allowed: AtMost { items: 256 };

        /// The header in which the trusted proxies name their client. Only this one is read: a proxy passes the other
        /// one on as the client wrote it.
        pub forwarded_header: ProxyHeader = ProxyHeader(ForwardedHeader::XForwardedFor), unit: "word",
            allowed: Any("x-forwarded-for or forwarded");

        /// Live streams open on this node.
        pub streams_max: usize = 20_000, unit: "streams", allowed: 1..=1_000_000;

        /// Live streams open for one person on this node. The oldest is not closed for a new one: the new one is refused.
        pub streams_per_person_max: usize = 8, unit: "streams", allowed: 1..=64;

        /// How often an open stream makes sure that its session still stands, and sends a heart-beat. A stream ends
        /// within this time of its session.
        pub stream_check_seconds: u32 = 3, unit: "seconds", allowed: 1..=5;
    }
}

impl Server {
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

    /// Whether people come over TLS, so that cookies must be marked `Secure`.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}
