//! The balancer: its listeners, its nodes, and when a node gets requests.

use sosik_balance::{NodeName, Policy};
use toml::Value;

use super::allowed::{Allowed, Any, AtMost, ShortText};
use super::layers::Raw;
use super::setting::{Setting, one_of, settings, word_of};
use super::units::{Milliseconds, Seconds};

/// Most names of nodes. Each is resolved every few seconds.
const NODES_MAX: usize = 256;

/// Nodes as `host:port`, perhaps with a weight.
struct NodeNames;

impl Allowed<Vec<String>> for NodeNames {
    fn describe(&self) -> String {
        format!("at most {NODES_MAX} of: host:port, optionally followed by weight=1 to 100")
    }

    fn admits(&self, value: &Vec<String>) -> bool {
        value.len() <= NODES_MAX && value.iter().all(|name| name.parse::<NodeName>().is_ok())
    }
}

/// Administration listeners as `host:port`.
struct AdminListeners;

impl Allowed<Vec<String>> for AdminListeners {
    fn describe(&self) -> String {
        format!("at most {NODES_MAX} of: host:port")
    }

    fn admits(&self, value: &Vec<String>) -> bool {
        let plain =
            |name: &String| !name.contains(char::is_whitespace) && name.parse::<NodeName>().is_ok();
        value.len() <= NODES_MAX && value.iter().all(plain)
    }
}

settings! {
    /// `sosik balance`: one address in front of several nodes. Only builds with the feature `balance` have it.
    "balance" {
        /// Address that clients connect to.
        listen => balance.listen, unit: "address", allowed: Any("an IP address and a port; port 0 takes a free one");

        /// Address for TLS, used if tls_certificate_file is set. `listen` then answers every request with a redirect to
        /// the port of this address.
        tls_listen => balance.tls_listen,
            unit: "address", allowed: Any("an IP address and a port; port 0 takes a free one");

        /// The certificate chain as PEM; empty for no TLS. It is read again when the file changes, and open connections
        /// stay open. Clients need TLS 1.3.
        tls_certificate_file => balance.tls_certificate_file,
            unit: "path", allowed: ShortText { bytes_max: 4_096 };

        /// The key of the certificate as PEM.
        tls_key_file => balance.tls_key_file, unit: "path", allowed: ShortText { bytes_max: 4_096 };

        /// How long browsers use only TLS for this host after an answer over TLS (Strict-Transport-Security). 0 leaves
        /// it to the nodes, which send the header if `server.public_url` begins with https.
        hsts_seconds => balance.hsts_seconds, unit: "seconds", allowed: 0..=63_072_000;

        /// The share of requests that are logged, without queries and addresses of clients.
        access_log_percent => balance.access_log_percent, unit: "per cent", allowed: 0..=100;

        /// Address of the metrics, health and status of the balancer. Keep it on a private address.
        admin_listen => balance.admin_listen,
            unit: "address", allowed: Any("an IP address and a port; port 0 takes a free one");

        /// The public listeners of the nodes. A host name stands for all its addresses. A node with weight=3 gets three
        /// times the requests of a node without a weight.
        nodes => balance.nodes, unit: "nodes", allowed: NodeNames;

        /// A file with further nodes, one a line. Lines that are empty or begin with # are skipped. If the file cannot
        /// be read or has a wrong line, the nodes that are known stay.
        nodes_file => balance.nodes_file, unit: "path", allowed: ShortText { bytes_max: 4_096 };

        /// Administration listeners of some nodes, as host:port. The first one that answers lists all nodes of the cluster
        /// (/admin/nodes), so that nodes come and go without a change here. `server.admin_token` or
        /// `server.admin_token_file` is sent to them. Nodes that are no longer listed get requests as long as they are
        /// ready.
        cluster => balance.cluster, unit: "nodes", allowed: AdminListeners;

        /// How nodes are chosen: in turn, or the one with the fewest requests in flight. Both follow the weights.
        policy => balance.policy, unit: "word", allowed: Any("round-robin or least-outstanding");

        /// How often host names are resolved, nodes_file is read and the cluster is asked again. Nodes that are gone get no
        /// new requests, and new ones get requests after a check.
        resolve_seconds => balance.resolve, unit: Seconds, allowed: 1..=3_600;

        /// Time between two checks of /readyz of one node.
        check_interval_ms => balance.checks.interval, unit: Milliseconds, allowed: 100..=60_000;

        /// Random part of this time, so that several balancers do not check at the same moment.
        check_jitter_percent => balance.checks.jitter_percent, unit: "per cent", allowed: 0..=50;

        /// A check without an answer in this time has failed. Its connection must open within three quarters of it.
        check_timeout_ms => balance.checks.timeout, unit: Milliseconds, allowed: 50..=30_000;

        /// Successful checks in a row until a node that was down gets requests.
        check_rise => balance.checks.rise, unit: "checks", allowed: 1..=100;

        /// Failed checks in a row until a node that was up gets no more requests.
        check_fall => balance.checks.fall, unit: "checks", allowed: 1..=100;

        /// Failed requests in a row until a node is ejected: it gets no requests for a period, then one at a time until
        /// one succeeds. Requests fail if no connection opens, the answer breaks off, is not HTTP or does not come, or
        /// its status is 500, 502 or 504. If connections failed, a check that connects ends the period.
        eject_failures => balance.ejection.failures, unit: "requests", allowed: 1..=1_000;

        /// The first period of an ejection. Each further one is twice as long.
        eject_first_seconds => balance.ejection.first, unit: Seconds, allowed: 1..=600;

        /// The longest period of an ejection. A node without failure for this long starts again with the first period.
        eject_longest_seconds => balance.ejection.longest, unit: Seconds, allowed: 1..=3_600;

        /// If fewer nodes than this share are up, the judgement is probably wrong, and all are used, except those
        /// that refuse connections or report that they are not ready. 0 turns this off.
        panic_percent => balance.panic_percent, unit: "per cent", allowed: 0..=100;

        /// How long a node that comes up gets less than its share, from a tenth on. 0 gives it its share at once.
        slow_start_seconds => balance.slow_start, unit: Seconds, allowed: 0..=600;

        /// How long a connection to a node may take to open.
        connect_timeout_ms => balance.connect_timeout, unit: Milliseconds, allowed: 10..=30_000;

        /// Longest silence of a node in an answer. Event streams (`Accept: text/event-stream`) may be silent for any
        /// time after their head. Set it above `server.request_timeout_seconds` of the nodes.
        answer_timeout_seconds => balance.answer_timeout, unit: Seconds, allowed: 1..=600;

        /// Time for the body of an upload (more than 64 KiB, or of no announced length) and its answer together. Set it above
        /// `media.upload_seconds` of the nodes.
        upload_timeout_seconds => balance.upload_timeout, unit: Seconds, allowed: 1..=3_600;

        /// A connection to a node without a request is closed after this. Set it below
        /// `server.idle_connection_seconds` of the nodes.
        node_idle_seconds => balance.node_idle, unit: Seconds, allowed: 1..=3_600;

        /// Connections to nodes that are kept open without a request.
        node_idle_connections_max => balance.node_idle_max, unit: "connections", allowed: 1..=100_000;

        /// Repeated requests as a share of all. 50 may be repeated at once. A request is repeated on another node if no
        /// connection opened; also if its connection ended before the first byte of the answer, and it is idempotent or
        /// has an `Idempotency-Key`. A request that met an old connection may go to the same node again.
        retry_percent => balance.retry_percent, unit: "per cent", allowed: 0..=100;

        /// Connections of clients open at once. Further ones wait in the accept queue of the system. Each needs an open
        /// file, and one more while a node processes its request. No more requests than this are in flight, also on
        /// HTTP/2: further ones get 503.
        connections_max => balance.connections.open_max, unit: "connections", allowed: 64..=1_000_000;

        /// Connections open at once from one address (IP version 6: from one /64 network). Further ones are closed
        /// immediately. Addresses in trusted_proxies are exempt.
        connections_per_address_max => balance.connections.per_address_max,
            unit: "connections", allowed: 1..=1_000_000;

        /// A connection without a complete request is closed after this.
        first_request_seconds => balance.connections.first_request, unit: Seconds, allowed: 1..=300;

        /// A connection is closed if its next request is not complete after this. A live stream is a request in flight.
        idle_connection_seconds => balance.connections.idle, unit: Seconds, allowed: 1..=3_600;

        /// A client that reads nothing of its answer for this long is disconnected. On HTTP/2 a request whose answer has
        /// begun ends if it is not complete after this.
        stall_seconds => balance.connections.stall, unit: Seconds, allowed: 1..=300;

        /// Requests in flight on one HTTP/2 connection.
        streams_per_connection_max => balance.connections.streams_max, unit: "requests", allowed: 1..=1_000;

        /// Proxies in front of this balancer: addresses or networks. Their X-Forwarded-For and X-Request-Id are kept.
        /// Those of all other clients are replaced. Name these proxies in `server.trusted_proxies` of the nodes too.
        trusted_proxies => balance.trusted_proxies,
            unit: "IP addresses or networks", allowed: AtMost { items: 256 };

        /// How long the balancer continues to serve after its /readyz reports that it is leaving.
        leave_seconds => balance.leave, unit: Seconds, allowed: 0..=300;

        /// How long requests in flight may take to complete after that. Live streams end with it.
        drain_seconds => balance.drain, unit: Seconds, allowed: 1..=3_600;
    }
}

const WORDS: [(&str, Policy); 2] = [
    ("round-robin", Policy::RoundRobin),
    ("least-outstanding", Policy::LeastOutstanding),
];

impl Setting for Policy {
    fn from_raw(raw: &Raw) -> Result<Self, String> {
        one_of(raw, &WORDS)
    }

    fn shown(&self) -> Value {
        word_of(self, &WORDS)
    }
}
