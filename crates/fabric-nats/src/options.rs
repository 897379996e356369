//! Options of the engines.

use std::fmt;
use std::time::Duration;

/// Options of the engines on NATS.
#[derive(Clone)]
pub struct NatsOptions {
    /// Addresses of the servers, separated by commas, such as `nats://user:password@host:4222`. `tls://` requires TLS.
    pub url: String,
    /// The name of this node, for the list of connections of the server.
    pub node: String,
    /// First token of all subjects and streams. Two installations on one NATS need different ones. Letters, digits, `_`
    /// and `-`.
    pub prefix: String,
    /// Time for all nodes to confirm a change.
    pub confirm_within: Duration,
    /// A node without messages for this long is no longer waited for. Several times `beat_every`.
    pub silent_after: Duration,
    /// Interval of the heartbeats of a node. A lost message is detected within this time.
    pub beat_every: Duration,
    /// Time for JetStream to accept an order. A post waits no longer than this for the queue.
    pub offer_within: Duration,
    /// Orders of this node that wait for a worker, with the reserved room.
    pub queued_max: usize,
    /// Time after which an order without acknowledgement is passed to another worker. The length of a claim: the store
    /// makes an order due after the same time.
    pub acknowledge_within: Duration,
    /// Entries of the log of large authors, in JetStream and in the memory of each node.
    pub log_entries: usize,
    /// Copies of each stream in a cluster of NATS servers: 1, 3 or 5.
    pub replicas: usize,
}

impl NatsOptions {
    /// Options with defaults for everything except the address and the name of the node.
    #[must_use]
    pub fn new(url: &str, node: &str) -> Self {
        Self {
            url: url.to_owned(),
            node: node.to_owned(),
            prefix: "sosik".to_owned(),
            confirm_within: Duration::from_secs(1),
            silent_after: Duration::from_secs(3),
            beat_every: Duration::from_millis(500),
            offer_within: Duration::from_millis(250),
            queued_max: 10_000,
            acknowledge_within: Duration::from_secs(60),
            log_entries: 262_144,
            replicas: 1,
        }
    }
}

/// Without the address, which may contain a password.
impl fmt::Debug for NatsOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NatsOptions")
            .field("node", &self.node)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_not_printed() {
        let options = NatsOptions::new("nats://sosik:secret@localhost", "one");
        assert!(!format!("{options:?}").contains("secret"));
    }
}
