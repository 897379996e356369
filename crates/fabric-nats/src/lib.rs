//! Messages between nodes, wake-ups, the log of large authors and the delivery queue on NATS.
//!
//! Nothing in NATS is authoritative. Messages may be lost, repeated and reordered, the server may restart, and the whole
//! JetStream folder may vanish. Each engine detects a loss and recovers from the store:
//!
//! - [`NatsPeers`] sends notices to all nodes and collects their answers.
//! - [`NatsWakeUps`] wakes live streams on the nodes that hold the reader.
//! - [`NatsLog`] copies one JetStream stream into the tail of each node.
//! - [`NatsQueue`] passes orders to workers on all nodes through a JetStream work queue.
//!
//! Every engine has a connection of its own, so that a burst of one does not delay the others. See
//! `docs/decisions/0018-nats-carries-what-may-be-lost.md`.

mod bus;
mod error;
mod jetstream;
mod link;
mod log;
mod options;
mod peers;
mod queue;
mod wake_ups;
mod wire;

pub use log::NatsLog;
pub use options::NatsOptions;
pub use peers::NatsPeers;
pub use queue::{NatsQueue, QueueStats};
pub use wake_ups::NatsWakeUps;
