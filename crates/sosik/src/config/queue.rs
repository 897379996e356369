//! Where delivery orders wait.

use super::allowed::{Allowed, Schemes};
use super::setting::settings;

/// What nodes share in NATS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// First token of all subjects and streams of this installation.
    pub prefix: String,
    /// Copies of each stream.
    pub replicas: usize,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            prefix: "sosik".to_owned(),
            replicas: 1,
        }
    }
}

settings! {
    /// Signals new deliveries to workers. The orders themselves are in the store. Losing the queue delays stories by
    /// seconds and loses none.
    "queue" {
        /// Carries delivery orders, live events and messages between nodes. `memory:` is the memory of this process.
        /// Nodes that share a store share a NATS with JetStream too: `nats://host:4222`.
        url => urls.queue, unit: "URL", allowed: Schemes(&["memory", "nats", "tls"]);

        /// The first part of the names of all subjects and streams. Two installations on one NATS need different ones:
        /// otherwise each takes orders of the other, which are then delivered late.
        prefix => queue.prefix, unit: "text", allowed: Token { bytes_max: 32 };

        /// Copies of each stream in a cluster of NATS servers. With 3, one of three servers may be lost. A stream that
        /// exists gets the number at the next start of a node.
        replicas => queue.replicas, unit: "copies", allowed: 1..=5;
    }
}

/// A part of the name of a subject.
struct Token {
    /// The longest one.
    bytes_max: usize,
}

impl Allowed<String> for Token {
    fn describe(&self) -> String {
        format!("1 to {} letters, digits, _ and -", self.bytes_max)
    }

    fn admits(&self, value: &String) -> bool {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        (1..=self.bytes_max).contains(&value.len()) && value.bytes().all(fits)
    }
}
