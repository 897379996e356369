//! The durable truth: one contract and its engines.
