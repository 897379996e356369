//! What an operator may set. The executable reads these from the section `balance` of its configuration.

use std::net::SocketAddr;
use std::time::Duration;

use ipnet::IpNet;

/// All settings of a balancer.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address that clients connect to.
    pub listen: SocketAddr,
    /// Address for TLS. Used if there is a certificate; the other one then leads here.
    pub tls_listen: SocketAddr,
    /// File with the certificate chain, as PEM; empty for no TLS.
    pub tls_certificate_file: String,
    /// File with the key of the certificate, as PEM.
    pub tls_key_file: String,
    /// How long browsers use only TLS after an answer over TLS; 0 for no such header. In seconds.
    pub hsts_seconds: u32,
    /// Requests that are logged, in per cent.
    pub access_log_percent: u32,
    /// Address of metrics, health and status.
    pub admin_listen: SocketAddr,
    /// The nodes: `host:port`. A name stands for all its addresses.
    pub nodes: Vec<String>,
    /// A file with further nodes, one a line; empty for none.
    pub nodes_file: String,
    /// Administration listeners of nodes: `host:port`. Each lists all nodes of the cluster; the first one that answers is
    /// asked. Empty for no such list.
    pub cluster: Vec<String>,
    /// How nodes are chosen.
    pub policy: Policy,
    /// How often names are resolved and the file is read again.
    pub resolve: Duration,
    /// Active checks.
    pub checks: Checks,
    /// Passive ejection.
    pub ejection: Ejection,
    /// With fewer usable nodes than this share of those that respond, all of these are used. In per cent.
    pub panic_percent: u32,
    /// How long a node that comes up gets less than its share; zero for its full share at once.
    pub slow_start: Duration,
    /// How long a connection to a node may take to open.
    pub connect_timeout: Duration,
    /// Longest silence of a node while it answers. Event streams are exempt after their head.
    pub answer_timeout: Duration,
    /// Time for the body of an upload and its answer together.
    pub upload_timeout: Duration,
    /// A connection to a node without a request is closed after this.
    pub node_idle: Duration,
    /// Connections to nodes that are kept open without a request. Each thread keeps the same part of them.
    pub node_idle_max: usize,
    /// Repeated requests, in per cent of all.
    pub retry_percent: u32,
    /// Connections of clients.
    pub connections: Connections,
    /// Proxies in front of this one, whose `X-Forwarded-For` and `X-Request-Id` are kept.
    pub trusted_proxies: Vec<IpNet>,
    /// How long the balancer serves after its `/readyz` reports that it is leaving.
    pub leave: Duration,
    /// How long requests in flight may take after that.
    pub drain: Duration,
}

/// How a node is chosen among those that are usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// In turn, by weights.
    RoundRobin,
    /// The one with the fewest requests in flight for its weight; in turn among equals.
    LeastOutstanding,
}

/// Active checks of `/readyz`.
#[derive(Debug, Clone, Copy)]
pub struct Checks {
    /// Time between two checks of one node.
    pub interval: Duration,
    /// Random part of the interval, in per cent, so that several balancers do not check in step.
    pub jitter_percent: u32,
    /// How long an answer may take.
    pub timeout: Duration,
    /// Successes in a row until a node that was down is up.
    pub rise: u32,
    /// Failures in a row until a node that was up is down.
    pub fall: u32,
}

/// Ejection of nodes whose requests fail, whatever their checks say.
#[derive(Debug, Clone, Copy)]
pub struct Ejection {
    /// Failed requests in a row until a node is ejected.
    pub failures: u32,
    /// The first period. Each further one is twice as long.
    pub first: Duration,
    /// The longest period. A node without failure for this long after its return starts again with the first one.
    pub longest: Duration,
}

/// Limits of connections of clients.
#[derive(Debug, Clone, Copy)]
pub struct Connections {
    /// Connections open at once. Further ones wait in the accept queue of the system.
    pub open_max: usize,
    /// Connections open at once from one address (IP version 6: from one /64 network).
    pub per_address_max: u32,
    /// A connection without a complete request is closed after this.
    pub first_request: Duration,
    /// A connection without a request in flight is closed after this.
    pub idle: Duration,
    /// A client that does not read for this long is disconnected.
    pub stall: Duration,
    /// Requests in flight on one HTTP/2 connection.
    pub streams_max: u32,
}

impl Default for Settings {
    fn default() -> Self {
        let here = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            listen: here(8430),
            tls_listen: here(8432),
            tls_certificate_file: String::new(),
            tls_key_file: String::new(),
            hsts_seconds: 0,
            access_log_percent: 0,
            admin_listen: here(8431),
            nodes: Vec::new(),
            nodes_file: String::new(),
            cluster: Vec::new(),
            policy: Policy::RoundRobin,
            resolve: Duration::from_secs(5),
            checks: Checks::default(),
            ejection: Ejection::default(),
            panic_percent: 50,
            slow_start: Duration::ZERO,
            connect_timeout: Duration::from_secs(1),
            answer_timeout: Duration::from_secs(40),
            upload_timeout: Duration::from_secs(900),
            // Sosik closes idle connections after 60 seconds.
            node_idle: Duration::from_secs(50),
            node_idle_max: 1_024,
            retry_percent: 10,
            connections: Connections::default(),
            trusted_proxies: Vec::new(),
            leave: Duration::ZERO,
            drain: Duration::from_secs(30),
        }
    }
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(1),
            jitter_percent: 20,
            timeout: Duration::from_millis(800),
            rise: 2,
            fall: 2,
        }
    }
}

impl Default for Ejection {
    fn default() -> Self {
        Self {
            failures: 3,
            first: Duration::from_secs(5),
            longest: Duration::from_secs(60),
        }
    }
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            open_max: 10_000,
            per_address_max: 256,
            first_request: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            stall: Duration::from_secs(20),
            streams_max: 32,
        }
    }
}
