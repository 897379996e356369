//! The engines on real servers of Redis. Each test starts its own.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something unexpected happens"
)]

mod cluster;
mod common;
mod entries;
mod faults;
mod memory;
mod model;
mod outages;
mod sentinel;
mod suites;
mod tls;
mod tokens;
