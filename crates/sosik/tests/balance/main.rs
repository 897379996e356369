//! `sosik balance` in front of nodes: real ones, and some that misbehave in any way.

#![expect(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "an unexpected result must fail the test; modules of a test offer things to each other"
)]

mod abandoned;
mod cluster;
#[path = "../common/mod.rs"]
mod common;
mod deployed;
mod fake;
mod faults;
mod nodes;
mod operating;
mod passing;
mod rolling;
mod shared_address;
mod smuggling;
mod smuggling_h2;
mod support;
mod wires;
