//! Messages between nodes, wake-ups, the log of large authors and the delivery queue on NATS.
