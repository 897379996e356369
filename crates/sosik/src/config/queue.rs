//! Where delivery orders wait.

use super::allowed::Schemes;
use super::setting::settings;

settings! {
    /// Signals new deliveries to workers. The orders themselves are in the store. Losing the queue delays stories by
    /// seconds and loses none.
    "queue" {
        /// Carries delivery orders, live events and messages between nodes. `memory:` is the memory of this process.
        /// Nodes that share a store share a NATS with JetStream too: `nats://host:4222`.
        url => urls.queue, unit: "URL", allowed: Schemes(&["memory", "nats", "tls"]);
    }
}
